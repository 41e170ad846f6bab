"""Checks components, of messages and of modals, of the old layout and of Components V2."""

from collections.abc import Iterator
from typing import Any

from bot.playground import limits
from bot.playground.refusals import Problems
from bot.playground.validate.addresses import check_url

Json = dict[str, Any]
Path = tuple[str | int, ...]

ROW, BUTTON, STRING_SELECT, INPUT, SECTION, TEXT, THUMBNAIL = 1, 2, 3, 4, 9, 10, 11
GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, UPLOAD = 12, 13, 14, 17, 18, 19
RADIO, CHECKBOXES, CHECKBOX = 21, 22, 23
SELECTS = (3, 5, 6, 7, 8)
TOP_V1 = (ROW,)
TOP_V2 = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
IN_LABEL = (INPUT, *SELECTS, UPLOAD, RADIO, CHECKBOXES, CHECKBOX)
IN_MODAL = (ROW, LABEL, TEXT)


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield every component, nested ones and accessories included, outer ones first."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                yield from walk([component[key]])


def v2_text(components: list[Json]) -> list[str]:
    """Return the texts of all text displays."""
    return [str(c.get("content") or "") for c in walk(components) if c.get("type") == TEXT]


def v2_bytes(components: list[Json]) -> int:
    """Return the size that Discord's byte ceiling counts."""
    texts = v2_text(components)
    return sum(len(t.encode()) + limits.V2_BYTES_EACH_TEXT for t in texts)


def check_components(components: Any, problems: Problems, *, is_v2: bool) -> None:
    """Note what is wrong with a message's components."""
    if not isinstance(components, list):
        problems.add(("components",), "BASE_TYPE_BAD_TYPE", "Only lists may be used here.")
        return
    for index, component in enumerate(components):
        _check(component, ("components", index), TOP_V2 if is_v2 else TOP_V1, problems)
    if problems.tree:
        return
    if is_v2:
        _check_v2_sums(components, problems)
    else:
        problems.length(("components",), components, 0, limits.ROWS)
    _check_unique(components, problems)


def _check_v2_sums(components: list[Json], problems: Problems) -> None:
    if sum(1 for _ in walk(components)) > limits.COMPONENTS_V2:
        text = f"The total number of components must be {limits.COMPONENTS_V2} or fewer."
        problems.add(("components",), "MAX_COMPONENTS_EXCEEDED", text)
    if sum(len(text) for text in v2_text(components)) > limits.V2_TEXT:
        text = f"The total displayable text size exceeds the maximum size of {limits.V2_TEXT}"
        problems.add(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)


