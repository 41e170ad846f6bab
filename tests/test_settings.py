import os
from dataclasses import fields
from pathlib import Path

import pytest

from bot.doctor import check_settings
from bot.errors import TagwireError
from bot.messages import catalogue, languages
from bot.settings import SETTINGS, Settings, language, read, shown, unknown_names


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TAGWIRE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TAGWIRE_HOME", str(tmp_path))
    return tmp_path


def test_without_any_setting_the_defaults_of_the_contract_hold(home: Path) -> None:
    settings = read()
    assert settings.token is None
    assert settings.data == home / "data"
    assert settings.poll_interval_s == 900
    assert settings.fixed_poll_interval_s is None
    assert settings.allow_private_feeds is False
    assert settings.given == frozenset()


def test_table_and_dataclass_name_the_same_fields_and_defaults() -> None:
    by_field = {s.field: s.default for s in SETTINGS}
    declared = {f.name: f.default for f in fields(Settings) if f.name != "given"}
    assert by_field.keys() == declared.keys()
    for name, default in declared.items():
        told: object = by_field[name]
        told = frozenset(told) if isinstance(told, tuple) else told
        assert told == (str(default) if isinstance(default, Path) else default), name


def test_every_setting_has_a_meaning_in_words() -> None:
    for setting in SETTINGS:
        assert catalogue().say(setting.meaning)


def test_environment_beats_the_env_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".env").write_text("TAGWIRE_POLL_INTERVAL=60\nTAGWIRE_HOST_GAP=2\n")
    monkeypatch.setenv("TAGWIRE_POLL_INTERVAL", "5")
    settings = read()
    assert (settings.poll_interval_s, settings.host_gap_s) == (5, 2)
    assert settings.fixed_poll_interval_s == 5
    assert {s.setting.name: s.origin for s in shown() if s.origin != "default"} == {
        "TAGWIRE_POLL_INTERVAL": "environment",
        "TAGWIRE_HOST_GAP": ".env",
    }


def test_settings_are_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not read().allow_private_feeds
    monkeypatch.setenv("TAGWIRE_ALLOW_PRIVATE_FEEDS", "1")
    assert read().allow_private_feeds


def test_token_is_read_from_a_file_and_never_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "token.txt").write_text("very-secret-token\n")
    monkeypatch.setenv("TAGWIRE_TOKEN_FILE", str(home / "token.txt"))
    settings = read()
    assert settings.token == "very-secret-token"
    assert "very-secret" not in repr(settings)
    [token] = [s for s in shown() if s.setting.field == "token"]
    assert (token.value, token.origin) == ("***", str(home / "token.txt"))


def test_a_missing_token_file_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGWIRE_TOKEN_FILE", str(home / "absent"))
    with pytest.raises(TagwireError) as caught:
        read()
    assert caught.value.key == "settings.file_unreadable"
    assert catalogue().say(caught.value.key, **caught.value.params)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TAGWIRE_POLL_INTERVAL", "soon"),
        ("TAGWIRE_POLL_INTERVAL", "-1"),
        ("TAGWIRE_POLL_INTERVAL", "nan"),
        ("TAGWIRE_ALLOW_PRIVATE_FEEDS", "perhaps"),
        ("TAGWIRE_DISCORD_API", "ftp://x"),
        ("TAGWIRE_FEED_PORTS", "80,http"),
        ("TAGWIRE_FEED_PORTS", "0"),
        ("TAGWIRE_LOG_FORMAT", "xml"),
        ("TAGWIRE_LANGUAGE", "klingon"),
        ("TAGWIRE_METRICS_PORT", "70000"),
        ("TAGWIRE_METRICS_PORT", "80.5"),
        ("TAGWIRE_BLOCKED_GUILDS", "12,mine"),
        ("TAGWIRE_DISCORD_API", "http://127.0.0.1:port"),
    ],
)
def test_a_wrong_value_names_setting_value_and_what_is_accepted(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TagwireError) as caught:
        read()
    sentence = catalogue().say(caught.value.key, **caught.value.params)
    assert name in sentence
    assert value in sentence
    assert "Accepted" in sentence


def test_every_language_with_a_catalogue_may_be_chosen_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [setting] = [s for s in SETTINGS if s.field == "language"]
    assert setting.choices == languages()
    monkeypatch.setenv("TAGWIRE_LANGUAGE", "es-ES")
    assert read().language == "es"


