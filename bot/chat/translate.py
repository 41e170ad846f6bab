"""Gives Discord the descriptions of commands and options in every language of the catalogues."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.messages import DEFAULT_LANGUAGE, catalogue, languages


class CatalogueTranslator(app_commands.Translator):
    """Words what `worded()` marked with a message key. Names stay as they are, in English."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the sentence of the key in a locale's language, None where English serves."""
        key = string.extras.get("key")
        language = locale.value.split("-")[0]
        if key is None or language == DEFAULT_LANGUAGE or language not in languages():
            return None
        said = catalogue(language).say(key)
        return said if said != string.message else None
