"""A Bot API server from its documentation (https://core.telegram.org/bots/api); refuses on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Refusal = tuple[int, dict[str, Any]]


@dataclass
class FakeTelegram:
    """`refusals` are given once `refuse_after` calls were taken; `taken` holds (method, body) in order."""

    token: str
    refusals: list[Refusal] = field(default_factory=list)
    refuse_after: int = 0
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: int = 0
    url: str = ""

    async def call(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.match_info["token"] != self.token:
            return _refuse(401, {"description": "Unauthorized"})
        if self.refusals and len(self.taken) >= self.refuse_after:
            return _refuse(*self.refusals.pop(0))
        method, body = request.match_info["method"], await request.json()
        problem = _check(method, body)
        if problem:
            return _refuse(400, {"description": f"Bad Request: {problem}"})
        self.taken.append((method, body))
        return web.json_response({"ok": True, "result": {"message_id": len(self.taken)}})


def _refuse(status: int, more: dict[str, Any]) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, **more}, status=status)


def _check(method: str, body: dict[str, Any]) -> str | None:
    if method != "sendMessage":
        return None
    if not 0 < len(body["text"].encode("utf-16-le")) // 2 <= 4096:
        return "message is too long"
    rows = body.get("reply_markup", {}).get("inline_keyboard", [])
    if any(not 0 < len(button["callback_data"].encode()) <= 64 for row in rows for button in row):
        return "BUTTON_DATA_INVALID"
    return None


@asynccontextmanager
async def fake_telegram(token: str) -> AsyncIterator[FakeTelegram]:
    fake = FakeTelegram(token)
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", fake.call)
    server = TestServer(app)
    await server.start_server()
    fake.url = str(server.make_url("")).rstrip("/")
    try:
        yield fake
    finally:
        await server.close()
