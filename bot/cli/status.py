"""The verb that shows what is owed, and sends again or drops what failed."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from bot.cli.parts import as_json, finish, reading_store, say, writing_store
from bot.cli.words import feed_health, feed_json, print_json
from bot.model import DeadLetter, Feed, JsonObject, OutboxStatus, Target

# Of a page that was given up only the kind of reason is kept.
NO_DETAIL = {"detail": "…", "status": "…", "minutes": "…"}


@click.command()
@click.option("--resend", type=int, metavar="ID", help="Send a failed post, or its text, again.")
@click.option("--drop", type=int, metavar="ID", help="Forget a failed post, or its text.")
@as_json
def status(resend: int | None, drop: int | None, wants_json: bool) -> None:
    """Show what waits to be posted, what failed and why, what is unknown, and feeds that fail."""
    if resend is not None or drop is not None:
        finish(_settled(resend, drop))
        return

    async def work() -> tuple[OutboxStatus, tuple[Feed, ...]]:
        async with reading_store() as store:
            return await store.outbox.status(), await store.feeds.failing()

    found, feeds = finish(work())
    feeds = tuple(feed for feed in feeds if feed.stopped != "store.feed_removed")
    public = [feed for feed in feeds if not feed.scope_id]
    theirs = len(feeds) - len(public)
    if wants_json:
        shown = [feed_json(feed) for feed in public]
        print_json({**_json(found), "failing_feeds": shown, "failing_feeds_of_servers": theirs})
        return
    _tell_posts(found)
    if public:
        click.echo(say("cli.status_feeds", count=len(public)))
    for feed in public:
        click.echo(feed_health(feed))
    if theirs:
        click.echo(say("cli.status_feeds_of_servers", count=theirs))


def _tell_posts(found: OutboxStatus) -> None:
    waiting = found.owed + found.ready + found.sending
    click.echo(
        say(
            "cli.status_counts",
            waiting=waiting,
            sent=found.sent,
            failed=found.dead,
            unknown=found.unknown,
        )
    )
    if (until := found.shown_block(datetime.now(UTC))) is not None:
        click.echo(say("cli.status_blocked", until=until.isoformat(" ", "minutes")))
    if found.texts_failed:
        why = say(found.text_reason, **NO_DETAIL) if found.text_reason else ""
        click.echo(say("cli.status_texts", count=found.texts_failed, why=why))
    for target in found.paused:
        why = say(target.paused_reason or "store.paused")
        click.echo(say("cli.status_paused", channel=target.channel_id, why=why))
    for letter in found.failed:
        click.echo(
            say("cli.status_failed", id=letter.post_id, state=_state(letter), why=_why(letter))
        )


async def _settled(resend: int | None, drop: int | None) -> None:
    async with writing_store() as store:
        if resend is not None:
            await store.outbox.resend(resend, None, datetime.now(UTC))
            click.echo(say("cli.status_resent", id=resend))
        if drop is not None:
            await store.outbox.drop(drop, None)
            click.echo(say("cli.status_dropped", id=drop))


def _why(letter: DeadLetter) -> str:
    return say(letter.reason, **{**NO_DETAIL, **letter.params}) if letter.reason else ""


def _state(letter: DeadLetter) -> str:
    return letter.state.replace("_", " ")


def _json(found: OutboxStatus) -> JsonObject:
    return {
        "owed": found.owed,
        "ready": found.ready,
        "sending": found.sending,
        "sent": found.sent,
        "dead": found.dead,
        "unknown": found.unknown,
        "texts_waiting": found.texts_waiting,
        "texts_failed": found.texts_failed,
        "blocked_until": found.blocked_until.isoformat() if found.blocked_until else None,
        "oldest_at": found.oldest_at.isoformat() if found.oldest_at else None,
        "paused": [_target_json(target) for target in found.paused],
        "failed": [
            {
                **_target_json(letter.target),
                "post_id": letter.post_id,
                "state": letter.state,
                "reason": letter.reason,
                "code": letter.code,
                "titles": list(letter.titles),
            }
            for letter in found.failed
        ],
    }


def _target_json(target: Target) -> JsonObject:
    return {
        "channel_id": target.channel_id,
        "guild_id": target.guild_id,
        "kind": str(target.kind),
        "paused": target.paused_reason,
    }
