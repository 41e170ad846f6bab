"""Checks the forms of application commands and of autocomplete's choices."""

import re
from typing import Any

from bot.playground import limits
from bot.playground.refusals import Problems, Refused

Json = dict[str, Any]
Path = tuple[str | int, ...]

SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10
NAME = re.compile(r"[-_'\w\u0900-\u097F\u0E00-\u0E7F]{1,32}")


def check_commands(forms: list[Json]) -> None:
    """Raise what Discord would answer to a bulk overwrite with these commands."""
    problems = Problems()
    seen: set[tuple[int, str]] = set()
    counts = {1: 0, 2: 0, 3: 0}
    for index, form in enumerate(forms):
        kind = form.get("type") or 1
        counts[kind] = counts.get(kind, 0) + 1
        _check_command(form, kind, (index,), problems)
        if (kind, str(form.get("name"))) in seen:
            text = "Application command names must be unique"
            problems.add((), "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        seen.add((kind, str(form.get("name"))))
    problems.check()
    for kind, count in counts.items():
        most = limits.CHAT_COMMANDS if kind == 1 else limits.CONTEXT_COMMANDS
        if count > most:
            text = f"Maximum number of application commands reached ({most})."
            raise Refused(400, 30032, text)


def _check_command(form: Json, kind: int, at: Path, problems: Problems) -> None:
    if kind != 1:
        problems.length((*at, "name"), form.get("name"), 1, limits.COMMAND_NAME)
        for key in ("description", "options"):
            if form.get(key):
                text = "Context menu commands cannot have this field"
                problems.add((*at, key), f"APPLICATION_COMMAND_{key.upper()}_NOT_ALLOWED", text)
        return
    _check_name(form, at, problems)
    problems.length((*at, "description"), form.get("description"), 1, limits.COMMAND_DESCRIPTION)
    _check_options(form.get("options") or [], (*at, "options"), 0, problems)
    if _size(form) > limits.COMMAND_TOTAL:
        text = f"Command exceeds maximum size ({limits.COMMAND_TOTAL})"
        problems.add(at, "APPLICATION_COMMAND_TOO_LARGE", text)


def _check_name(form: Json, at: Path, problems: Problems) -> None:
    names: dict[Path, Any] = {("name",): form.get("name")}
    for locale, name in (form.get("name_localizations") or {}).items():
        names["name_localizations", locale] = name
    for path, name in names.items():
        if not isinstance(name, str) or not NAME.fullmatch(name) or name != name.lower():
            text = "Command name is invalid"
            problems.add((*at, *path), "APPLICATION_COMMAND_INVALID_NAME", text)


def _check_options(options: list[Json], at: Path, depth: int, problems: Problems) -> None:
    problems.length(at, options, 0, limits.COMMAND_OPTIONS)
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        here = (*at, index)
        _check_name(option, here, problems)
        text = option.get("description")
        problems.length((*here, "description"), text, 1, limits.COMMAND_DESCRIPTION)
        if option.get("name") in names:
            text = "Option names must be unique"
            problems.add(here, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", text)
        names.add(str(option.get("name")))
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            problems.add(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen = optional_seen or not option.get("required")
        _check_option(option, here, depth, problems)
    _check_mixture(options, at, problems)


def _check_mixture(options: list[Json], at: Path, problems: Problems) -> None:
    nested = {option.get("type") in (SUBCOMMAND, GROUP) for option in options}
    if len(nested) > 1:
        text = "Sub-command and sub-command group option types are mutually exclusive to others"
        problems.add(at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)


def _check_option(option: Json, at: Path, depth: int, problems: Problems) -> None:
    kind = option.get("type")
    if kind in (SUBCOMMAND, GROUP):
        if depth > 1 or (kind == GROUP and depth > 0):
            problems.add((*at, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Too deep")
        _check_options(option.get("options") or [], (*at, "options"), depth + 1, problems)
        return
    if kind not in range(3, 12):
        problems.add((*at, "type"), "BASE_TYPE_CHOICES", "Value must be one of (1, …, 11).")
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        text = "Choices cannot be set when autocomplete is on"
        problems.add(
            (*at, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", text
        )
    _check_choices(choices, (*at, "choices"), kind == STRING, problems)
    for key in ("min_length", "max_length"):
        if not 0 <= (option.get(key) or 0) <= limits.STRING_OPTION:
            text = f"int value should be less than or equal to {limits.STRING_OPTION}."
            problems.add((*at, key), "NUMBER_TYPE_MAX", text)


def _check_choices(choices: list[Json], at: Path, are_texts: bool, problems: Problems) -> None:
    problems.length(at, choices, 0, limits.CHOICES)
    for index, choice in enumerate(choices):
        here = (*at, index)
        problems.length((*here, "name"), choice.get("name"), 1, limits.CHOICE_TEXT)
        value = choice.get("value")
        if are_texts or isinstance(value, str):
            problems.length((*here, "value"), value, 1, limits.CHOICE_TEXT)
        elif not isinstance(value, int | float):
            problems.add((*here, "value"), "BASE_TYPE_REQUIRED", "This field is required")


def check_autocomplete(form: Json, kind: int) -> None:
    """Raise what Discord would answer to these choices for an option of that type."""
    problems = Problems()
    _check_choices(form.get("choices") or [], ("data", "choices"), kind == STRING, problems)
    problems.check()


def _size(form: Json) -> int:
    total = 0
    for key in ("name", "description"):
        texts = [form.get(key) or "", *(form.get(f"{key}_localizations") or {}).values()]
        total += max(len(text) for text in texts)
    total += sum(_size(option) for option in form.get("options") or [])
    for choice in form.get("choices") or []:
        total += len(str(choice.get("name"))) + len(str(choice.get("value")))
    return total
