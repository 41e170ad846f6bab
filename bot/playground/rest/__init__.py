"""The REST half of the loopback Discord: /api/v10, one module a noun."""

from aiohttp import web

from bot.playground.rest import (
    channels,
    commands,
    guilds,
    interactions,
    messages,
    threads,
    users,
    webhooks,
)


def add_routes(app: web.Application) -> None:
    """Add every route of the API to an application that is mounted at /api/v10."""
    for part in (
        users.ROUTES,
        commands.ROUTES,
        interactions.ROUTES,
        webhooks.ROUTES,
        threads.ROUTES,
        messages.ROUTES,
        channels.ROUTES,
        guilds.ROUTES,
    ):
        app.add_routes(part)
