"""One small server for each test, and browsers that are closed after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.bot.channels.small_server import SmallServer, small_server
from tests.bot.console.browser import Browser, anonymous, signed_in

SignIn = Callable[[str, str], Awaitable[Browser]]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SmallServer]:
    async with small_server(tmp_path) as running:
        yield running


@pytest.fixture
async def sign_in(server: SmallServer) -> AsyncIterator[SignIn]:
    """Make a user of a role and sign in: `await sign_in("eve", "agent")`."""
    opened: list[Browser] = []

    async def make(name: str, role: str) -> Browser:
        opened.append(await signed_in(server, name, role))
        return opened[-1]

    yield make
    for browser in opened:
        await browser.http.close()


@pytest.fixture
async def stranger(server: SmallServer) -> AsyncIterator[Browser]:
    """Nobody in particular."""
    browser = anonymous(server)
    yield browser
    await browser.http.close()
