"""/subscription: what is posted where. Every change is a moderator's, checked on each press."""

from __future__ import annotations

from bot.chat.client import TagwireClient
from cogs.subscription_base import GROUP
from cogs.subscription_edit import Editing
from cogs.subscription_manage import Managing
from cogs.subscription_share import Sharing
from cogs.subscription_tell import Telling


class SubscriptionCog(Managing, Editing, Telling, Sharing):
    """The commands and buttons that decide what a channel gets.

    They stand in modules of their own: this one is run anew each time the cog is loaded.
    """

    subscription = GROUP


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(SubscriptionCog(client))
