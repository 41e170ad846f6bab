"""What should follow each trouble, looked for in what the bot really did."""

from collections import defaultdict
from collections.abc import Sequence

from bot.playground.checks import NothingToSee, NotSeen, Watch, Watching
from bot.playground.feed import Feed, Published, item_of
from bot.playground.gateway import Gateway
from bot.playground.hub import Hub
from bot.playground.world import Channel

# A feed is asked every five seconds, and a failed post is tried again for two minutes.
SOON_S = 30.0
LATER_S = 130.0
# The feed gains an item every twenty seconds: three chances to fit what is subscribed.
MEET_S = 70.0
# A channel that is left alone is watched for so many times longer than a post.
ALONE = 2.5
NOBODY = "No channel is subscribed to it, so nothing was posted. Subscribe one and try again."


async def _shown(watch: Watch, item: str, within_s: float = LATER_S) -> None:
    """Wait until an item stands in a message."""
    if not await watch.until(lambda: watch.tries(item) or watch.messages(item), SOON_S):
        raise NothingToSee(NOBODY)
    if not await watch.until(lambda: watch.messages(item), within_s):
        raise NotSeen(f"{len(watch.tries(item))} tries, and no message.")


async def _once(watch: Watch, item: str) -> str:
    await watch.until(lambda: max(watch.messages(item).values()) > 1, watch.quiet_s)
    counts = watch.messages(item)
    if max(counts.values()) > 1:
        raise NotSeen(f"The same item stands {max(counts.values())} times in one channel.")
    places = f"{len(counts)} channel{'s' * (len(counts) != 1)}"
    return f"one message in {places}"


def posted_once(published: Published, least_s: float) -> Watching:
    """Expect the item whose post met the trouble in one message a channel, after another try."""

    async def watching(watch: Watch) -> str:
        def met() -> list[str]:
            failed = [request for request in watch.posts() if request.status >= 300]
            return [item for request in failed if (item := item_of(request.body))]

        # It may be an older item that was still on its way, or a later one that fits a query.
        await watch.until(met, MEET_S)
        item = next(iter(met()), published.name)
        await _shown(watch, item)

        def tried_again() -> bool:
            tries = watch.tries(item)
            return len(tries) > 1 and tries[-1].status < 300

        await watch.until(tried_again, SOON_S)
        once = await _once(watch, item)
        tries = watch.tries(item)
        if len(tries) < 2:
            raise NotSeen("The post was not tried again.")
        waited_s = tries[-1].seconds - tries[0].seconds
        if waited_s < least_s:
            raise NotSeen(f"The bot came back after {waited_s:.1f} s, too soon.")
        codes = ", ".join(str(one.status) for one in tries)
        return f"Seen: {len(tries)} tries ({codes}) over {waited_s:.1f} s, {once}."

    return watching


def standing(hub: Hub) -> defaultdict[str | None, set[str]]:
    """Return the ids of the messages that the bot posted about each item."""
    found: defaultdict[str | None, set[str]] = defaultdict(set)
    for messages in hub.world.messages.values():
        for one in messages.values():
            if one.author_id == hub.world.bot_id and one.asked is None:
                found[item_of([one.content, *one.components, *one.embeds])].add(one.id)
    return found


def corrected(standing: set[str]) -> Watching:
    """Expect every message about an item to be edited."""

    async def watching(watch: Watch) -> str:
        if not standing:
            raise NothingToSee(NOBODY)

        def edited() -> set[str]:
            return standing & {one["id"] for one in watch.changed}

        await watch.until(lambda: edited() == standing, SOON_S)
        if edited() != standing:
            raise NotSeen(f"{len(edited())} of {len(standing)} messages were edited.")
        return f"Seen: {len(standing)} message{'s' * (len(standing) != 1)} edited in place."

    return watching


