"""The edge: whatever a handler raises, the client reads one shape and the log holds no customer's words."""

from __future__ import annotations

import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import edge
from bot.channels.contract import Crowded

WORDS = "my account is 12345678"


async def fine(request: web.Request) -> web.Response:
    return web.Response()


async def breaks(request: web.Request) -> web.Response:
    raise ValueError(WORDS)


async def full(request: web.Request) -> web.Response:
    raise Crowded


async def test_an_unforeseen_error_is_logged_by_kind_and_place_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = web.Application(middlewares=[edge.errors])
    app.router.add_get("/broken", breaks)
    app.router.add_get("/full", full)
    with caplog.at_level(logging.DEBUG):
        async with TestClient(TestServer(app)) as client:
            response = await client.get("/broken")
            told = await response.json()
            crowded = await client.get("/full")
    assert (response.status, told["error"]["code"]) == (500, "internal")
    assert (crowded.status, crowded.headers["Retry-After"]) == (503, "10")
    assert WORDS not in caplog.text and WORDS not in str(told)
    assert "GET /broken failed: ValueError at test_edge.py" in caplog.text


async def test_a_logged_request_names_neither_token_nor_customer(caplog: pytest.LogCaptureFixture) -> None:
    app = web.Application()
    app.router.add_get("/conversations/{conversation_id}", fine)
    server = TestServer(app)
    await server.start_server(access_log_class=edge.RequestLog)
    with caplog.at_level(logging.INFO, logger="aiohttp.access"):  # the command sets that logger's own level
        async with TestClient(server) as client:
            await client.get("/conversations/ann", params={"token": "s3cret"})
            await client.get("/ann/s3cret")
    assert "GET /conversations/{conversation_id} 200" in caplog.text and "GET (no route) 404" in caplog.text
    assert "ann" not in caplog.text.replace("channel", "") and "s3cret" not in caplog.text
