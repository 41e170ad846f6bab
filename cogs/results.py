"""The controls of results, of the reader and of posted cards: pages, reading, sharing, asking."""

from __future__ import annotations

from dataclasses import replace

from bot.chat import render
from bot.chat.answer import Answer, answering
from bot.chat.client import TagwireClient, say_for
from bot.chat.page import ENTRIES
from bot.chat.permissions import is_moderator
from bot.chat.view_keys import Press, control, cursor_of, id_of
from bot.errors import NotFoundError
from bot.model import View
from bot.query import language
from cogs.asking import (
    Interaction,
    TagwireCog,
    ask_of,
    is_alone,
    is_private,
    may_be_shared,
    scope_of,
    sharing,
)


class ResultsCog(TagwireCog):
    """Answers what is pressed below results, articles and posts."""

    @control("next")
    async def next_page(self, interaction: Interaction, press: Press) -> None:
        """Show the page after; whoever did not ask gets a copy of their own."""
        async with answering(interaction, private=True) as answer:
            await self._turn(interaction, answer, press)

    @control("prev")
    async def previous_page(self, interaction: Interaction, press: Press) -> None:
        """Show the page before."""
        async with answering(interaction, private=True) as answer:
            await self._turn(interaction, answer, press)

    @control("first")
    async def first_page(self, interaction: Interaction, press: Press) -> None:
        """Show the first page again: a way back."""
        async with answering(interaction, private=True) as answer:
            await self._turn(interaction, answer, press)

    @control("read")
    async def read(self, interaction: Interaction, press: Press) -> None:
        """Open the article chosen in a menu, for the reader alone."""
        async with answering(interaction, private=True) as answer:
            article_id, block = place_of(press.values[0] if press.values else press.argument)
            await self._open(interaction, answer, article_id, block)

    @control("open")
    async def open(self, interaction: Interaction, press: Press) -> None:
        """Open the article a button names, for the reader alone."""
        async with answering(interaction, private=True) as answer:
            await self._open(interaction, answer, id_of(press.key))

    @control("page")
    async def turn_article(self, interaction: Interaction, press: Press) -> None:
        """Turn the reader's page."""
        async with answering(interaction, private=True) as answer:
            number, _, list_key = press.argument.partition(".")
            await self._show_page(interaction, answer, id_of(press.key), id_of(number), list_key)

    @control("section")
    async def open_section(self, interaction: Interaction, press: Press) -> None:
        """Turn the reader to what was chosen in its contents."""
        async with answering(interaction, private=True) as answer:
            number, _, _ = (press.values[0] if press.values else "1").partition(".")
            article_id = id_of(press.key)
            await self._show_page(interaction, answer, article_id, id_of(number), press.argument)

    @control("changes")
    async def show_changes(self, interaction: Interaction, press: Press) -> None:
        """Tell the presser alone what the corrections of an article changed."""
        async with answering(interaction, private=True) as answer:
            article_id, scope = id_of(press.key), scope_of(interaction)
            article = await self.store.articles.get(article_id, scope)
            versions = await self.store.articles.versions(article_id, scope)
            drawn = render.changes(article, versions, say_for(interaction))
            await answer.show(drawn, private=True)

    @control("share")
    async def share(self, interaction: Interaction, press: Press) -> None:
        """Show an article to the channel, if the member may write there."""
        async with answering(interaction) as answer:
            lead = sharing(interaction)
            article = await self.store.articles.get(id_of(press.key), scope_of(interaction))
            await answer.show(render.shared(article, lead, say_for(interaction)), private=False)

    @control("share_page")
    async def share_page(self, interaction: Interaction, press: Press) -> None:
        """Show a page of results to the channel, if the member may write there."""
        async with answering(interaction) as answer:
            lead = sharing(interaction)
            view = await self.view(interaction, press.key)
            found = await self._page(interaction, view, press.argument)
            shown = replace(found, key=await self._copy(interaction, view), lead=lead)
            await answer.show(render.results(shown, say_for(interaction)), private=False)

    @control("ask")
    async def ask(self, interaction: Interaction, press: Press) -> None:
        """Ask what a button offers: a suggestion, a way back, a narrower query."""
        async with answering(interaction) as answer:
            await self._ask(interaction, answer, press.key, press.argument)

    @control("choose")
    async def choose(self, interaction: Interaction, press: Press) -> None:
        """Ask what was chosen among several names."""
        async with answering(interaction) as answer:
            await self._ask(interaction, answer, press.key, press.values[0] if press.values else "")

    @control("more")
    async def more(self, interaction: Interaction, press: Press) -> None:
        """Open what a post left out, as a page of its own for the presser alone."""
        async with answering(interaction, private=True) as answer:
            saved = await self.store.outbox.query_of(id_of(press.key), interaction.guild_id)
            if saved is None:
                raise NotFoundError("chat.control_lost")
            query = language.narrow(language.parse(saved), sort="new")
            say = say_for(interaction)
            heading = say("cogs.heading_search", query=saved or say("chat.everything"))
            await self.show_query(interaction, answer, query, heading)

    async def _show_page(
        self, interaction: Interaction, answer: Answer, article_id: int, number: int, list_key: str
    ) -> None:
        article = await self.store.articles.get(article_id, scope_of(interaction))
        is_own = is_askers_message(interaction)
        private = is_alone(interaction) or not is_own
        drawn = await self.reading(
            interaction, article, number, list_key=list_key, may_share=private
        )
        await (answer.edit(drawn) if is_own else answer.show(drawn, private=True))

    async def _turn(self, interaction: Interaction, answer: Answer, press: Press) -> None:
        view = await self.view(interaction, press.key)
        shown = await self._page(interaction, view, press.argument)
        is_askers = view.user_id == interaction.user.id
        key = view.key if is_askers else await self._copy(interaction, view)
        may_share = may_be_shared(interaction, not is_askers or is_alone(interaction))
        shown = replace(shown, key=key, may_share=may_share)
        drawn = render.results(shown, say_for(interaction))
        await (answer.edit(drawn) if is_askers else answer.show(drawn, private=True))

    async def _page(self, interaction: Interaction, view: View, here: str) -> render.Results:
        cursor, first = cursor_of(here) if here else (None, 1)
        page = await self.store.articles.find(
            language.parse(view.query),
            scope_of(interaction),
            now=view.asked_at,
            limit=ENTRIES,
            cursor=cursor,
            until=view.until,
        )
        if not page.hits:
            raise NotFoundError("cogs.page_gone")
        say = say_for(interaction)
        return render.Results(
            str(view.detail.get("heading", "")),
            page,
            view.key,
            first if page.previous is not None else 1,
            tuple(say("cogs.ask_instead", query=label) for label in labels_of(view)),
            is_moderator(interaction),
            str(view.detail.get("wider") or ""),
            here=here,
        )

    async def _copy(self, interaction: Interaction, view: View) -> str:
        return await self.store.views.put(
            view.kind,
            view.query,
            view.scope,
            interaction.user.id,
            view.asked_at,
            view.until,
            view.detail,
        )

    async def _open(
        self, interaction: Interaction, answer: Answer, article_id: int, block: int | None = None
    ) -> None:
        article = await self.store.articles.get(article_id, scope_of(interaction))
        await answer.show(await self.reading(interaction, article, 1, block), private=True)

    async def _ask(self, interaction: Interaction, answer: Answer, key: str, place: str) -> None:
        view = await self.view(interaction, key)
        ask = ask_of(view.detail, place)
        query = language.parse(ask.query)
        is_askers = view.user_id == interaction.user.id
        answer.private = not is_askers or is_private(interaction, None)
        await self.show_query(interaction, answer, query, ask.heading)


def place_of(text: str) -> tuple[int, int | None]:
    """Read an article's id, and after a dot the block to open it at. Raises NotFoundError."""
    article_id, dot, block = text.partition(".")
    return id_of(article_id), id_of(block) if dot else None


def labels_of(view: View) -> list[str]:
    """Return the labels of what a view's buttons ask."""
    asks = view.detail.get("asks")
    return [str(ask["label"]) for ask in asks] if isinstance(asks, list) else []


def is_askers_message(interaction: Interaction) -> bool:
    """Whether the pressed message answers the one who pressed."""
    if is_alone(interaction):
        return True
    answered = interaction.message.interaction_metadata if interaction.message else None
    return answered is not None and answered.user.id == interaction.user.id


async def setup(client: TagwireClient) -> None:
    """Add the cog."""
    await client.add_cog(ResultsCog(client))