def caught_up(feed: Feed, published: Published) -> Watching:
    """Expect the feed to be read once it is up again."""

    async def watching(watch: Watch) -> str:
        asked = feed.requests
        if await watch.until(lambda: not feed.down, LATER_S):
            while_down = feed.requests - asked
            if await watch.until(lambda: feed.read >= published.number, LATER_S):
                times = f"{while_down} time{'s' * (while_down != 1)}"
                return f"Seen: asked {times} while it was down, then read what was new."
        raise NotSeen("The feed is up again, and the bot has not read what it missed.")

    return watching


def told_once(feed: Feed, published: Published) -> Watching:
    """Expect a story that two feeds carry in one message a channel."""

    async def watching(watch: Watch) -> str:
        await _shown(watch, published.name)
        copy = feed.copy(published.number)
        if not await watch.until(lambda: feed.wire_read >= copy.number, SOON_S):
            raise NotSeen("The second feed was not read.")
        original = set(watch.messages(published.name))
        await watch.until(lambda: original & set(watch.messages(copy.name)), watch.quiet_s)
        twice = original & set(watch.messages(copy.name))
        if twice:
            raise NotSeen(f"{len(twice)} of {len(original)} channels got the story twice.")
        return f"Seen: the copy was read, and {await _once(watch, published.name)}."

    return watching


def resumed(gateway: Gateway, before: int) -> Watching:
    """Expect the bot to resume its session."""

    async def watching(watch: Watch) -> str:
        back = await watch.until(lambda: gateway.resumes > before, SOON_S)
        if back or await watch.until(gateway.online.is_set, 0.1):
            how = "resumed its session" if back else "began a new session"
            return f"Seen: the bot {how}."
        raise NotSeen(f"The bot did not come back within {SOON_S:.0f} s.")

    return watching


def left_alone(channel: Channel, how: str) -> Watching:
    """Expect at most one try to post in a channel that cannot be posted to."""

    async def watching(watch: Watch) -> str:
        await watch.until(lambda: len(list(watch.posts(channel.id))) > 1, ALONE * watch.quiet_s)
        tries = list(watch.posts(channel.id))
        if any(request.status < 300 for request in tries):
            raise NotSeen(f"A post still arrived in #{channel.name}.")
        if len(tries) > 1:
            raise NotSeen(f"The bot tried {len(tries)} times.")
        count = "one try" if tries else "no try"
        return f"Seen: {count} while #{channel.name} is {how}."

    return watching


def backlog(channel: Channel, items: Sequence[str]) -> Watching:
    """Expect what a channel missed to arrive, each item once."""

    async def watching(watch: Watch) -> str:
        if not items:
            raise NothingToSee("Nothing was published while the channel was closed.")

        def here() -> list[str | None]:
            return [item_of(one) for one in watch.made if one["channel_id"] == channel.id]

        if not await watch.until(lambda: set(items) <= set(here()), LATER_S):
            if not here():
                raise NothingToSee(f"#{channel.name} is owed nothing. {NOBODY}")
            raise NotSeen("Not everything that was missed has arrived.")
        await watch.until(lambda: False, watch.quiet_s / 2)
        if any(here().count(item) > 1 for item in items):
            raise NotSeen("Something arrived twice.")
        return f"Seen: what #{channel.name} missed arrived, once."

    return watching


def away(hub: Hub) -> Watching:
    """Expect the bot to be offline."""

    async def watching(watch: Watch) -> str:
        if not await watch.until(lambda: not hub.bot_online, SOON_S):
            raise NotSeen("The bot is still connected.")
        return "Seen: the bot is gone. An item was published meanwhile; start it again."

    return watching


def returned(hub: Hub, items: Sequence[str]) -> Watching:
    """Expect the bot back, and what it missed posted once."""

    async def watching(watch: Watch) -> str:
        if not await watch.until(lambda: hub.bot_online, SOON_S):
            raise NotSeen(f"The bot did not come back within {SOON_S:.0f} s.")
        for item in items:
            if await watch.until(lambda item=item: watch.messages(item), SOON_S):  # type: ignore[misc]
                return (
                    f"Seen: the bot is back; what it missed stands in {await _once(watch, item)}."
                )
        return "Seen: the bot is back. No channel is subscribed to what it missed."

    return watching
