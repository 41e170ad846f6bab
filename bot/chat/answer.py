"""Answers an interaction in time: what takes longer than 0.8 s is deferred, then filled in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any

import discord
from discord import ui

DEFER_AFTER_S = 0.8
_EXTRA = "tagwire.answer"


class Answer:
    """The one answer to an interaction. `private` is whether only the asker is to see it.

    A pressed control is deferred without "thinking": it may still change its own message or send
    another. An answer that must be private after a public deferral takes the deferral away.
    """

    def __init__(self, interaction: discord.Interaction[Any], *, private: bool) -> None:
        self.interaction = interaction
        self.private = private
        self._deferring = False
        self._deferred = False
        self._timer: asyncio.Task[None] | None = None

    def start(self, wait_s: float) -> None:
        """Start the time after which the interaction is deferred."""
        self._timer = asyncio.create_task(self._defer_after(wait_s), name="defer")

    async def settle(self) -> None:
        """Stop the time; wait for a deferral that is under way."""
        timer, self._timer = self._timer, None
        if timer is None:
            return
        if not self._deferring:
            timer.cancel()
        await asyncio.wait((timer,))
        if not timer.cancelled():
            timer.exception()

    async def show(
        self, view: ui.LayoutView, *, private: bool | None = None, file: discord.File | None = None
    ) -> None:
        """Send a message of its own, to the asker alone if private, with a file it shows."""
        files = [] if file is None else [file]
        private = self.private if private is None else private
        await self.settle()
        if not self.interaction.response.is_done():
            await self.interaction.response.send_message(view=view, ephemeral=private, files=files)
        elif self._deferred and not self.is_press:
            self._deferred = False
            await self._fill(view, private, files)
        else:
            await self.interaction.followup.send(view=view, ephemeral=private, files=files)

    async def edit(self, view: ui.LayoutView) -> None:
        """Change the message whose control was pressed."""
        await self.settle()
        if self.interaction.response.is_done():
            await self.interaction.edit_original_response(view=view)
        else:
            await self.interaction.response.edit_message(view=view)

    @property
    def is_press(self) -> bool:
        """Whether a control was used, or a form that one opened, rather than a command given."""
        return self.interaction.message is not None

    async def _fill(
        self, view: ui.LayoutView, private: bool, files: Sequence[discord.File]
    ) -> None:
        if private == self.private:
            await self.interaction.edit_original_response(view=view, attachments=files)
            return
        await self.interaction.delete_original_response()
        await self.interaction.followup.send(view=view, ephemeral=private, files=files)

    async def _defer_after(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        response = self.interaction.response
        if response.is_done():
            return
        self._deferring = True
        await response.defer(ephemeral=self.private and not self.is_press)
        self._deferred = True


@asynccontextmanager
async def answering(
    interaction: discord.Interaction[Any], *, private: bool = False, wait_s: float = DEFER_AFTER_S
) -> AsyncIterator[Answer]:
    """Give the answer to an interaction, which is deferred if the block takes too long.

    An error inside leaves the answer where answer_of() finds it, so that it can be drawn.
    """
    answer = Answer(interaction, private=private)
    interaction.extras[_EXTRA] = answer
    answer.start(wait_s)
    try:
        with _counted(interaction):
            yield answer
    finally:
        await answer.settle()


def _counted(interaction: discord.Interaction[Any]) -> AbstractContextManager[None]:
    metrics = getattr(getattr(interaction.client, "ports", None), "metrics", None)
    if metrics is None:
        return nullcontext()
    command = interaction.command
    counted: AbstractContextManager[None] = metrics.answering(
        command.qualified_name if command is not None else "control"
    )
    return counted


def answer_of(interaction: discord.Interaction[Any]) -> Answer:
    """Return the answer begun for an interaction, else one that was never deferred."""
    begun = interaction.extras.get(_EXTRA)
    return begun if isinstance(begun, Answer) else Answer(interaction, private=True)
