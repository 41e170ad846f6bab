"""The doctor: each judgement on facts handed in, then the whole on real folders."""

import gzip
import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import doctor
from bot.doctor import examine, exit_code, report
from bot.errors import TagwireError
from bot.messages import catalogue
from bot.model import Feed, Finding, Target, TargetKind
from bot.settings import Settings
from bot.store import DATABASE, Store
from bot.store.checkup import Contents, Facts, Library, look
from tests.conftest import NOW, Newsroom, make_entry

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"
FEED = Feed(1, 0, "https://example.org/feed", "Example Wire")
CONTENTS = Contents(1, 1)
FACTS = Facts(Path("data"), True, 10 * 2**30)


def keys(findings: Sequence[Finding]) -> set[str]:
    return {f.key.removeprefix("doctor.") for f in findings}


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_sqlite_with_the_wal_reset_defect_is_told_apart(
    version: tuple[int, int, int], affected: bool
) -> None:
    [finding] = doctor.check_sqlite(Library(version, True))
    assert finding.state == ("warning" if affected else "ok")


def test_sqlite_that_lacks_something_is_an_error() -> None:
    assert keys(doctor.check_sqlite(Library((3, 36, 0), True))) == {"sqlite_old"}
    assert keys(doctor.check_sqlite(Library((3, 51, 3), False))) == {"sqlite_no_fts5"}


def test_old_python_is_an_error() -> None:
    assert doctor.check_python((3, 10, 9)).state == "error"
    assert doctor.check_python((3, 11, 0)).state == "ok"


def test_clock_is_judged_by_what_the_database_has_seen() -> None:
    assert doctor.check_clock(NOW.replace(year=2026), None).state == "ok"
    assert doctor.check_clock(NOW.replace(year=1970), None).state == "error"
    now = NOW.replace(year=2026)
    assert doctor.check_clock(now, now + timedelta(days=1)).state == "warning"
    assert doctor.check_clock(now, now + timedelta(seconds=1)).state == "ok"


@pytest.mark.parametrize(
    ("free", "size", "state"),
    [(10, 1, "error"), (300, 1, "warning"), (900, 2000, "warning"), (900, 800, "ok")],
)
def test_disk_is_judged_by_room_to_grow_and_for_a_backup(free: int, size: int, state: str) -> None:
    facts = replace(FACTS, free_bytes=free * 2**20, database_bytes=size * 2**20)
    assert doctor.check_disk(facts).state == state


def test_feeds_that_failed_for_a_day_are_named_with_reason_and_remedy() -> None:
    now = NOW
    feeds = [
        FEED,
        replace(FEED, id=2, title="Late", failing_since_at=now - timedelta(hours=2), error="x.y"),
        replace(
            FEED,
            id=3,
            title="Gone",
            failing_since_at=now - timedelta(days=3),
            error="ingest.fetch_absent",
            error_params={"host": "example.org"},
        ),
        replace(FEED, id=4, title="Stopped", stopped="ingest.fetch_gone"),
        replace(
            FEED, id=5, title="Odd", failing_since_at=now - timedelta(days=2), error="of.other"
        ),
    ]
    findings = doctor.check_feeds(feeds, now, bot_runs=False)
    assert [f.check for f in findings] == ["feeds", "feed Gone", "feed Odd", "feed Stopped"]
    text = report(findings, catalogue())
    assert "5 feeds polled, 2 healthy" in text
    assert "nothing at this address of example.org" in text
    assert "tagwire feeds remove 3" in text
    assert "of.other" in text


def test_many_failing_feeds_are_counted_not_listed() -> None:
    bad = replace(FEED, failing_since_at=NOW - timedelta(days=2), error="ingest.fetch_dns")
    bad = replace(bad, error_params={"host": "h"})
    findings = doctor.check_feeds([replace(bad, id=n) for n in range(30)], NOW, bot_runs=False)
    assert len(findings) == 12
    assert "20 more" in report(findings, catalogue())


def test_polling_that_stands_still_is_seen_only_while_a_bot_runs() -> None:
    due = [replace(FEED, next_check_at=NOW - timedelta(hours=3))]
    assert "feeds_stand_still" in keys(doctor.check_feeds(due, NOW, bot_runs=True))
    assert "feeds_stand_still" not in keys(doctor.check_feeds(due, NOW, bot_runs=False))


