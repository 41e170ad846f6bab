"""Errors that cross borders: a message key with parameters, worded only where a person reads it."""

from __future__ import annotations

from collections.abc import Mapping


class TagwireError(Exception):
    """Something a person can act on.

    `key` names the sentence in bot/messages, `params` fill it. `exit_code` is what the command
    line ends with.
    """

    exit_code = 1

    def __init__(self, key: str, **params: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.params: Mapping[str, str | int] = params

    def __str__(self) -> str:
        """Show the key and parameters, for logs; people get the sentence instead."""
        return f"{self.key} {dict(self.params)}" if self.params else self.key


class QueryError(TagwireError):
    """A saved query that cannot be read: where (0-based characters) and how to mend it.

    `mend` is the whole query as it probably was meant, or None where no mend is known.
    """

    def __init__(
        self, key: str, *, start: int, end: int, mend: str | None = None, **params: str | int
    ) -> None:
        super().__init__(key, **params)
        self.start = start
        self.end = end
        self.mend = mend


class UnreadableError(TagwireError):
    """A document that is none of the accepted forms; nothing of it was stored."""

    exit_code = 2


class FetchError(TagwireError):
    """An address that could not be fetched. `status` is the HTTP status, or None.

    `retry_after_s` is the wait the server asked for; `gone` is true for 410; `reason` is the code
    an API gave for its refusal.
    """

    def __init__(
        self,
        key: str,
        *,
        status: int | None = None,
        retry_after_s: int | None = None,
        gone: bool = False,
        reason: str | None = None,
        **params: str | int,
    ) -> None:
        super().__init__(key, **params)
        self.status = status
        self.retry_after_s = retry_after_s
        self.gone = gone
        self.reason = reason


class NotFoundError(TagwireError):
    """The named thing does not exist in the reader's scope."""


class StoreError(TagwireError):
    """The store cannot be opened or used: locked, newer, damaged, full."""
