"""The nouns of Tagwire as frozen dataclasses, and the ports that app hands around.

Imports nothing of ours: every floor may use these words, and no floor adds meaning to them.
Said as `from bot.model import Article`: how the nouns are spread over files is no one's concern.
"""

from bot.model.article import Article, Copy, JsonObject, Name, Tag, article_json
from bot.model.entry import (
    Block,
    BlockType,
    Entry,
    Keyed,
    Kind,
    Offer,
    Problem,
    Reading,
    Ready,
    Term,
    Texts,
)
from bot.model.feed import Feed, FeedDesk, FeedPreview, Intake, Validators
from bot.model.outbox import DeadLetter, Fate, OutboxStatus, Outcome, Parcel, Poster, Sequel
from bot.model.page import Cursor, Hit, Note, Page, View
from bot.model.report import AuditEntry, Counts, Finding
from bot.model.scope import PUBLIC_SCOPE, PUBLIC_SCOPE_ID, Scope
from bot.model.subscription import Subscription, Target, TargetKind

__all__ = [
    "PUBLIC_SCOPE",
    "PUBLIC_SCOPE_ID",
    "Article",
    "AuditEntry",
    "Block",
    "BlockType",
    "Copy",
    "Counts",
    "Cursor",
    "DeadLetter",
    "Entry",
    "Fate",
    "Feed",
    "FeedDesk",
    "FeedPreview",
    "Finding",
    "Hit",
    "Intake",
    "JsonObject",
    "Keyed",
    "Kind",
    "Name",
    "Note",
    "Offer",
    "OutboxStatus",
    "Outcome",
    "Page",
    "Parcel",
    "Poster",
    "Problem",
    "Reading",
    "Ready",
    "Scope",
    "Sequel",
    "Subscription",
    "Tag",
    "Target",
    "TargetKind",
    "Term",
    "Texts",
    "Validators",
    "View",
    "article_json",
]
