"""Each bot in turn, surveyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.picture.graph import Graph
from tests.bot.picture.bots import BOTS


@pytest.fixture(params=BOTS)
def graph(request: pytest.FixtureRequest, tmp_path: Path) -> Graph:
    return BOTS[request.param](tmp_path)
