"""Verbs for whoever runs the bot: the invitation, and what feeds keep."""

from __future__ import annotations

import base64
import binascii

import click

from bot.cli.parts import as_json, finish, reading_store, say, settings, writing_store
from bot.cli.words import print_json
from bot.errors import TagwireError

# View Channels, Send Messages, Read Message History, Send Messages in Threads: what
# bot/chat/permissions.py asks for, and nothing else.
PERMISSIONS = 1 << 10 | 1 << 11 | 1 << 16 | 1 << 38


@click.command()
def invite() -> None:
    """Print the link that invites the bot, with the least permissions. Needs TAGWIRE_TOKEN."""
    token = settings().token
    if not token:
        raise TagwireError("cli.no_token")
    click.echo(invitation(application_id(token)))


def application_id(token: str) -> int:
    """Return the application's id, which a token begins with. Raises TagwireError."""
    first = token.split(".")[0]
    try:
        return int(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError):
        raise TagwireError("cli.no_id_in_token") from None


def invitation(client_id: int) -> str:
    """Return the link that invites an application's bot and its commands."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={client_id}"
        f"&scope=bot+applications.commands&permissions={PERMISSIONS}"
    )


@click.command()
@click.argument("feed_id", type=int, required=False, metavar="[FEED_ID]")
@click.option("--days", type=click.IntRange(0, 36_500), help="Days; 0: for ever.")
@click.option("--articles", type=click.IntRange(0, 10_000_000), help="Newest articles; 0: all.")
@as_json
def keep(feed_id: int | None, days: int | None, articles: int | None, wants_json: bool) -> None:
    """Show what each feed keeps, or give FEED_ID its own rule; without options, the settings'."""
    if feed_id is not None:
        finish(_set_rule(feed_id, days, articles))
    rules = finish(_rules())
    if wants_json:
        print_json(rules)
        return
    for rule in rules:
        click.echo(say("cli.keeps", **{name: _told(value) for name, value in rule.items()}))


async def _set_rule(feed_id: int, days: int | None, articles: int | None) -> None:
    async with writing_store() as store:
        await store.retention.set_rule(feed_id, days, articles)


async def _rules() -> list[dict[str, str | int | None]]:
    async with reading_store() as store:
        return [
            {"id": r.feed_id, "title": r.title, "days": r.days, "articles": r.articles}
            for r in await store.retention.rules()
        ]


def _told(value: str | int | None) -> str | int:
    return "–" if value is None else value
