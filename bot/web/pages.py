"""Serves the chat page, the console's page and their files, with the headers that keep foreign script out.

Knows files and headers; not what the pages talk about. Everything is read once: a changed file needs a new
start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

from aiohttp import hdrs, web

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
    "frame-ancestors {ancestors}"
)


_TITLE = b"<title>Service desk</title>"  # what stands in the chat page until its script has run


@dataclass(frozen=True, slots=True)
class Page:
    """A file as it is sent."""

    body: bytes
    content_type: str
    etag: str


def read_files() -> dict[str, Page]:
    """The packaged files by name."""
    found = {}
    for file in files("bot.web").iterdir():
        kind = _TYPES.get("." + file.name.rpartition(".")[2])
        if kind:
            found[file.name] = make_page(file.read_bytes(), kind)
    return found


def make_page(body: bytes, kind: str) -> Page:
    return Page(body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


@dataclass(frozen=True, slots=True)
class Pages:
    """`title` is the bot's name and `languages` what it speaks, the first by default. Our own pages may show
    the chat page in a frame; the console may be framed by nobody. `https`: browsers shall come back by https
    only.
    """

    title: str
    languages: tuple[str, ...] = ("en",)
    https: bool = False
    files: Mapping[str, Page] = field(default_factory=read_files)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.chat),
            web.get("/console", self.console),
            web.get("/favicon.ico", self.icon),
            web.get("/assets/{name}", self.asset),
        ]

    async def chat(self, request: web.Request) -> web.Response:
        return self._send(request, self._titled("chat.html"), "'self'")

    async def console(self, request: web.Request) -> web.Response:
        return self._send(request, self._titled("console.html"), "'none'")

    async def icon(self, request: web.Request) -> web.Response:
        return self._send(request, self.files["icon.svg"], "'none'")

    async def asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.files or name.endswith(".html"):
            raise web.HTTPNotFound
        return self._send(request, self.files[name], "'none'")

    def _titled(self, name: str) -> Page:
        """The page with the bot's name and languages where its script looks for them."""
        page = self.files[name]
        known = (
            f'<html lang="{escape(self.languages[0])}" data-languages="{escape(" ".join(self.languages))}"'
        )
        start = f'{known} data-title="{escape(self.title)}">'
        body = page.body.replace(b'<html lang="en">', start.encode(), 1)
        head = f"<title>{escape(self.title)}</title>".encode()
        return make_page(body.replace(_TITLE, head, 1), page.content_type)

    def _send(self, request: web.Request, page: Page, ancestors: str) -> web.Response:
        """The file, or 304 for a browser that has it; always asked for again, so an update shows at once."""
        headers = {
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.ETAG: page.etag,
            "Content-Security-Policy": _POLICY.format(ancestors=ancestors),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if self.https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.headers.get(hdrs.IF_NONE_MATCH) == page.etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=page.body, content_type=page.content_type, charset="utf-8", headers=headers)
