"""Test conversations in Rasa's format become steps with lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.reading import Entity
from bot.errors import ProjectError
from bot.project.tests_file import (
    ExpectedAction,
    ExpectedLoop,
    ExpectedSlot,
    ExpectedText,
    UserTurn,
    read_tests,
)
from tests.bot.project.conftest import WriteProject

STORY = """\
version: "3.1"
stories:
- story: order a pizza
  metadata: {language: en}
  steps:
  - user: |
      a [big](size:large) one
    intent: order
  - action: order_form
  - active_loop: order_form
  - slot_was_set:
    - size: large
    - toppings
  - intent: /inform
    entities:
    - size: small
      role: new
    - city
  - active_loop: null
  - bot: A small one.
"""


def test_every_kind_of_step_is_read(write_project: WriteProject) -> None:
    folder = write_project({"tests/test_order.yml": STORY, "tests/notes.yml": "stories: 3\n"})
    (test,), findings = read_tests(folder)
    assert findings == ()
    assert (test.name, test.file, test.line) == ("order a pizza", "tests/test_order.yml", 3)
    assert test.steps == (
        UserTurn("a big one", "order", (Entity("size", "large", 2, 5),), 6),
        ExpectedAction("order_form", 9),
        ExpectedLoop("order_form", 10),
        ExpectedSlot("size", "large", False, 11),
        ExpectedSlot("toppings", None, True, 11),
        UserTurn(None, "inform", (Entity("size", "small", role="new"), Entity("city", "")), 14),
        ExpectedLoop(None, 19),
        ExpectedText("A small one.", 20),
    )


@pytest.mark.parametrize(
    ("steps", "line", "words"),
    [
        ("  - or:\n    - intent: a\n    - intent: b\n", 3, "uses `or`, which tests do not support yet"),
        ("  - checkpoint: c\n", 3, "uses `checkpoint`"),
        ("  - user: hi\n  - dance: x\n", 4, "says nothing"),
        ("  - action: utter_greet\n", 1, "has no message by the customer"),
        ("  - user: |\n      [a]{'x'}\n", 3, "cannot be read"),
        ("  - user:\n", 3, "neither text nor intent"),
    ],
)
def test_what_cannot_be_played_is_left_out_and_told(
    write_project: WriteProject, steps: str, line: int, words: str
) -> None:
    folder = write_project({"tests/test_a.yml": f"stories:\n- story: a\n  steps:\n{steps}"})
    tests, findings = read_tests(folder)
    assert tests == ()
    assert any(finding.line == line + 1 and words in finding.message for finding in findings)


def test_two_tests_of_one_name_are_told(write_project: WriteProject) -> None:
    story = "stories:\n- story: a\n  steps:\n  - user: hi\n"
    tests, findings = read_tests(write_project({"tests/test_a.yml": story, "tests/deep/test_b.yml": story}))
    assert len(tests) == 2
    assert "Two tests are called `a`" in findings[0].message


def test_named_files_are_read_wherever_they_are(write_project: WriteProject, tmp_path: Path) -> None:
    folder = write_project({"tests/test_order.yml": STORY})
    other = tmp_path / "mine.yml"
    other.write_text("stories:\n- story: mine\n  steps:\n  - intent: greet\n", encoding="utf-8")
    tests, _ = read_tests(folder, [other])
    assert [(test.name, test.file) for test in tests] == [("mine", "mine.yml")]
    with pytest.raises(ProjectError, match="There is no test file"):
        read_tests(folder, [tmp_path / "none.yml"])


def test_a_project_without_tests_has_none(write_project: WriteProject) -> None:
    assert read_tests(write_project({})) == ((), ())
