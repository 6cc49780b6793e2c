"""An agent's browser without the page: cookies, CSRF token, requests."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse, CookieJar

from bot.console.accounts import create_user
from tests.bot.channels.small_server import CHEAP, SmallServer

PASSWORD = "a long enough one"


class Browser:
    def __init__(self, server: SmallServer, session: ClientSession) -> None:
        self.http = session
        self.origin = str(server.client.make_url("")).rstrip("/")
        self.csrf = ""
        self.address = "127.0.0.1"

    async def get(self, path: str, **query: str | int) -> ClientResponse:
        return await self.http.get(f"{self.origin}/console/api/{path}", params=query)

    async def post(self, path: str, **body: Any) -> ClientResponse:
        headers = {"X-CSRF-Token": self.csrf, "Origin": self.origin, "X-Forwarded-For": self.address}
        return await self.http.post(f"{self.origin}/console/api/{path}", json=body, headers=headers)

    async def sign_in(self, name: str, password: str = PASSWORD) -> ClientResponse:
        response = await self.post("sign-in", name=name, password=password)
        if response.status == 200:
            self.csrf = (await response.json())["csrf"]
        return response

    async def live(self) -> ClientWebSocketResponse:
        return await self.http.ws_connect(f"{self.origin}/console/api/live", headers={"Origin": self.origin})


def anonymous(server: SmallServer) -> Browser:
    return Browser(server, ClientSession(cookie_jar=CookieJar(unsafe=True)))


async def signed_in(server: SmallServer, name: str, role: str) -> Browser:
    """A new user of this role, signed in."""
    await create_user(server.store, name, role, PASSWORD, passwords=CHEAP)
    browser = anonymous(server)
    assert (await browser.sign_in(name)).status == 200
    return browser


async def customer_says(server: SmallServer, text: str, *, sender: str = "ann") -> Any:
    """Through the REST channel; the bot's replies."""
    body = {"sender": sender, "message": text}
    return await (await server.client.post("/webhooks/rest/webhook", json=body)).json()
