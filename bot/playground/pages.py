"""Serves the page and its files to this machine's browser alone: token, Host, Origin, policy."""

import secrets
from importlib import resources
from pathlib import PurePosixPath

from aiohttp import web

from bot.playground.hub import Hub
from bot.playground.imports import MOST_BYTES, Imports
from bot.playground.people import NotPossible
from bot.playground.rest.gate import Handler
from bot.playground.socket import PageSockets

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A page or a picture with a script that somebody attached stays a file.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}
GUARDED = ("/page", "/attachments/")
EMPTY = "<!doctype html><meta charset=utf-8><title>Tagwire Playground</title>"


class Pages:
    """The page, its files and the attachments of messages."""

    def __init__(self, hub: Hub, token: str, sockets: PageSockets, imports: Imports) -> None:
        self.hub = hub
        self.token = token
        self.sockets = sockets
        self.imports = imports

    def add_routes(self, app: web.Application) -> None:
        """Serve /, /page/…, /page/socket and /attachments/…."""
        app.middlewares.append(self._guard)
        app.router.add_get("/", self._index)
        app.router.add_get("/page/socket", self._socket)
        app.router.add_post("/page/import", self._import)
        app.router.add_get("/page/{name:.+}", self._file)
        app.router.add_get("/attachments/{channel}/{file}/{name}", self._attachment)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/" and not request.path.startswith(GUARDED):
            return await handler(request)
        port = self.hub.address.rpartition(":")[2]
        hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        origin = request.headers.get("Origin")
        if request.headers.get("Host") not in hosts:
            raise web.HTTPForbidden(text="The playground answers to 127.0.0.1 alone.")
        if origin is not None and origin not in [f"http://{host}" for host in hosts]:
            raise web.HTTPForbidden(text="The playground answers to its own page alone.")
        response = await handler(request)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    def _check(self, request: web.Request) -> None:
        given = request.query.get("t", "")
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            raise web.HTTPForbidden(text="Open the address that the playground printed.")

    async def _index(self, request: web.Request) -> web.Response:
        self._check(request)
        try:
            text = _read("index.html").decode()
        except FileNotFoundError:
            text = EMPTY
        return web.Response(text=text, content_type="text/html")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        return await self.sockets.connect(request)

    async def _import(self, request: web.Request) -> web.Response:
        """Take an address (`address=` in the query) or a file (the body, `name=`)."""
        self._check(request)
        if (request.content_length or 0) > MOST_BYTES:
            what = f"Files of up to {MOST_BYTES >> 20} MB can be imported here."
            return web.json_response({"ok": False, "error": what})
        try:
            if address := request.query.get("address"):
                result = await self.imports.address(address)
            else:
                content = await request.read()
                result = await self.imports.file(request.query.get("name", ""), content)
        except NotPossible as no:
            return web.json_response({"ok": False, "error": str(no)})
        return web.json_response({"ok": True, **result})

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        kind = KINDS.get(PurePosixPath(name).suffix)
        if kind is None or ".." in name.split("/") or "\\" in name or "//" in name:
            raise web.HTTPNotFound
        try:
            content = _read(name)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise web.HTTPNotFound from None
        charset = None if kind.startswith("image/png") else "utf-8"
        return web.Response(body=content, content_type=kind, charset=charset)

    async def _attachment(self, request: web.Request) -> web.Response:
        found = self.hub.world.files.get(request.match_info["file"])
        if found is None:
            raise web.HTTPNotFound
        kind, content = found
        headers = {"Content-Type": kind, "Content-Security-Policy": SANDBOX}
        return web.Response(body=content, headers=headers)


def _read(name: str) -> bytes:
    return resources.files("bot.playground").joinpath("page", name).read_bytes()
