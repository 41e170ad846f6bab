"""Trouble at the push of a button: what the page's bench can break, and what should follow."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.playground import aftermath
from bot.playground.checks import QUIET_S, Checks, Watch, Watching
from bot.playground.faults import Drop, Status, TooMany
from bot.playground.feed import Feed
from bot.playground.gateway import Gateway
from bot.playground.hub import Hub
from bot.playground.owner import remove_channel, set_permission
from bot.playground.people import NotPossible
from bot.playground.tracing import Tracing
from bot.playground.world import Channel

FEED_DOWN_S = 30.0
LIMITED_S = 5.0
POSTS = "POST /channels/*/messages"


class BotProcess(Protocol):
    """The bot as something that can be killed, started and asked for one of its verbs."""

    def kill(self) -> None:
        """End it at once."""

    async def start(self) -> None:
        """Start it again."""

    async def run_once(self, *arguments: str) -> tuple[int, str]:
        """Run a verb to its end; returns its exit code and what it printed."""


@dataclass(slots=True)
class Bench:
    """Makes trouble, says what should happen, and has it watched."""

    hub: Hub
    gateway: Gateway
    feed: Feed
    tracing: Tracing
    bot: BotProcess | None = None
    feed_down_s: float = FEED_DOWN_S
    quiet_s: float = QUIET_S
    checks: Checks = field(init=False)
    _missed: list[str] = field(default_factory=list)
    _wired: bool = False

    def __post_init__(self) -> None:
        self.checks = Checks(self.hub)

    async def make(self, kind: str, channel_id: str | None = None) -> str:
        """Make one kind of trouble; raises NotPossible for one there is not."""
        watch = Watch(self.hub, self.quiet_s)
        try:
            says, watching = await self._make(kind, channel_id)
        except BaseException:
            watch.close()
            raise
        self.checks.begin(kind, says, watching, watch)
        return says

    async def _make(self, kind: str, channel_id: str | None) -> tuple[str, Watching]:
        match kind:
            case "feed_down":
                return self._feed_down()
            case "feed_changed":
                standing = aftermath.standing(self.hub)
                posted = (one.number for one in self.feed.published if standing[one.name])
                item = self.feed.correct(next(posted, None))
                self.tracing.again(item.number)
                says = f"“{item.title}”: every message about it is edited, a few seconds later."
                return says, aftermath.corrected(standing[item.name])
            case "wire_copy":
                return await self._wire_copy()
            case "rest_500" | "disconnect" | "rate_limit":
                return self._next_post(kind)
            case "permission_lost" | "permission_back" | "channel_delete":
                return self._channel_trouble(kind, self._channel(channel_id))
            case "gateway_cut":
                resumes = self.gateway.resumes
                await self.gateway.cut(4000)
                says = "The gateway is cut: the bot resumes its session; nothing is lost."
                return says, aftermath.resumed(self.gateway, resumes)
            case "bot_kill" | "bot_start":
                return await self._process(kind)
            case _:
                raise NotPossible(f"There is no trouble called {kind}.")

    def _feed_down(self) -> tuple[str, Watching]:
        self.feed.down = True
        self.hub.clock.call_later(self.feed_down_s, self._feed_up)
        item = self.feed.publish()
        says = (
            f"The feed answers 503 for {self.feed_down_s:.0f} seconds and gains an item meanwhile: "
            "the bot waits, then reads what it missed."
        )
        return says, aftermath.caught_up(self.feed, item)

    def _feed_up(self) -> None:
        self.feed.down = False

    async def _wire_copy(self) -> tuple[str, Watching]:
        bot = self._bot()
        if not self._wired:
            # A first reading announces nothing, so the feed holds an old story to begin with.
            self.feed.copy(self.feed.published[-1].number if self.feed.published else None)
            code, printed = await bot.run_once("feeds", "add", self.feed.wire_url)
            if code != 0:
                raise NotPossible(f"The second feed was not taken:\n{printed}")
            self._wired = True
        item = self.feed.publish()
        says = (
            "A second feed carries the story that was just published: each channel still gets "
            "one message about it."
        )
        return says, aftermath.told_once(self.feed, item)

    def _next_post(self, kind: str) -> tuple[str, Watching]:
        if kind == "rest_500":
            self.hub.faults.add(POSTS, Status(500, after=True), times=2)
            says = "Discord stores the next post but answers 500 twice: it appears once."
        elif kind == "disconnect":
            self.hub.faults.add(POSTS, Drop(after=True))
            says = "The next post is stored, then the connection is cut: it appears once."
        else:
            self.hub.faults.add(POSTS, TooMany(LIMITED_S))
            says = "The next post waits five seconds, then appears once."
        least_s = LIMITED_S if kind == "rate_limit" else 0.0
        return says, aftermath.posted_once(self.feed.publish(), least_s)

    def _channel_trouble(self, kind: str, channel: Channel) -> tuple[str, Watching]:
        if kind == "channel_delete":
            remove_channel(self.hub, channel)
            self.feed.publish()
            says = f"#{channel.name} is gone: its subscriptions are switched off, no retries."
            return says, aftermath.left_alone(channel, "gone")
        set_permission(self.hub, channel, allowed=kind == "permission_back")
        if kind == "permission_back":
            says = f"The bot may post in #{channel.name} again: the backlog follows, in order."
            return says, aftermath.backlog(channel, self._missed)
        self._missed = [self.feed.publish().name]
        says = f"The bot may no longer post in #{channel.name}: it pauses there and says so once."
        return says, aftermath.left_alone(channel, "closed to it")

    def _channel(self, channel_id: str | None) -> Channel:
        channel = self.hub.world.channels.get(channel_id or "")
        if channel is None or channel.type == 1:
            raise NotPossible("Choose a channel of the server first.")
        return channel

    def _bot(self) -> BotProcess:
        if self.bot is None:
            raise NotPossible("The bot was not started by this playground.")
        return self.bot

    async def _process(self, kind: str) -> tuple[str, Watching]:
        bot = self._bot()
        if kind == "bot_kill":
            bot.kill()
            item = self.feed.publish()
            self._missed = [item.name]
            says = "The bot is killed with SIGKILL. Start it again: each post still appears once."
            return says, aftermath.away(self.hub)
        await bot.start()
        says = "The bot starts again, takes up what it was doing, and posts what it missed once."
        return says, aftermath.returned(self.hub, self._missed)
