"""One small server for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.channels.small_server import SmallServer, small_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SmallServer]:
    async with small_server(tmp_path) as running:
        yield running
