"""Test conversations in Rasa's format become steps with lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue.reading import Entity
from bot.errors import Level, ProjectError
from bot.project.tests_file import (
    ConversationStep,
    ConversationTest,
    ExpectedAction,
    ExpectedLoop,
    ExpectedSlot,
    ExpectedText,
    UserTurn,
    read_tests,
)
from bot.project.tests_write import stories_to_yaml
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
        ("  - user: hi\n  - or: []\n", 4, "`or` of test `a` has no choice"),
        ("  - user: hi\n  - checkpoint:\n", 4, "has no name"),
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


def names(tests: Sequence[ConversationTest]) -> list[tuple[str, list[str | None]]]:
    """Each test by its name, with its intents and actions."""
    return [
        (
            test.name,
            [
                step.intent if isinstance(step, UserTurn) else step.name
                for step in test.steps
                if isinstance(step, (UserTurn, ExpectedAction))
            ],
        )
        for test in tests
    ]


BRANCHING = """\
stories:
- story: begin
  steps:
  - or:
    - intent: a
    - {user: bee, intent: b}
  - action: utter_x
  - checkpoint: on
- story: end
  steps:
  - checkpoint: on
    slot_was_set: [size: big]
  - intent: never
- story: other end
  steps:
  - checkpoint: on
  - intent: c
  - or:
    - slot_was_set: [size: big]
    - slot_was_set: [size: small]
"""


def test_a_test_that_branches_is_one_for_each_way(write_project: WriteProject) -> None:
    tests, findings = read_tests(write_project({"tests/test_a.yml": BRANCHING}))
    assert findings == ()
    assert names(tests) == [
        (f"begin ({number} of 4)", [intent, "utter_x", "c"]) for number, intent in enumerate("aabb", start=1)
    ]
    assert [cast(ExpectedSlot, test.steps[-1]).value for test in tests] == ["big", "small"] * 2
    assert isinstance(tests[2].steps[0], UserTurn) and tests[2].steps[0].text == "bee"


def test_a_test_that_ends_in_a_loose_checkpoint_does_not_wait(write_project: WriteProject) -> None:
    story = "stories:\n- story: a\n  steps:\n  - intent: a\n  - checkpoint: x\n"
    (test,), findings = read_tests(write_project({"tests/test_a.yml": story}))
    assert test.ends is False
    assert "No story goes on from the checkpoint `x`" in findings[0].message


RULES = """\
rules:
- rule: stop
  condition:
  - active_loop: order_form
  - slot_was_set: [size]
  wait_for_user_input: false
  steps:
  - ...
  - intent: stop
  - action: utter_stopped
- rule: after an action
  steps: [{action: utter_a}, {action: utter_b}]
"""


def test_rules_are_tests_that_begin_with_their_condition(write_project: WriteProject) -> None:
    (test,), findings = read_tests(write_project({"tests/test_a.yml": RULES}))
    assert findings == ()
    assert test.steps[:2] == (ExpectedLoop("order_form", 4), ExpectedSlot("size", None, True, 5))
    assert (names([test]), test.ends) == ([("stop", ["stop", "utter_stopped"])], False)


def test_training_stories_are_tests_by_intent(write_project: WriteProject) -> None:
    story = "stories:\n- story: {}\n  steps:\n  - intent: a\n  - action: utter_x\n"
    nlu = "nlu:\n- intent: a\n  examples: |\n    - hello\n"
    files = {
        "data/stories.yml": story.format("one"),
        "data/test_more.yml": story.format("two"),
        "data/nlu.yml": nlu,
    }
    folder = write_project(files)
    assert names(read_tests(folder)[0]) == [("two", ["a", "utter_x"])], (
        "by itself, only what is called a test"
    )
    tests, findings = read_tests(folder, [folder / "data"])
    assert (names(tests), findings) == ([("one", ["a", "utter_x"]), ("two", ["a", "utter_x"])], ())


def test_a_payload_in_words_names_its_entities(write_project: WriteProject) -> None:
    story = """stories:\n- story: a\n  steps:\n  - user: '/order{"size": "big"}'\n"""
    (test,), _ = read_tests(write_project({"tests/test_a.yml": story}))
    (turn,) = test.steps
    assert isinstance(turn, UserTurn)
    assert (turn.intent, [(e.name, e.value) for e in turn.entities]) == ("order", [("size", "big")])


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), min_size=1, max_size=30
)
NAMES = st.text("abcxyz_é-/ 0", min_size=1).map(lambda name: name.strip(" /")).filter(bool)
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, "big", "1e3", "yes", "#", []])
MARKED = st.sampled_from([((), "two"), ((Entity("size", "large", 4, 7, role="new"),), "the big one")])
SAID = st.one_of(
    st.builds(lambda marked, intent: UserTurn(marked[1], intent, marked[0], 0), MARKED, st.none() | NAMES),
    st.builds(
        lambda text, intent: UserTurn(text.strip(), intent, (), 0),
        TEXTS.filter(lambda text: text.strip() and text.strip()[0] != "/" and "[" not in text),
        NAMES,
    ),
    st.builds(
        lambda intent, value: UserTurn(
            None, intent, (Entity("size", value, group="1"), Entity("city", "")), 0
        ),
        NAMES,
        VALUES,
    ),
)
STEPS = st.one_of(
    st.builds(ExpectedAction, NAMES, st.just(0)),
    st.builds(ExpectedLoop, st.none() | NAMES, st.just(0)),
    st.builds(ExpectedSlot, NAMES, VALUES, st.just(False), st.just(0)),
    st.builds(ExpectedSlot, NAMES, st.none(), st.just(True), st.just(0)),
    st.builds(ExpectedText, TEXTS.map(str.strip).filter(bool), st.just(0)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(SAID, st.lists(SAID | STEPS, max_size=6), NAMES, st.none() | TEXTS)
def test_what_is_written_is_read_again(
    tmp_path: Path, first: ConversationStep, steps: list[ConversationStep], name: str, remark: str | None
) -> None:
    path = tmp_path / "a.yml"
    told = [(step, remark) for step in (first, *steps)]
    path.write_text(stories_to_yaml([(name, "x.yml:3", told)], "note"), encoding="utf-8")
    (test,), findings = read_tests(tmp_path, [path])
    assert not [finding for finding in findings if finding.level is Level.ERROR]
    assert test.name == name
    assert [_unplaced(step) for step in test.steps] == [_unplaced(step) for step, _ in told]


def _unplaced(step: ConversationStep) -> ConversationStep:
    return replace(step, line=0)