def test_posts_and_channels_in_trouble_are_warnings() -> None:
    target = Target(1, TargetKind.TEXT, 70, 7, paused_reason="delivery.access_lost")
    contents = replace(CONTENTS, dead=2, unknown=1, targets=(target,), subscriptions=1)
    found = keys(doctor.check_outbox(contents))
    assert {"posts_dead", "posts_unknown", "channels_paused"} <= found
    assert keys(doctor.check_outbox(CONTENTS)) == {"subscriptions_ok"}


@pytest.mark.parametrize(
    ("token", "state"),
    [
        (TOKEN, "ok"),
        (f"Bot {TOKEN}", "error"),
        (f'"{TOKEN}"', "error"),
        ("0123456789abcdef0123456789abcdef", "warning"),
        ("notbase64!.GabcdE.abcdefghijklmnop", "warning"),
        ("YWJjZGVmZ2hpamtsbW5v.GabcdE.abcdefghijklmnop", "warning"),
        (None, "skipped"),
    ],
)
def test_token_is_judged_by_its_shape_and_never_shown(token: str | None, state: str) -> None:
    finding = doctor.check_token(Settings(token=token))
    assert finding.state == state
    assert token is None or token not in report([finding], catalogue())


def test_token_of_a_playground_is_not_judged() -> None:
    settings = Settings(token="anything", discord_api="http://127.0.0.1:1/api")
    assert doctor.check_token(settings).state == "skipped"


def test_every_judgement_has_its_sentence_and_its_remedy() -> None:
    source = Path(doctor.__file__).read_text("utf-8")
    wrong = re.findall(r'_(?:warning|error)\(\s*"\w+", "(\w+)"', source)
    right = re.findall(r'\bok\("(\w+)"', source)
    assert len(wrong) > 10
    asked = {f"doctor.{name}{end}" for name in wrong for end in ("", "_remedy")}
    asked |= {f"doctor.{name}_ok" for name in right}
    assert asked <= catalogue().sentences.keys()


def test_findings_that_are_wrong_carry_a_remedy() -> None:
    findings = [
        *doctor.check_sqlite(Library((3, 40, 1), True)),
        *doctor.check_database(replace(FACTS, fault="damaged")),
        *doctor.check_database(replace(FACTS, fault="foreign")),
        *doctor.check_database(replace(FACTS, fault="unreadable")),
        *doctor.check_database(replace(FACTS, contents=Contents(2, 1))),
        *doctor.check_database(replace(FACTS, contents=Contents(0, 1))),
        *doctor.check_database(replace(FACTS, contents=Contents(1, 1, damage=("page 3",)))),
        *doctor.check_database(replace(FACTS, contents=Contents(1, 1, orphans=2))),
        doctor.check_folder(replace(FACTS, writable=False)),
        doctor.check_disk(replace(FACTS, free_bytes=0)),
        doctor.unreadable_settings(
            TagwireError("settings.wrong", name="N", value="v", accepted="a")
        ),
    ]
    for finding in findings:
        [shown] = doctor.as_json([finding], catalogue())
        assert (shown["remedy"] is not None) == (finding.state in ("warning", "error")), finding


def test_only_errors_make_the_exit_code() -> None:
    warning = Finding("a", "warning", "doctor.python_ok", {"version": "3"}, "doctor.python_ok")
    assert exit_code([warning, replace(warning, state="skipped")]) == 0
    assert exit_code([warning, replace(warning, state="error")]) == 1


async def test_fresh_folder_is_healthy_and_stays_empty(tmp_path: Path) -> None:
    findings = await examine(Settings(data=tmp_path / "data"), NOW.replace(year=2026))
    assert exit_code(findings) == 0
    assert {"database_none", "bot_absent", "token_absent", "discord_skipped"} <= keys(findings)
    assert names_in(tmp_path) == []


