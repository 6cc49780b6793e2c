"""Whole projects in Rasa's format (tests/rasa_projects) are read, trained and played as they are.

moodbot is what `rasa init` writes, in other words; the three larger ones use between them what Rasa 3 offers.
By Rasa 3.6's own validation and policies each is sound and passes its tests. `live/` holds conversations that
Rasa cannot grade, since they hang on what actions take back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Level
from bot.project.check import check_folder
from bot.project.load import load_project
from bot.project.tests_file import read_tests
from tests.bot.serving import free_port

ROOT = Path(__file__).parent.parent / "rasa_projects"
LARGER = ("library", "workshop", "council")
SHARE_LIVE = 0.9


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that the projects' endpoints.yml and credentials.yml name."""
    actions = f"http://localhost:{free_port()}/webhook"
    for name in ("WORKSHOP_ACTIONS", "COUNCIL_ACTION_URL"):
        monkeypatch.setenv(name, actions)
    for name in ("LIBRARY_DATABASE", "LIBRARY_TELEGRAM_TOKEN", "WORKSHOP_SLACK_TOKEN", "WORKSHOP_SIGNING"):
        monkeypatch.setenv(name, "unused")
    for name in ("COUNCIL_BROKER_PASSWORD", "COUNCIL_TOKEN"):
        monkeypatch.setenv(name, "unused")


@pytest.mark.parametrize("name", ["moodbot", *LARGER])
def test_is_read_without_an_error(name: str) -> None:
    assert [str(finding) for finding in check_folder(ROOT / name) if finding.level is Level.ERROR] == []


def test_they_are_of_the_size_that_was_meant() -> None:
    assert len(load_project(ROOT / "council").domain.intents) >= 60
    counts = {name: len(read_tests(ROOT / name)[0]) for name in ("moodbot", *LARGER)}
    assert min(counts[name] for name in LARGER) >= 12 and sum(counts.values()) >= 50


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of the project by its name, with a bundle of its own and an action server that nobody else
    uses; trained once.
    """

    @cache
    def made(name: str) -> Path:
        folder = tmp_path_factory.mktemp("projects") / name
        shutil.copytree(ROOT / name, folder)
        endpoints = folder / "endpoints.yml"
        endpoints.write_text(endpoints.read_text().replace("localhost:5055", f"localhost:{free_port()}"))
        done = _run("train", str(folder), "--promote")
        assert done.returncode == 0, done.stderr
        return folder

    return made


def test_the_bot_of_rasa_init_passes_its_tests(trained: Callable[[str], Path]) -> None:
    assert _played(trained("moodbot"))["failures"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGER)
def test_a_larger_bot_passes_its_tests(name: str, trained: Callable[[str], Path]) -> None:
    gradings = _played(trained(name))["gradings"]
    assert gradings["rasa"]["failures"] == []
    live = gradings["live"]
    assert live["passed"] >= SHARE_LIVE * live["conversations"], live["failures"]


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGER)
def test_what_rasa_cannot_grade_is_right_in_live_play(name: str, trained: Callable[[str], Path]) -> None:
    stories = str(ROOT / "live" / f"{name}.yml")
    assert _played(trained(name), "--grading", "live", "--stories", stories)["failures"] == []


def _played(folder: Path, *options: str) -> dict[str, Any]:
    done = _run("test", str(folder), "--json", "-", *options)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ.copy())
