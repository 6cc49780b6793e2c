"""`frontdesk test`: what it says of tests that fail: JSON, the terminal, and files that it reads again."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.__main__ import run
from bot.bot import Bot
from bot.cli import test as verb
from bot.project.load import load_project
from bot.project.tests_file import read_tests
from tests.bot.test_grading import Server, bot

DOMAIN = """\
intents: [greet, loan]
responses: {utter_greet: [{text: Hello}], utter_loan: [{text: How much?}]}
"""
RULES = """\
rules:
- {rule: greet, steps: [{intent: greet}, {action: utter_greet}]}
- {rule: loan, steps: [{intent: loan}, {action: utter_loan}]}
"""
TESTS = """\
stories:
- story: fine
  steps:
  - {user: hi, intent: greet}
  - action: utter_greet
- story: misread
  steps:
  - {user: hi, intent: loan}
  - action: utter_loan
- story: wrong
  steps:
  - {user: hi, intent: greet}
  - action: utter_loan
  - {user: i need a loan, intent: loan}
  - action: utter_loan
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three tests, whose bot needs no models: it reads by heart."""
    root = tmp_path / "small"
    for name, body in {"domain.yml": DOMAIN, "data/rules.yml": RULES, "tests/test_a.yml": TESTS}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(body, encoding="utf-8")

    @asynccontextmanager
    async def opened(*args: Any, **kwargs: Any) -> AsyncIterator[Bot]:
        yield bot(load_project(root).domain, Server())

    monkeypatch.setattr(verb, "bundle_or_train", lambda *args: SimpleNamespace(id="a-bundle"))
    monkeypatch.setattr(verb, "open_bot", opened)
    monkeypatch.delenv("FRONTDESK_HOME", raising=False)
    return root


def played(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert run(["test", str(folder), "--json", "-", *options]) == 1
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_conversation_passes_that_passes_in_every_way(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = played(folder, capsys)
    assert (found["conversations"], found["passed"]) == (3, 1)
    assert [(f["name"], f["turn"], f["expected"], f["got"]) for f in found["failures"]] == [
        ("misread", 1, "utter_loan", "utter_greet"),
        ("wrong", 1, "utter_loan", "utter_greet"),
    ]
    live, rasa = found["gradings"]["live"], found["gradings"]["rasa"]
    assert (live["passed"], rasa["passed"]) == (1, 2)
    assert rasa["actions"] == {"right": 7, "of": 8}
    assert rasa["intents"] == {"right": 3, "of": 4}
    assert rasa["confused"] == [{"expected": "utter_loan", "got": "utter_greet", "times": 1}]


@pytest.mark.parametrize(("way", "passed"), [("live", 1), ("rasa", 2)])
def test_one_way_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], way: str, passed: int, tmp_path: Path
) -> None:
    found = played(folder, capsys, "--grading", way, "--out", str(tmp_path / "out"))
    assert (found["passed"], list(found["gradings"])) == (passed, [way])
    assert not (folder / ".frontdesk" / "results").exists()


def test_the_terminal_names_what_failed_and_where_it_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", str(folder)]) == 1
    said = capsys.readouterr().out
    results = folder / ".frontdesk" / "results"
    for line in (
        "tests/test_a.yml:12: wrong (live)",
        "  expected: utter_loan\n  got:      utter_greet",
        "rasa: 2 of 3 conversations passed, 7 of 8 actions right, 3 of 4 intents.",
        f"See {results / 'failed_live_stories.yml'}",
        f"See {results / 'failed_test_stories.yml'}",
        f"See {results / 'stories_with_warnings.yml'}",
    ):
        assert line in said, said


def test_what_failed_is_a_test_file_with_remarks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    played(folder, capsys)
    results = folder / ".frontdesk" / "results"
    failed = (results / "failed_test_stories.yml").read_text(encoding="utf-8")
    assert "- story: wrong  # tests/test_a.yml:10\n" in failed
    assert "  - action: utter_loan  # predicted: utter_greet\n" in failed
    misread = (results / "stories_with_warnings.yml").read_text(encoding="utf-8")
    assert "    intent: loan  # predicted: greet\n" in misread
    tests = {test.name: test.steps for test in read_tests(folder)[0]}
    for path in results.glob("*.yml"):
        again, findings = read_tests(folder, [path])
        assert findings == () and again
        for test in again:
            assert [type(step) for step in test.steps] == [type(step) for step in tests[test.name]]
    shutil.copy(results / "failed_test_stories.yml", folder / "tests" / "test_a.yml")
    assert played(folder, capsys)["conversations"] == 1


def test_a_file_of_an_earlier_run_does_not_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    played(folder, capsys)
    tests = folder / "tests" / "test_a.yml"
    tests.write_text(TESTS.split("- story: misread")[0], encoding="utf-8")
    assert run(["test", str(folder)]) == 0
    assert "See" not in capsys.readouterr().out
    failed = folder / ".frontdesk" / "results" / "failed_test_stories.yml"
    assert read_tests(folder, [failed]) == ((), ())


def test_a_folder_that_cannot_be_written_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["test", str(folder), "--out", str(tmp_path / "file" / "deep")]) == 1
    error = capsys.readouterr().err
    assert "Give --out a writable folder" in error and error.count("\n") == 1
