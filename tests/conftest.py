"""What tests of several rooms share: a small project, trained once in a session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.bot.serving import free_port

# No test is timed: an example that is slow on a busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SMALL_PROJECT = Path(__file__).parent / "small_project"


@pytest.fixture(scope="session", autouse=True)
def _offline() -> Iterator[None]:
    """No test asks a model hub for anything."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    yield
    if before is None:
        del os.environ["HF_HUB_OFFLINE"]


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project with a bundle that serves. Shared: nobody changes its files or bundles."""
    folder = tmp_path_factory.mktemp("trained") / "small_project"
    shutil.copytree(SMALL_PROJECT, folder)
    command = [sys.executable, "-m", "bot", "train", str(folder), "--promote"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def project(trained_project: Path, tmp_path: Path) -> Path:
    """A copy of the trained project that the test may change and run."""
    folder = tmp_path / "small_project"
    shutil.copytree(trained_project, folder)
    endpoints = folder / "endpoints.yml"
    endpoints.write_text(endpoints.read_text().replace("5055", str(free_port())))  # its own action server
    return folder
