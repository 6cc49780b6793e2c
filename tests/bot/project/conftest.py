"""Small projects written for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WriteProject = Callable[[dict[str, str]], Path]


@pytest.fixture
def write_project(tmp_path: Path) -> WriteProject:
    """Writes files under a folder of the test's own and gives the folder."""

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path / "pizza"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        folder.mkdir(exist_ok=True)
        return folder

    return write