async def test_store_in_use_is_healthy_and_undisturbed(newsroom: Newsroom) -> None:
    await newsroom.publish(make_entry())
    newsroom.store.lock_instance()
    findings = await examine(Settings(data=newsroom.store.folder), NOW.replace(year=2026))
    assert exit_code(findings) == 0
    assert {"database_ok", "bot_runs", "integrity_ok", "schema_ok"} <= keys(findings)
    assert "1 article" in report(findings, catalogue())
    await newsroom.publish(make_entry("Another"))


async def test_report_as_json_is_the_same_findings(newsroom: Newsroom) -> None:
    findings = await examine(Settings(data=newsroom.store.folder), NOW)
    shown = json.loads(json.dumps(doctor.as_json(findings, catalogue())))
    assert [(s["check"], s["state"]) for s in shown] == [(f.check, f.state) for f in findings]
    assert all(set(s) == {"check", "state", "what", "key", "remedy"} for s in shown)


async def test_discord_is_asked_with_the_subscribed_channels(store: Store) -> None:
    asked: list[int] = []

    async def discord(settings: Settings, targets: Sequence[Target]) -> tuple[Finding, ...]:
        asked.extend(target.channel_id for target in targets)
        return (Finding("gateway", "ok", "doctor.integrity_ok"),)

    with closing(sqlite3.connect(store.folder / DATABASE)) as connection:
        connection.executescript(
            """
            INSERT INTO targets (id, kind, guild_id, channel_id)
                VALUES (1, 'text', 7, 70), (2, 'text', 7, 71);
            INSERT INTO subscriptions
                (target_id, owner, owner_id, query, created_by, created_at)
                VALUES (1, 'guild', 7, 'tag:UN', 9, 0);
            """
        )
    settings = Settings(data=store.folder, token=TOKEN)
    assert "gateway" in {f.check for f in await examine(settings, NOW, discord)}
    assert asked == [70]
    wrapped = replace(settings, token=f"Bot {TOKEN}")
    assert "discord_skipped" in keys(await examine(wrapped, NOW, discord))
    assert asked == [70]


def closed_store(folder: Path) -> Path:
    """Return the database of a folder after making it by the migrations alone."""
    from bot.store.migrate import migrate

    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as connection:
        migrate(connection)
    return folder / DATABASE


async def told(folder: Path) -> tuple[Finding, ...]:
    return await examine(Settings(data=folder), NOW.replace(year=2026))


async def test_damaged_database_is_an_error(tmp_path: Path) -> None:
    database = closed_store(tmp_path / "data")
    with database.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 6)
    findings = await told(database.parent)
    assert exit_code(findings) == 1
    assert keys(findings) & {"integrity_damaged", "database_damaged"}


async def test_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    database = closed_store(tmp_path / "data")
    database.write_bytes(b"hello" * 2000)
    findings = await told(database.parent)
    assert keys(findings) & {"database_damaged", "database_foreign"}
    assert exit_code(findings) == 1


async def test_newer_and_foreign_databases_are_errors_and_untouched(tmp_path: Path) -> None:
    for number, (pragma, key) in enumerate(
        [("user_version = 999", "schema_newer"), ("application_id = 5", "database_foreign")]
    ):
        database = closed_store(tmp_path / f"data{number}")
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(f"PRAGMA {pragma}")
        before = database.read_bytes()
        findings = await told(database.parent)
        assert key in keys(findings)
        assert exit_code(findings) == 1
        assert database.read_bytes() == before


async def test_a_database_of_an_older_version_is_not_said_to_be_empty(tmp_path: Path) -> None:
    released = Path(__file__).parent / "schemas" / "v0.1.db.gz"
    (tmp_path / "tagwire.db").write_bytes(gzip.decompress(released.read_bytes()))
    findings = await told(tmp_path)
    assert {"schema_older", "database_uncounted"} <= keys(findings)
    assert not keys(findings) & {"database_ok", "feeds_ok", "subscriptions_ok"}
    assert exit_code(findings) == 0


async def test_row_without_its_feed_is_an_error(tmp_path: Path) -> None:
    database = closed_store(tmp_path / "data")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO article_keys (scope_id, key, article_id) VALUES (0, 'k', 5)"
        )
    assert "integrity_orphans" in keys(await told(database.parent))


def test_folder_whose_parent_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not look(tmp_path / "file" / "data").writable
