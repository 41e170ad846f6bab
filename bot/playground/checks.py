"""Watches whether what should follow a trouble does, and turns each check good or bad by it."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bot.playground.feed import item_of
from bot.playground.hub import Event, Hub, Request

Json = dict[str, Any]
LOOK_EVERY_S = 0.1
KEPT_CHECKS = 12
# How long nothing more must come for "once" to be believed.
QUIET_S = 6.0
POSTING = ("messages", "threads")


class NotSeen(Exception):
    """What should have followed did not; the text says what was seen instead."""


class NothingToSee(Exception):
    """Nothing could follow, as when no channel is subscribed; the text says what to do."""


@dataclass(slots=True)
class Check:
    """One trouble: what should happen, and what became of it (waiting, good, bad, idle)."""

    id: int
    kind: str
    says: str
    state: str = "waiting"
    found: str = ""


class Watch:
    """What happened since a moment: requests of the bot, messages made and changed, the gateway."""

    def __init__(self, hub: Hub, quiet_s: float = QUIET_S) -> None:
        self._hub = hub
        self.quiet_s = quiet_s
        self._first = len(hub.requests)
        self.made: list[Json] = []
        self.changed: list[Json] = []
        self.online: list[bool] = []
        hub.listeners.append(self._on_event)

    def close(self) -> None:
        """Listen no more."""
        self._hub.listeners.remove(self._on_event)

    def _on_event(self, event: Event) -> None:
        bot_id = self._hub.world.bot_id
        if event.name == "MESSAGE_CREATE" and event.data["author"]["id"] == bot_id:
            self.made.append(event.data)
        elif event.name == "MESSAGE_UPDATE":
            self.changed.append(event.data)
        elif event.name == "BOT":
            self.online.append(event.data["online"])

    def posts(self, channel_id: str | None = None) -> Iterator[Request]:
        """Yield the bot's tries to post: into one channel, or into any."""
        for request in self._hub.requests[self._first :]:
            parts = request.path.split("/")
            posting = request.method == "POST" and parts[1] == "channels" and len(parts) == 4
            if posting and parts[3] in POSTING and channel_id in (None, parts[2]):
                yield request

    def tries(self, item: str) -> list[Request]:
        """Return the tries to post an item."""
        return [request for request in self.posts() if item_of(request.body) == item]

    def messages(self, item: str) -> Counter[str]:
        """Count the messages about an item, by channel."""
        return Counter(one["channel_id"] for one in self.made if item_of(one) == item)

    async def until(self, condition: Callable[[], Any], within_s: float) -> bool:
        """Wait for a condition; returns whether it came true in time."""
        try:
            async with asyncio.timeout(within_s):
                while not condition():  # noqa: ASYNC110 (any state may be meant)
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            return False
        return True


Watching = Callable[[Watch], Coroutine[Any, Any, str]]


class Checks:
    """The checks of one playground, newest last."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self.kept: list[Check] = []

    def begin(self, kind: str, says: str, watching: Watching, watch: Watch) -> Check:
        """Start to watch; `watching` returns what was seen, or raises NotSeen or NothingToSee."""
        check = Check(next(self._numbers), kind, says)
        self.kept = [*self.kept, check][-KEPT_CHECKS:]
        self._tell(check)
        task = asyncio.create_task(self._follow(check, watching, watch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return check

    def all(self) -> list[Json]:
        """Return every kept check as the page draws it."""
        return [asdict(check) for check in self.kept]

    async def close(self) -> None:
        """End what still watches."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, check: Check, watching: Watching, watch: Watch) -> None:
        try:
            check.found = await watching(watch)
            check.state = "good"
        except NotSeen as what:
            check.state, check.found = "bad", str(what)
        except NothingToSee as what:
            check.state, check.found = "idle", str(what)
        finally:
            watch.close()
        self._tell(check)

    def _tell(self, check: Check) -> None:
        self._hub.emit("CHECK", {"check": asdict(check)})
