from dataclasses import fields
from pathlib import Path

import pytest

from bot.errors import TagwireError
from bot.messages import catalogue
from bot.settings import SETTINGS, Settings, read, shown


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
        monkeypatch.delenv(f"{setting.name}_FILE", raising=False)
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
    assert (token.value, token.origin) == ("***", "file")


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
        ("TAGWIRE_METRICS_PORT", "70000"),
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
