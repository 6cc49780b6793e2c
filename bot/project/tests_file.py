"""Reads test conversations: what a customer says and what the bot must do then.

Knows Rasa 3's `test_*.yml`, and training stories and rules as tests of themselves; plays nothing. What cannot
be played is left out, with a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.dialogue.reading import Entity
from bot.dialogue.steps import SlotStep
from bot.dialogue.text import parse_payload
from bot.errors import Finding, ProjectError
from bot.project.annotations import AnnotationError, parse
from bot.project.branching import Part, Way, read_parts, ways_through
from bot.project.migration import migrate
from bot.project.node import Entries, check_keys, entries, flag, is_list, items, text
from bot.project.old_format import Files
from bot.project.report import Place, Report
from bot.project.rules_file import SNIPPET, slot_steps, step_entities
from bot.project.yaml import Node, read_yaml

_YAML = (".yml", ".yaml")
_TOP_KEYS = ("version", "stories", "rules", "nlu", "responses", "dialogues")  # a data file may hold them all
_TEST_KEYS = ("story", "steps", "metadata")
_RULE_KEYS = ("rule", "condition", "conversation_start", "wait_for_user_input", "steps", "metadata")
_STEP_KEYS = ("user", "intent", "entities", "action", "active_loop", "slot_was_set", "bot", "metadata")


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
class ExpectedSlot(SlotStep):
    """The slot now has this value (`any_value`: whatever value but none)."""

    line: int = 0


@dataclass(frozen=True, slots=True)
class ExpectedText:
    """The bot says this, word for word."""

    text: str
    line: int


ConversationStep = UserTurn | ExpectedAction | ExpectedLoop | ExpectedSlot | ExpectedText


@dataclass(frozen=True, slots=True)
class ConversationTest:
    """One test conversation. What stands before its first message is given, all else expected; `ends` says
    that the bot then waits for the customer.
    """

    name: str
    file: str
    line: int
    steps: tuple[ConversationStep, ...]
    ends: bool = True


def read_tests(
    folder: Path, files: Sequence[Path] | None = None
) -> tuple[tuple[ConversationTest, ...], tuple[Finding, ...]]:
    """The tests of a project, or those in `files`, and what is wrong with them. One that branches is one test
    for each way through it.

    Without `files`, every `test_*.yml` under `tests/` and `data/`; a folder among `files` stands for all YAML
    files in it. Raises ProjectError where a named file does not exist.
    """
    report = Report()
    parts: list[Part[ConversationStep]] = []
    rules: dict[Place, bool] = {}
    tops: dict[str, Node] = {}
    for path in _test_files(folder) if files is None else _named_files(files):
        inside = path.resolve().is_relative_to(folder.resolve())
        name = path.resolve().relative_to(folder.resolve()).as_posix() if inside else path.name
        tops[str(path)] = read_yaml(path, name, report) or Node(None, Place(name))
    for node in migrate(Files(data=tops)).files.data.values():
        top = entries(node, "A test file", report)
        check_keys(top, _TOP_KEYS, "test file", report)
        for section in ("stories", "rules"):
            for item in items(top.get(section), section, report):
                parts += _parts(item, rules, report)
    _note_doubles(parts, report)
    tests = [test for ways in ways_through(parts, report) for test in _tests(ways, rules, report)]
    return tuple(tests), report.findings


def _test_files(folder: Path) -> Sequence[Path]:
    found = (path for place in ("tests", "data") for path in (folder / place).rglob("test_*"))
    found = (path for path in found if path.suffix in _YAML and not path.is_dir())
    return sorted(found, key=lambda path: path.as_posix())


def _named_files(files: Sequence[Path]) -> Iterator[Path]:
    for path in files:
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*") if found.suffix in _YAML)
        elif path.is_file():
            yield path
        else:
            message = f"There is no test file {path}. Give the path of a test_*.yml file."
            raise ProjectError((), message=message)


def _note_doubles(parts: Sequence[Part[ConversationStep]], report: Report) -> None:
    first: dict[str, Place] = {}
    for part in parts:
        known = first.setdefault(part.name, part.place)
        if known != part.place:
            message = f"Two tests are called `{part.name}`; the first is at {known}."
            report.warn(part.place, message, "Rename one, so that a failure can be found.")


def _parts(node: Node, rules: dict[Place, bool], report: Report) -> list[Part[ConversationStep]]:
    """The parts of one test; of a rule, `rules` is told whether it waits for the customer in the end."""
    found = entries(node, "a test", report)
    kind = "rule" if "rule" in found else "story"
    name = text(found.get(kind), "the name of a test", report)
    if not name:
        report.error(node.place, "This test has no name.", "Begin it with `- story: NAME`.")
        return []
    what = f"test `{name}`"
    check_keys(found, _RULE_KEYS if kind == "rule" else _TEST_KEYS, what, report)
    first: Part[ConversationStep] = Part(name, found[kind].place)
    first.ways = [
        tuple(
            step
            for item in items(found.get("condition"), f"condition of {what}", report)
            for step in _plain_step(what, item, report) or ()
        )
    ]
    if kind == "rule":
        waits = found.get("wait_for_user_input")
        rules[first.place] = flag(waits, f"wait_for_user_input of {what}", report, default=True)
    parts = read_parts(first, what, found.get("steps"), _plain_step, report)
    return parts if parts is not None and is_list(found.get("steps")) else []


def _tests(
    ways: Sequence[Way[ConversationStep]], rules: Mapping[Place, bool], report: Report
) -> Iterator[ConversationTest]:
    """The tests of one story. A rule that follows an action, and no message, is none."""
    for number, way in enumerate(ways, start=1):
        name = way.name if len(ways) == 1 else f"{way.name} ({number} of {len(ways)})"
        if any(isinstance(step, UserTurn) for step in way.steps):
            ends = way.ends and rules.get(way.place, True)
            yield ConversationTest(name, way.place.file, way.place.line, way.steps, ends)
        elif way.place not in rules:
            message = f"The test `{way.name}` has no message by the customer."
            report.error(way.place, message, "Add `- user: |` with a text.")


def _plain_step(what: str, node: Node, report: Report) -> tuple[ConversationStep, ...] | None:
    """What one step asks for; None where the test cannot be kept."""
    if node.raw == SNIPPET:
        return ()
    found = entries(node, f"a step of {what}", report)
    line = node.place.line
    check_keys(found, _STEP_KEYS, f"step of {what}", report)
    if "user" in found or "intent" in found:
        turn = _user_turn(what, node, found, report)
        return None if turn is None else (turn,)
    if "slot_was_set" in found:
        slots = slot_steps(what, found["slot_was_set"], report)
        return tuple(ExpectedSlot(step.name, step.value, step.any_value, line) for step in slots)
    if "active_loop" in found:
        return (ExpectedLoop(text(found["active_loop"], f"active_loop of {what}", report), line),)
    if "metadata" in found:
        return ()
    key = "action" if "action" in found else "bot"
    said = text(found.get(key), f"`{key}` of {what}", report)
    if said is None:
        report.error(
            node.place, f"A step of {what} says nothing.", "Use user, intent, action, bot or active_loop."
        )
        return None
    return (ExpectedAction(said, line) if key == "action" else ExpectedText(said.strip(), line),)


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
        return UserTurn(None, intent, tuple(step_entities(what, found, report)), node.place.line)
    try:
        said, marked = parse(annotated.strip())
    except AnnotationError as error:
        mend = 'Write `[words](entity)` or `[words]{"entity": "name"}`.'
        report.error(node.place, f"An entity of {what} cannot be read: {error}.", mend)
        return None
    if payload := parse_payload(said):
        return UserTurn(said, intent or payload.intent, payload.entities, node.place.line)
    return UserTurn(said, intent, marked or tuple(step_entities(what, found, report)), node.place.line)
