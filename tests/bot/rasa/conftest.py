"""One server for each test, its interface open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.bot.channels.small_server import SmallServer, small_server

TOKEN = "an operator's token"


@dataclass(frozen=True)
class Caller:
    """A program that has the token."""

    server: SmallServer

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200, **query: str) -> Any:
        """The JSON that comes back, with the status that is expected."""
        response = await self.server.client.request(
            method, path, json=body, params=query, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert response.status == status, await response.text()
        return await response.json()

    async def get(self, path: str, *, status: int = 200, **query: str) -> Any:
        return await self.call("GET", path, status=status, **query)

    async def post(self, path: str, body: Any = None, *, status: int = 200, **query: str) -> Any:
        return await self.call("POST", path, body, status=status, **query)

    async def put(self, path: str, body: Any, *, status: int = 200, **query: str) -> Any:
        return await self.call("PUT", path, body, status=status, **query)

    async def say(self, sender: str, text: str) -> Any:
        """A customer's message by REST, and what the bot says to it."""
        return await self.post("/webhooks/rest/webhook", {"sender": sender, "message": text})


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    async with small_server(tmp_path, api_token=TOKEN) as running:
        yield Caller(running)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SmallServer]:
    """A server whose interface nobody opened."""
    async with small_server(tmp_path) as running:
        yield running
