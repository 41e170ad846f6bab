"""A loopback site for the tests of everything that fetches."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

FEED = b"<rss version='2.0'><channel><title>x</title></channel></rss>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A loopback site that answers each path as told and remembers every request."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.requests: list[web.BaseRequest] = []
        self.base = ""

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.handlers.get(request.path)
        return web.Response(status=404) if handler is None else await handler(request)  # type: ignore[arg-type]

    def answers(self, path: str, body: bytes = FEED, status: int = 200, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def handle(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, body=body, headers=named)

        self.handlers[path] = handle
        return self.base + path


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """Serve a site of its own on a free port."""
    site = Site()
    runner = web.ServerRunner(web.Server(site), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield site
    finally:
        await runner.cleanup()
