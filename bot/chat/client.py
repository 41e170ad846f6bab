"""The client that logs in to Discord: loads the cogs, syncs commands, draws every error once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from bot.chat import render
from bot.chat.answer import answer_of
from bot.chat.room import Say
from bot.chat.translate import CatalogueTranslator
from bot.chat.view_keys import VERSION, Control, Press, button, controls_of
from bot.errors import NotFoundError, TagwireError
from bot.messages import DEFAULT_LANGUAGE, catalogue
from bot.model import FeedDesk

EXTENSIONS = (
    "cogs.tag",
    "cogs.search",
    "cogs.results",
    "cogs.narrow",
    "cogs.archive",
    "cogs.trend",
    "cogs.saved",
    "cogs.follow",
    "cogs.privacy",
    "cogs.coverage",
    "cogs.help",
    "cogs.subscription",
    "cogs.feed",
    "cogs.setup",
    "cogs.server",
    "cogs.status",
    "cogs.guild",
)
RATELIMIT_TIMEOUT_S = 60.0
# How long "ready" waits for one more server after the last. Nothing here needs them all.
GUILD_READY_S = 0.3
# A gateway session that is resumed may deliver the latest events again.
SEEN_INTERACTIONS = 1000
# Unknown interaction (three seconds are over), and one that was answered already.
ANSWERED_OR_OVER = (10062, 40060)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    """What the cogs are handed. `store` is a bot.store.Store, which this floor may not import."""

    store: Any
    feeds: FeedDesk
    now: Callable[[], datetime]
    settings: Any = None
    metrics: Any = None
    # The key that an article is filed under by its link; ingest knows how links are folded.
    link_key: Callable[[str], str] | None = None
    # Told each interaction's id in the task that answers it, where somebody traces what it does.
    begun: Callable[[int], object] | None = None


class TagwireTree(app_commands.CommandTree["TagwireClient"]):
    """The commands, and the one place where what goes wrong in them is drawn."""

    async def interaction_check(self, interaction: discord.Interaction[TagwireClient], /) -> bool:
        """Refuse a server of the operator's block list, where members may still have the bot."""
        self.client.begin(interaction)
        if self.client.has_seen(interaction):
            return False
        if self.client.is_blocked(interaction.guild_id):
            await draw_error(interaction, TagwireError("chat.blocked"))
            return False
        metrics = self.client.ports.metrics
        if metrics is not None and interaction.type is discord.InteractionType.autocomplete:
            metrics.interactions.labels("autocomplete", "answered").inc()
        return True

    async def on_error(
        self, interaction: discord.Interaction[TagwireClient], error: app_commands.AppCommandError
    ) -> None:
        """Draw the error for the asker alone."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await draw_error(interaction, cause)


class TagwireClient(commands.AutoShardedBot):
    """Tagwire's client: the guilds intent alone, no mention ever parsed, no prefix commands.

    Sharded because that asks Discord for the gateway's address and, unless `shards` says how many,
    the number of shards: a growing bot, and the playground's loopback Discord, need nothing else.
    """

    def __init__(
        self,
        ports: Ports,
        *,
        api: str | None = None,
        http_trace: Any = None,
        shards: int = 0,
        extensions: Iterable[str] = EXTENSIONS,
    ) -> None:
        # Set here and not at import: one process talks to one Discord, named by its settings.
        if api:
            discord.http.Route.BASE = api.rstrip("/")
        # Nothing here speaks: that no voice package is installed is no news to an operator.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=TagwireTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=RATELIMIT_TIMEOUT_S,
            max_messages=None,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=GUILD_READY_S,
            http_trace=http_trace,
            shard_count=shards or None,
        )
        self.ports = ports
        self._own_gateway = bool(api and shards)
        # The role that each server lets moderate beside its managers; kept in step by /server.
        self.moderator_roles: dict[int, int] = {}
        # The servers whose answers are for the asker alone, and the languages of their channels.
        self.private_guilds: set[int] = set()
        self.languages: dict[int, str] = {}
        self._cog_modules = tuple(extensions)
        self._syncing: asyncio.Task[None] | None = None
        self._seen: deque[int] = deque(maxlen=SEEN_INTERACTIONS)

    async def setup_hook(self) -> None:
        """Load the cogs, listen to every control ever sent, sync the commands if they changed."""
        self.moderator_roles = dict(await self.ports.store.guilds.each("moderator_role_id"))
        answers = await self.ports.store.guilds.each("answers")
        self.private_guilds = {guild for guild, value in answers.items() if value == "private"}
        self.languages = dict(await self.ports.store.guilds.each("language"))
        if self._own_gateway:
            # With the number of shards given, discord.py asks no Discord where its gateway is.
            _, url, *_ = await self.http.get_bot_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = type(DiscordWebSocket.DEFAULT_GATEWAY)(url)
        for extension in self._cog_modules:
            await self.load_extension(extension)
        self.add_dynamic_items(Control)
        await self.tree.set_translator(CatalogueTranslator())
        if await self.ports.store.meta.get("commands_synced") is None:
            await self._sync()
        else:
            # Wording them in every language waits: until then Discord offers those of before.
            self._syncing = asyncio.create_task(self._sync_once_ready(), name="command sync")

    async def _sync_once_ready(self) -> None:
        await self.wait_until_ready()
        await self._sync()

    async def _sync(self) -> None:
        try:
            await self.sync_changed()
        except (app_commands.AppCommandError, discord.HTTPException):
            _log.exception("commands.sync_failed")

    async def close(self) -> None:
        """Close, and leave a sync that has not begun."""
        if self._syncing is not None:
            self._syncing.cancel()
        await super().close()

    async def sync_changed(self) -> bool:
        """Send the commands to Discord if they differ from those sent last; tell whether so."""
        translator = self.tree.translator
        payload = [
            await command.get_translated_payload(self.tree, translator)
            if translator is not None
            else command.to_dict(self.tree)
            for command in self.tree.get_commands()
        ]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        kept = f"{self.application_id}:{digest}"
        if await self.ports.store.meta.get("commands_synced") == kept:
            return False
        await self.tree.sync()
        await self.ports.store.meta.set("commands_synced", kept)
        return True

    def has_seen(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether an interaction was delivered before: what it asks for is done once."""
        if interaction.id in self._seen:
            _log.info("interaction.twice", extra={"interaction_id": interaction.id})
            return True
        self._seen.append(interaction.id)
        return False

    def is_blocked(self, guild_id: int | None) -> bool:
        """Whether the operator's block list names the server."""
        return guild_id in getattr(self.ports.settings, "blocked_guilds", ())

    async def leave_blocked(self) -> None:
        """Leave every server that the block list names."""
        for guild in [g for g in self.guilds if self.is_blocked(g.id)]:
            try:
                await guild.leave()
            except discord.HTTPException as error:
                _log.warning("guild.blocked", extra={"guild_id": guild.id, "code": error.code})
            else:
                _log.info("guild.blocked", extra={"guild_id": guild.id})

    def begin(self, interaction: discord.Interaction[Any]) -> None:
        """Tell whoever traces that this task answers an interaction from here on."""
        if self.ports.begun is not None:
            self.ports.begun(interaction.id)

    async def on_app_command_completion(
        self, interaction: discord.Interaction[Any], command: object, /
    ) -> None:
        """Tell what is waiting to be told, once the command is answered."""
        await self.tell_closed(interaction)

    async def tell_closed(self, interaction: discord.Interaction[Any]) -> None:
        """Tell a member once that what they follow waits, as direct messages are closed."""
        if not interaction.response.is_done():
            return
        members, say = self.ports.store.members, say_for(interaction)
        try:
            if await members.claim_closed(interaction.user.id, self.ports.now()):
                again = button(say("cogs.try_again"), "refollow")
                view = render.listing(
                    say("chat.follows_wait"), [say("chat.follows_closed")], say, [again]
                )
                await interaction.followup.send(view=view, ephemeral=True)
        except (TagwireError, discord.HTTPException) as error:
            # `/follow list` says so, too: what was asked for is answered, and that is enough.
            _log.info("interaction.lost", extra={"what": type(error).__name__})

    async def on_message(self, message: discord.Message, /) -> None:
        """Do nothing: there are no prefix commands."""

    def say_in(self, guild_id: int | None) -> Say:
        """Return the sentences in the language a server chose for its channels, else English."""
        return catalogue(self.languages.get(guild_id or 0, DEFAULT_LANGUAGE)).say

    async def pressed(self, interaction: discord.Interaction[Any], press: Press) -> None:
        """Hand a pressed control to the cog that owns its verb."""
        if self.has_seen(interaction):
            return
        self.begin(interaction)
        try:
            if self.is_blocked(interaction.guild_id):
                raise TagwireError("chat.blocked")
            owners = (controls_of(cog).get(press.verb) for cog in self.cogs.values())
            handler = next((owner for owner in owners if owner is not None), None)
            if handler is None or press.version != VERSION:
                raise NotFoundError("chat.control_lost")
            await handler(interaction, press)
            await self.tell_closed(interaction)
        except Exception as error:  # The border: whatever it is, the presser gets a sentence.
            await draw_error(interaction, error)


