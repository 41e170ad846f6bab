"""Trouble at the push of a button: what the page's bench can break, and what should follow."""

from dataclasses import dataclass
from typing import Protocol

from bot.playground.faults import Drop, Status, TooMany
from bot.playground.feed import Feed
from bot.playground.gateway import Gateway
from bot.playground.hub import Hub
from bot.playground.owner import remove_channel, set_permission
from bot.playground.people import NotPossible
from bot.playground.world import Channel

FEED_DOWN_S = 30.0
POSTS = "POST /channels/*/messages"


class BotProcess(Protocol):
    """The bot as something that can be killed and started."""

    def kill(self) -> None:
        """End it at once."""

    async def start(self) -> None:
        """Start it again."""


@dataclass(slots=True)
class Bench:
    """Makes trouble, and says what should happen."""

    hub: Hub
    gateway: Gateway
    feed: Feed
    bot: BotProcess | None = None

    async def make(self, kind: str, channel_id: str | None = None) -> str:
        """Make one kind of trouble; raises NotPossible for one there is not."""
        match kind:
            case "feed_down":
                return self._feed_down()
            case "rest_500":
                self.hub.faults.add(POSTS, Status(500, after=True), times=2)
                return "Discord stores the next post but answers 500 twice: it appears once."
            case "disconnect":
                self.hub.faults.add(POSTS, Drop(after=True))
                return "The next post is stored, then the connection is cut: it appears once."
            case "rate_limit":
                self.hub.faults.add(POSTS, TooMany(5.0))
                return "The next post waits five seconds, then appears once."
            case "permission_lost" | "permission_back":
                return self._permission(kind, self._channel(channel_id))
            case "channel_delete":
                channel = self._channel(channel_id)
                remove_channel(self.hub, channel)
                return f"#{channel.name} is gone: its subscriptions are switched off, no retries."
            case "gateway_cut":
                await self.gateway.cut(4000)
                return "The gateway is cut: the bot resumes its session; nothing is lost."
            case "bot_kill" | "bot_start":
                return await self._process(kind)
            case _:
                raise NotPossible(f"There is no trouble called {kind}.")

    def _feed_down(self) -> str:
        self.feed.down = True
        self.hub.clock.call_later(FEED_DOWN_S, self._feed_up)
        return "The feed answers 503 for 30 seconds: the bot waits, then catches up."

    def _feed_up(self) -> None:
        self.feed.down = False

    def _channel(self, channel_id: str | None) -> Channel:
        channel = self.hub.world.channels.get(channel_id or "")
        if channel is None or channel.type == 1:
            raise NotPossible("Choose a channel of the server first.")
        return channel

    def _permission(self, kind: str, channel: Channel) -> str:
        set_permission(self.hub, channel, allowed=kind == "permission_back")
        if kind == "permission_back":
            return f"The bot may post in #{channel.name} again: the backlog follows, in order."
        return f"The bot may no longer post in #{channel.name}: it pauses there and says so once."

    async def _process(self, kind: str) -> str:
        if self.bot is None:
            raise NotPossible("The bot was not started by this playground.")
        if kind == "bot_kill":
            self.bot.kill()
            return "The bot is killed with SIGKILL. Start it again: each post still appears once."
        await self.bot.start()
        return "The bot starts again and takes up what it was doing."
