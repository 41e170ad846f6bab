"""Verbs of whoever keeps the archive: tags that are one, articles that have to go."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import click

from bot.cli.parts import Verbs, finish, say, writing_store

if TYPE_CHECKING:
    from bot.store import Store
    from bot.store.tag_changes import TagChange


@click.group(cls=Verbs)
def tags() -> None:
    """Merge, rename and alias the archive's tags."""


@tags.command("merge")
@click.argument("old")
@click.argument("name")
def merge(old: str, name: str) -> None:
    """File everything tagged OLD under NAME, now and on later imports."""
    _changed(lambda store: store.tags.merge(old, name), "cli.tag_merged", old)


@tags.command("rename")
@click.argument("old")
@click.argument("name")
def rename(old: str, name: str) -> None:
    """Show the tag OLD as NAME, also on later imports."""
    _changed(lambda store: store.tags.rename(old, name), "cli.tag_renamed", old)


@tags.command("alias")
@click.argument("other")
@click.argument("name")
def alias(other: str, name: str) -> None:
    """Let OTHER find what is tagged NAME, and NAME what is tagged OTHER."""
    _changed(lambda store: store.tags.alias(other, name), "cli.tag_aliased", other)


@click.group(cls=Verbs)
def articles() -> None:
    """Take articles out of the archive."""


@articles.command("hide")
@click.argument("article_id", type=int, metavar="ID")
def hide(article_id: int) -> None:
    """Show an article nowhere and never import it again; its text is kept."""
    _run(lambda store: store.articles.hide(article_id, "removed"))
    click.echo(say("cli.article_hidden", id=article_id))


@articles.command("remove")
@click.argument("article_id", type=int, metavar="ID")
def remove(article_id: int) -> None:
    """Erase an article's text and earlier versions, and never import it again."""
    _run(lambda store: store.articles.erase(article_id))
    click.echo(say("cli.article_removed", id=article_id))


def _changed(change: Callable[[Store], Coroutine[Any, Any, TagChange]], key: str, old: str) -> None:
    done = _run(change)
    click.echo(say(key, old=old, name=done.name, count=done.articles))


def _run(change: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
    async def work() -> Any:
        async with writing_store() as store:
            return await change(store)

    return finish(work())