def say_for(interaction: discord.Interaction[Any]) -> Say:
    """Return the sentences in the language of the one who asks."""
    return catalogue(str(interaction.locale)).say


async def draw_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Answer with an error's sentence, for the asker alone; log what is no one's to act on."""
    known = _known(interaction, error)
    if known is None:
        return
    try:
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
            return
        await answer_of(interaction).show(_drawn(known, say_for(interaction)), private=True)
    except Exception as lost:  # The last border: Discord or the network took the answer away.
        code = lost.code if isinstance(lost, discord.HTTPException) else None
        _log.info("interaction.lost", extra={"code": code, "what": type(lost).__name__})


def _drawn(error: TagwireError, say: Say) -> discord.ui.LayoutView:
    try:
        return render.failure(error, say)
    except (KeyError, IndexError, ValueError):
        # A key without a sentence, or one whose parameters are missing: a defect of ours.
        _log.exception("interaction.failed", extra={"key": error.key})
        return render.failure(TagwireError("error.unexpected"), say)


def _known(interaction: discord.Interaction[Any], error: Exception) -> TagwireError | None:
    if isinstance(error, TagwireError):
        return error
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return TagwireError("chat.updating")
    if isinstance(error, discord.HTTPException) and error.code in ANSWERED_OR_OVER:
        _log.info("interaction.too_late", extra={"interaction_id": interaction.id})
        return None
    if isinstance(error, app_commands.NoPrivateMessage):
        return TagwireError("chat.server_only")
    if isinstance(error, app_commands.CheckFailure):
        return TagwireError("chat.moderators_only")
    if isinstance(error, app_commands.TransformerError):
        return TagwireError("chat.bad_option", value=str(error.value))
    _log.error("interaction.failed", exc_info=error)
    return TagwireError("error.unexpected")
