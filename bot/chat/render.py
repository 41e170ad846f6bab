"""Everything that is drawn for Discord, under one name: messages within every limit it sets."""

from bot.chat.card import card, plain, shared
from bot.chat.changes import changes
from bot.chat.dialogs import (
    Choice,
    Menu,
    choices,
    error_parts,
    failure,
    listing,
    menus,
    miss,
    notice,
    query_failure,
    query_text,
    question,
)
from bot.chat.page import Results, note_text, results
from bot.chat.reader import Beside, reader
from bot.chat.saved import saved_controls
from bot.chat.sheets import page_of

__all__ = (
    "Beside",
    "Choice",
    "Menu",
    "Results",
    "card",
    "changes",
    "choices",
    "error_parts",
    "failure",
    "listing",
    "menus",
    "miss",
    "note_text",
    "notice",
    "page_of",
    "plain",
    "query_failure",
    "query_text",
    "question",
    "reader",
    "results",
    "saved_controls",
    "shared",
)
