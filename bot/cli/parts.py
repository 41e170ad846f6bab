"""What verbs share: errors as sentences, settings, and opening and closing what they work with."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from bot.errors import TagwireError
from bot.messages import Catalogue, catalogue

if TYPE_CHECKING:
    from bot.ingest.desk import Desk
    from bot.ingest.fetch import Fetcher
    from bot.ingest.poll import Poller
    from bot.ingest.worker import Workers
    from bot.settings import Settings
    from bot.store import Store

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Verbs(click.Group):
    """A group whose errors end as one sentence and an exit code, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb and word what it raises."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except TagwireError as error:
            raise _Sentence(say(error.key, **error.params), error.exit_code) from None
        except Exception as error:
            # The border: what nobody foresaw is told in a line; TAGWIRE_LOG_LEVEL=debug shows more.
            _log.debug("cli.failed", exc_info=error)
            raise _Sentence(say("cli.unexpected", what=_what(error)), 1) from None


class _Sentence(click.ClickException):
    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click means it as a default

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence alone."""
        click.echo(self.message, err=True)


as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON for programs.")


def say(key: str, /, **params: str | int) -> str:
    """Return a sentence in the operator's language."""
    return speech().say(key, **params)


@lru_cache(maxsize=1)
def speech() -> Catalogue:
    """Return the sentences of the operator's language."""
    from bot.settings import language

    return catalogue(language())


def settings() -> Settings:
    """Read the settings and let only what is grave be logged, unless a level was asked for."""
    from bot import log
    from bot.settings import read

    chosen = read()
    log.set_up(chosen.log_level if "log_level" in chosen.given else "error", chosen.log_format)
    return chosen


def finish(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a verb's work to its end."""
    import asyncio

    return asyncio.run(work)


@asynccontextmanager
async def reading_store() -> AsyncIterator[Store]:
    """Open the store that is there. Raises StoreError where there is none."""
    from bot.store import Store

    async with Store.open(settings().data, read_only=True) as store:
        yield store


@asynccontextmanager
async def writing_store() -> AsyncIterator[Store]:
    """Open the store, making it where there is none."""
    from bot.store import Store

    async with Store.open(settings().data) as store:
        yield store


@asynccontextmanager
async def opened_fetcher(chosen: Settings) -> AsyncIterator[Fetcher]:
    """Open a session to fetch through, under the operator's rules."""
    from bot.ingest.addresses import Guard
    from bot.ingest.fetch import Fetcher, open_session
    from bot.ingest.turns import Turns

    guard = Guard(chosen.allow_private_feeds, chosen.feed_ports)
    with Turns.open(chosen.data, chosen.host_gap_s) as turns:
        async with open_session(guard) as session:
            yield Fetcher(session, guard, contact=chosen.contact, turns=turns)


@dataclass(frozen=True, slots=True)
class WaysIn:
    """What brings articles in: the store, and what fetches, reads and polls into it."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    poller: Poller


@asynccontextmanager
async def opened_ways_in() -> AsyncIterator[WaysIn]:
    """Open everything that polling a feed needs."""
    from bot.ingest.poll import Poller, Rhythm
    from bot.ingest.worker import Workers
    from bot.metrics import Metrics
    from bot.store import Store

    chosen = settings()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(chosen.data))
        fetcher = await stack.enter_async_context(opened_fetcher(chosen))
        workers = await stack.enter_async_context(Workers(1))
        rhythm = Rhythm(chosen.fixed_poll_interval_s, chosen.host_gap_s)
        poller = Poller(store, fetcher, workers, metrics=Metrics(), rhythm=rhythm)
        yield WaysIn(store, fetcher, workers, poller)


@asynccontextmanager
async def opened_desk() -> AsyncIterator[Desk]:
    """Open everything that adding a feed needs."""
    from bot.ingest.desk import Desk

    async with opened_ways_in() as ways:
        yield Desk(ways.store, ways.fetcher, ways.workers, ways.poller)


def _what(error: Exception) -> str:
    from bot.log import redact

    return redact(f"{type(error).__name__}: {error}".replace("\n", " "))[:300]
