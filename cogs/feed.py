"""/feed: what a server's moderators bring in for their server alone."""

from __future__ import annotations

from bot.chat.client import TagwireClient
from cogs.feed_add import Adding
from cogs.feed_base import GROUP
from cogs.feed_manage import Managing
from cogs.feed_watch import Watching


class FeedCog(Adding, Watching, Managing):
    """The commands and buttons about a server's own feeds.

    They stand in modules of their own: this one is run anew each time the cog is loaded.
    """

    feed = GROUP


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(FeedCog(client))
