"""Everything that is drawn for Discord, under one name: messages within every limit it sets."""

from bot.chat.card import card, plain, shared
from bot.chat.dialogs import (
    Choice,
    choices,
    failure,
    listing,
    miss,
    notice,
    query_failure,
    query_text,
    question,
)
from bot.chat.page import Results, note_text, results
from bot.chat.reader import reader

__all__ = (
    "Choice",
    "Results",
    "card",
    "choices",
    "failure",
    "listing",
    "miss",
    "note_text",
    "notice",
    "plain",
    "query_failure",
    "query_text",
    "question",
    "reader",
    "results",
    "shared",
)