def _check_unique(components: list[Json], problems: Problems) -> None:
    seen: set[str] = set()
    numbers: set[int] = set()
    for component in walk(components):
        custom_id, number = component.get("custom_id"), component.get("id")
        if custom_id is not None and custom_id in seen:
            text = "Component custom id cannot be duplicated"
            problems.add(("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", text)
        if number and number in numbers:
            text = "Component id cannot be duplicated"
            problems.add(("components",), "COMPONENT_ID_DUPLICATED", text)
        seen.add(str(custom_id))
        numbers.add(number or 0)


def _check(component: Any, at: Path, allowed: tuple[int, ...], problems: Problems) -> None:
    kind = component.get("type") if isinstance(component, dict) else None
    if kind not in allowed:
        text = f'Value of field "type" must be one of {allowed}.'
        problems.add((*at, "type"), "UNION_TYPE_CHOICES", text)
        return
    check = {
        ROW: _check_row,
        BUTTON: _check_button,
        SECTION: _check_section,
        TEXT: _check_text,
        THUMBNAIL: _check_thumbnail,
        GALLERY: _check_gallery,
        FILE: _check_file,
        SEPARATOR: _check_separator,
        CONTAINER: _check_container,
        LABEL: _check_label,
        INPUT: _check_input,
        UPLOAD: _check_upload,
        RADIO: _check_choices,
        CHECKBOXES: _check_choices,
        CHECKBOX: _check_custom_id,
    }.get(kind, _check_select)
    check(component, at, problems)


def _check_custom_id(component: Json, at: Path, problems: Problems) -> None:
    problems.length((*at, "custom_id"), component.get("custom_id"), 1, limits.CUSTOM_ID)


def _check_row(row: Json, at: Path, problems: Problems) -> None:
    inner = row.get("components")
    inner = problems.items((*at, "components"), inner, 1, limits.ROW_BUTTONS)
    if not inner:
        return
    kinds = [child.get("type") for child in inner]
    if len(inner) > 1 and any(kind != BUTTON for kind in kinds):
        text = "The specified component exceeds the maximum width"
        problems.add((*at, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", text)
    for index, child in enumerate(inner):
        _check(child, (*at, "components", index), (BUTTON, *SELECTS), problems)


def _check_button(button: Json, at: Path, problems: Problems) -> None:
    style = button.get("style")
    if style not in (1, 2, 3, 4, 5, 6):
        problems.add(
            (*at, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6)."
        )
    problems.length((*at, "label"), button.get("label"), 0, limits.BUTTON_LABEL)
    if style == 5:
        _check_link(button, at, problems)
    elif style != 6:
        _check_custom_id(button, at, problems)
        if button.get("url") is not None:
            text = "A button cannot have both a custom id and a url"
            problems.add(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", text)
    if style != 6 and not (button.get("label") or button.get("emoji")):
        text = "A button must have a label or an emoji"
        problems.add(at, "BUTTON_COMPONENT_MUST_HAVE_LABEL_OR_EMOJI", text)


def _check_link(button: Json, at: Path, problems: Problems) -> None:
    if button.get("custom_id") is not None:
        text = "A custom id and url cannot both be specified"
        problems.add(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", text)
    url = button.get("url")
    if problems.length((*at, "url"), url, 1, limits.BUTTON_URL) and not str(url).startswith(
        "discord://"
    ):
        check_url(url, (*at, "url"), problems)


def _check_select(select: Json, at: Path, problems: Problems) -> None:
    _check_custom_id(select, at, problems)
    problems.length((*at, "placeholder"), select.get("placeholder"), 0, limits.PLACEHOLDER)
    low, high = select.get("min_values", 1), select.get("max_values", 1)
    if low is None or not 0 <= low <= limits.SELECT_OPTIONS:
        text = "int value should be between 0 and 25."
        problems.add((*at, "min_values"), "NUMBER_TYPE_MAX", text)
    elif high is None or not max(low, 1) <= high <= limits.SELECT_OPTIONS:
        text = "int value should be between min_values and 25."
        problems.add((*at, "max_values"), "NUMBER_TYPE_MAX", text)
    if select.get("type") == STRING_SELECT:
        _check_options(select, at, high or 1, problems)


def _check_options(select: Json, at: Path, high: int, problems: Problems) -> None:
    options = select.get("options")
    options = problems.items((*at, "options"), options, 1, limits.SELECT_OPTIONS)
    if not options:
        return
    _check_option_texts(options, at, problems)
    if high > len(options) and select.get("max_values") is not None:
        text = f"int value should be less than or equal to {len(options)}."
        problems.add((*at, "max_values"), "NUMBER_TYPE_MAX", text)
    if sum(bool(option.get("default")) for option in options) > high:
        text = "The number of default values exceeds max_values"
        problems.add((*at, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", text)


def _check_option_texts(options: list[Json], at: Path, problems: Problems) -> None:
    values: set[str] = set()
    for index, option in enumerate(options):
        here = (*at, "options", index)
        problems.length((*here, "label"), option.get("label"), 1, limits.OPTION_TEXT)
        problems.length((*here, "value"), option.get("value"), 1, limits.OPTION_TEXT)
        problems.length((*here, "description"), option.get("description"), 0, limits.OPTION_TEXT)
        if option.get("value") in values:
            text = "The specified option value is already used"
            problems.add((*here, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
        values.add(str(option.get("value")))


def _check_section(section: Json, at: Path, problems: Problems) -> None:
    texts = section.get("components")
    texts = problems.items((*at, "components"), texts, 1, limits.SECTION_TEXTS)
    if texts:
        for index, child in enumerate(texts):
            _check(child, (*at, "components", index), (TEXT,), problems)
    if section.get("accessory") is None:
        problems.add((*at, "accessory"), "BASE_TYPE_REQUIRED", "This field is required")
    else:
        _check(section["accessory"], (*at, "accessory"), (BUTTON, THUMBNAIL), problems)


def _check_text(display: Json, at: Path, problems: Problems) -> None:
    problems.length((*at, "content"), display.get("content"), 1, limits.V2_TEXT)


def _check_media(media: Any, at: Path, problems: Problems) -> None:
    url = media.get("url") if isinstance(media, dict) else None
    if not url:
        problems.add((*at, "url"), "BASE_TYPE_REQUIRED", "This field is required")
    check_url(url or None, (*at, "url"), problems, attachment=True)


def _check_thumbnail(thumbnail: Json, at: Path, problems: Problems) -> None:
    _check_media(thumbnail.get("media"), (*at, "media"), problems)
    problems.length((*at, "description"), thumbnail.get("description"), 0, limits.ALT_TEXT)


def _check_gallery(gallery: Json, at: Path, problems: Problems) -> None:
    items = gallery.get("items")
    items = problems.items((*at, "items"), items, 1, limits.GALLERY_ITEMS)
    if not items:
        return
    for index, item in enumerate(items):
        _check_thumbnail(item, (*at, "items", index), problems)


def _check_file(file: Json, at: Path, problems: Problems) -> None:
    url = (file.get("file") or {}).get("url") or ""
    if not str(url).startswith("attachment://"):
        text = "Only attachment:// references are supported."
        problems.add((*at, "file", "url"), "URL_TYPE_INVALID_SCHEME", text)


def _check_separator(separator: Json, at: Path, problems: Problems) -> None:
    if separator.get("spacing", 1) not in (1, 2):
        problems.add((*at, "spacing"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")


def _check_container(container: Json, at: Path, problems: Problems) -> None:
    inner = container.get("components")
    inner = problems.items((*at, "components"), inner, 1, limits.COMPONENTS_V2)
    if inner:
        for index, child in enumerate(inner):
            _check(child, (*at, "components", index), IN_CONTAINER, problems)
    color = container.get("accent_color")
    if color is not None and not 0 <= color <= 0xFFFFFF:
        text = "int value should be between 0 and 16777215."
        problems.add((*at, "accent_color"), "NUMBER_TYPE_MAX", text)


def check_modal(form: Json) -> None:
    """Raise what Discord would answer to a modal's form."""
    problems = Problems()
    at: Path = ("data",)
    problems.length((*at, "title"), form.get("title"), 1, limits.MODAL_TITLE)
    problems.length((*at, "custom_id"), form.get("custom_id"), 1, limits.CUSTOM_ID)
    rows = form.get("components")
    rows = problems.items((*at, "components"), rows, 1, limits.MODAL_ROWS)
    if rows:
        for index, row in enumerate(rows):
            here = (*at, "components", index)
            if row.get("type") == ROW:
                _check_input_row(row, here, problems)
            else:
                _check(row, here, IN_MODAL, problems)
        _check_unique(rows, problems)
    problems.check()


def _check_input_row(row: Json, at: Path, problems: Problems) -> None:
    inner = row.get("components")
    inner = problems.items((*at, "components"), inner, 1, 1)
    if inner:
        _check(inner[0], (*at, "components", 0), (INPUT,), problems)
        label = inner[0].get("label")
        problems.length((*at, "components", 0, "label"), label, 1, limits.LABEL_TEXT)


def _check_label(label: Json, at: Path, problems: Problems) -> None:
    problems.length((*at, "label"), label.get("label"), 1, limits.LABEL_TEXT)
    problems.length((*at, "description"), label.get("description"), 0, limits.LABEL_DESCRIPTION)
    _check(label.get("component"), (*at, "component"), IN_LABEL, problems)


def _check_input(field: Json, at: Path, problems: Problems) -> None:
    _check_custom_id(field, at, problems)
    problems.length((*at, "value"), field.get("value"), 0, limits.INPUT_VALUE)
    problems.length((*at, "placeholder"), field.get("placeholder"), 0, limits.INPUT_PLACEHOLDER)
    if field.get("style") not in (1, 2):
        problems.add((*at, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
    low, high = field.get("min_length") or 0, field.get("max_length") or limits.INPUT_VALUE
    if not 0 <= low <= high <= limits.INPUT_VALUE:
        text = f"int value should be between 0 and {limits.INPUT_VALUE}."
        problems.add((*at, "max_length"), "NUMBER_TYPE_MAX", text)


def _check_upload(field: Json, at: Path, problems: Problems) -> None:
    _check_custom_id(field, at, problems)
    low, high = file_bounds(field)
    if not 0 <= low <= high <= limits.UPLOAD_FILES:
        text = f"int value should be between 0 and {limits.UPLOAD_FILES}."
        problems.add((*at, "max_values"), "NUMBER_TYPE_MAX", text)


def file_bounds(field: Json) -> tuple[int, int]:
    """Return how many files a form's input takes: one where nothing, or null, is said."""
    low, high = field.get("min_values"), field.get("max_values")
    return 1 if low is None else low, 1 if high is None else high


def _check_choices(field: Json, at: Path, problems: Problems) -> None:
    _check_custom_id(field, at, problems)
    bounds = limits.RADIO_OPTIONS if field["type"] == RADIO else limits.CHECKBOX_OPTIONS
    options = field.get("options")
    options = problems.items((*at, "options"), options, *bounds)
    if options:
        _check_option_texts(options, at, problems)
