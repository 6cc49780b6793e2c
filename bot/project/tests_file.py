"""Reads test conversations: what a customer says and what the bot must do then.

Knows Rasa 3's `tests/test_*.yml`; plays nothing. A test that asks for something unsupported is left out, with
a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.dialogue.reading import Entity
from bot.errors import Finding, ProjectError
from bot.project.annotations import AnnotationError, parse
from bot.project.node import Entries, check_keys, entries, is_list, items, plain, text
from bot.project.report import Place, Report
from bot.project.rules_file import slot_steps
from bot.project.yaml import Node, read_yaml

_STEP_KEYS = ("user", "intent", "entities", "action", "active_loop", "slot_was_set", "bot", "metadata")
_UNSUPPORTED = {
    "or": "Write one test for each way the conversation may go.",
    "checkpoint": "Write the whole conversation into one test.",
}


@dataclass(frozen=True, slots=True)
class UserTurn:
    """The customer says `text`, or, where that is None, sends `/intent` with `entities`. `intent` is the
    right one."""

    text: str | None
    intent: str | None
    entities: tuple[Entity, ...]
    line: int


@dataclass(frozen=True, slots=True)
class ExpectedAction:
    """The bot runs this action or sends this response."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class ExpectedLoop:
    """This form is now running (None: none)."""

    name: str | None
    line: int


@dataclass(frozen=True, slots=True)
class ExpectedSlot:
    """The slot now has this value (`any_value`: whatever value but none)."""

    name: str
    value: Any
    any_value: bool
    line: int


@dataclass(frozen=True, slots=True)
class ExpectedText:
    """The bot says this, word for word."""

    text: str
    line: int


ConversationStep = UserTurn | ExpectedAction | ExpectedLoop | ExpectedSlot | ExpectedText


@dataclass(frozen=True, slots=True)
class ConversationTest:
    """One test conversation, from its first message to its last expectation."""

    name: str
    file: str
    line: int
    steps: tuple[ConversationStep, ...]


def read_tests(
    folder: Path, files: Sequence[Path] | None = None
) -> tuple[tuple[ConversationTest, ...], tuple[Finding, ...]]:
    """The tests of a project, or those in `files`, and what is wrong with them.

    Without `files`, every `test_*.yml` under `tests/`. Raises ProjectError where a named file does not exist.
    """
    report = Report()
    tests: list[ConversationTest] = []
    for path in _test_files(folder) if files is None else files:
        if files is not None and not path.is_file():
            message = f"There is no test file {path}. Give the path of a test_*.yml file."
            raise ProjectError((), message=message)
        inside = path.resolve().is_relative_to(folder.resolve())
        name = path.resolve().relative_to(folder.resolve()).as_posix() if inside else path.name
        top = entries(read_yaml(path, name, report), "A test file", report)
        check_keys(top, ("version", "stories"), "test file", report)
        for item in items(top.get("stories"), "stories", report):
            test = _test(item, report)
            if test is not None:
                tests.append(test)
    _note_doubles(tests, report)
    return tuple(tests), report.findings


def _test_files(folder: Path) -> Sequence[Path]:
    found = (path for path in (folder / "tests").rglob("test_*") if path.suffix in (".yml", ".yaml"))
    found = (path for path in found if not path.is_dir())
    return sorted(found, key=lambda path: path.as_posix())


def _note_doubles(tests: Sequence[ConversationTest], report: Report) -> None:
    first: dict[str, ConversationTest] = {}
    for test in tests:
        known = first.setdefault(test.name, test)
        if known is not test:
            message = f"Two tests are called `{test.name}`; the first is at {known.file}:{known.line}."
            report.warn(Place(test.file, test.line), message, "Rename one, so that a failure can be found.")


def _test(node: Node, report: Report) -> ConversationTest | None:
    found = entries(node, "a test", report)
    name = text(found.get("story"), "the name of a test", report)
    if not name:
        report.error(node.place, "This test has no name.", "Begin it with `- story: NAME`.")
        return None
    what = f"test `{name}`"
    check_keys(found, ("story", "steps", "metadata"), what, report)
    steps: list[ConversationStep] = []
    for item in items(found.get("steps"), f"steps of {what}", report):
        read = _steps(what, item, report)
        if read is None:
            return None
        steps += read
    if not is_list(found.get("steps")):
        return None
    if not any(isinstance(step, UserTurn) for step in steps):
        report.error(
            node.place, f"The {what} has no message by the customer.", "Add `- user: |` with a text."
        )
        return None
    place = found["story"].place
    return ConversationTest(name, place.file, place.line, tuple(steps))


def _steps(what: str, node: Node, report: Report) -> list[ConversationStep] | None:
    """What one step asks for; None where the test cannot be kept."""
    found = entries(node, f"a step of {what}", report)
    line = node.place.line
    for key, mend in _UNSUPPORTED.items():
        if key in found:
            report.error(node.place, f"The {what} uses `{key}`, which tests do not support yet.", mend)
            return None
    check_keys(found, _STEP_KEYS, f"step of {what}", report)
    if "user" in found or "intent" in found:
        turn = _user_turn(what, node, found, report)
        return None if turn is None else [turn]
    if "slot_was_set" in found:
        slots = slot_steps(what, found["slot_was_set"], report)
        return [ExpectedSlot(step.name, step.value, step.any_value, line) for step in slots]
    if "active_loop" in found:
        return [ExpectedLoop(text(found["active_loop"], f"active_loop of {what}", report), line)]
    if "metadata" in found:
        return []
    key = "action" if "action" in found else "bot"
    said = text(found.get(key), f"`{key}` of {what}", report)
    if said is None:
        report.error(
            node.place, f"A step of {what} says nothing.", "Use user, intent, action, bot or active_loop."
        )
        return None
    return [ExpectedAction(said, line) if key == "action" else ExpectedText(said.strip(), line)]


def _user_turn(what: str, node: Node, found: Entries, report: Report) -> UserTurn | None:
    intent = text(found.get("intent"), f"an intent of {what}", report)
    intent = intent.strip().removeprefix("/") if intent else None
    annotated = text(found.get("user"), f"a message of {what}", report)
    if annotated is None:
        if intent is None:
            report.error(
                node.place, f"A step of {what} has neither text nor intent.", "Add `user:` or `intent:`."
            )
            return None
        return UserTurn(None, intent, _entities(what, found, report), node.place.line)
    try:
        said, marked = parse(annotated.strip())
    except AnnotationError as error:
        mend = 'Write `[words](entity)` or `[words]{"entity": "name"}`.'
        report.error(node.place, f"An entity of {what} cannot be read: {error}.", mend)
        return None
    return UserTurn(said, intent, marked or _entities(what, found, report), node.place.line)


def _entities(what: str, found: Entries, report: Report) -> tuple[Entity, ...]:
    """`entities:` of a step without marks: `- name`, or `- name: value` with role and group beside it."""
    entities = []
    for item in items(found.get("entities"), f"entities of {what}", report):
        if isinstance(item.value, str):
            entities.append(Entity(item.value, ""))
            continue
        details = entries(item, f"an entity of {what}", report)
        role = text(details.get("role"), f"role of an entity of {what}", report)
        group = text(details.get("group"), f"group of an entity of {what}", report)
        entities += [
            Entity(name, plain(value), role=role, group=group)
            for name, value in details.items()
            if name not in ("role", "group")
        ]
    return tuple(entities)
