"""The languages a person's client may be in, and commands as such a client shows them."""

from typing import Any

Json = dict[str, Any]

# Discord's own names of the languages that a person can choose in the page.
LOCALES = {"en-GB": "English", "es-ES": "Español", "fr": "Français", "ja": "日本語"}
# Where a command says nothing for a locale, Discord looks at this one, then at the default.
FALLBACKS = {"es-419": "es-ES", "en-US": "en-GB", "en-GB": "en-US"}


def localized(form: Json, locale: str) -> Json:
    """Return a command, option or choice with its texts in a locale.

    The name of a command and an option stays: it is what is sent.
    """
    made = dict(form)
    keys = ("name",) if "value" in form else ("description",)
    for key in keys:
        texts = form.get(f"{key}_localizations") or {}
        made[key] = texts.get(locale) or texts.get(FALLBACKS.get(locale, "")) or form.get(key)
    for key in ("options", "choices"):
        if form.get(key):
            made[key] = [localized(one, locale) for one in form[key]]
    return made