def test_the_language_is_told_from_a_file_and_whatever_else_is_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert language() == "en"
    (home / ".env").write_text("TAGWIRE_LANGUAGE=fr\nTAGWIRE_LOG_LEVEL=loud\n")
    assert language() == "fr"
    monkeypatch.setenv("TAGWIRE_CONFIG", str(home / "absent.toml"))
    monkeypatch.setenv("TAGWIRE_LANGUAGE", "ja")
    assert language() == "ja"


def test_a_name_that_is_no_setting_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGWIRE_KEEP_DAY", "3")
    monkeypatch.setenv("TAGWIRE_KEEP_DAYS", "3")
    monkeypatch.setenv("TAGWIRE_BENCH_ARTICLES", "3")
    (home / "token").write_text("x")
    (home / ".env").write_text(f"TAGWIRE_TOKENS_FILE=x\nTAGWIRE_TOKEN_FILE={home / 'token'}\n")
    assert unknown_names() == ("TAGWIRE_KEEP_DAY", "TAGWIRE_TOKENS_FILE")
    finding = check_settings(1, unknown_names())
    sentence = catalogue().say(finding.key, **finding.params)
    assert (finding.state, "TAGWIRE_KEEP_DAY, TAGWIRE_TOKENS_FILE" in sentence) == ("warning", True)


def test_an_empty_value_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGWIRE_POLL_INTERVAL", "")
    monkeypatch.setenv("TAGWIRE_TOKEN", "")
    settings = read()
    assert (settings.token, settings.fixed_poll_interval_s) == (None, None)


def test_a_loopback_api_with_a_port_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGWIRE_DISCORD_API", "http://127.0.0.1:8123/api/v10")
    assert read().discord_api == "http://127.0.0.1:8123/api/v10"


def test_log_level_is_read_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGWIRE_LOG_LEVEL", "DEBUG")
    assert read().log_level == "debug"


def test_a_toml_file_is_the_weakest_of_the_three_places(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "tagwire.toml").write_text(
        "poll_interval = 60\nhost_gap = 2\nallow_private_feeds = true\nfeed_ports = [80, 8080]\n"
        'blocked_guilds = "5, 6"\ncontact = "ops@example.org"\n'
    )
    (home / ".env").write_text("TAGWIRE_HOST_GAP=3\nTAGWIRE_CONTACT=\n")
    monkeypatch.setenv("TAGWIRE_POLL_INTERVAL", "5")
    settings = read()
    assert (settings.poll_interval_s, settings.host_gap_s) == (5, 3)
    assert settings.allow_private_feeds is True
    assert settings.feed_ports == {80, 8080}
    assert settings.blocked_guilds == {5, 6}
    assert settings.contact == "ops@example.org"
    origins = {s.setting.name: s.origin for s in shown()}
    assert origins["TAGWIRE_POLL_INTERVAL"] == "environment"
    assert origins["TAGWIRE_HOST_GAP"] == ".env"
    assert origins["TAGWIRE_FEED_PORTS"] == "tagwire.toml"
    assert origins["TAGWIRE_METRICS_HOST"] == "default"


def test_a_wrong_value_of_a_toml_file_names_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "elsewhere.toml"
    file.write_text('host_gap = "long"\n')
    monkeypatch.setenv("TAGWIRE_CONFIG", str(file))
    with pytest.raises(TagwireError) as caught:
        read()
    sentence = catalogue().say(caught.value.key, **caught.value.params)
    for told in ("TAGWIRE_HOST_GAP", "long", "0 … 3600", "elsewhere.toml"):
        assert told in sentence


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("pol_interval = 3\n", "settings.unknown"),
        ("poll_interval = \n", "settings.not_toml"),
        (None, "settings.file_unreadable"),
    ],
)
def test_a_toml_file_that_cannot_be_used_is_a_sentence(
    text: str | None, key: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGWIRE_CONFIG", str(home / "named.toml"))
    if text is not None:
        (home / "named.toml").write_text(text)
    with pytest.raises(TagwireError) as caught:
        read()
    assert caught.value.key == key
    assert "named.toml" in catalogue().say(key, **caught.value.params)


def test_a_toml_file_may_name_the_file_of_the_token(home: Path) -> None:
    (home / "token").write_text("very-secret\n")
    (home / "tagwire.toml").write_text(f'token_file = "{home / "token"}"\n')
    assert read().token == "very-secret"
    [token] = [s for s in shown() if s.setting.field == "token"]
    assert (token.value, token.origin) == ("***", str(home / "token"))
