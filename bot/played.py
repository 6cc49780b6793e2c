"""What conversation tests come to: what their steps tell of a conversation, and what came of playing them.

Knows tests and the verdict on each; plays nothing (bot.rehearsal and bot.grading do).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.dialogue.domain import Domain, Slot, SlotType
from bot.dialogue.events import ActionRun, Event, LoopSet, SessionStarted, SlotSet
from bot.dialogue.names import LISTEN
from bot.dialogue.reading import Reading
from bot.dialogue.selection import is_selection
from bot.project.tests_file import (
    ConversationStep,
    ConversationTest,
    ExpectedAction,
    ExpectedLoop,
    ExpectedSlot,
    UserTurn,
)
from bot.project.tests_write import Remarked

START = 1_700_000_000.0
SECONDS_BETWEEN = 20.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a test first went otherwise: `turn` counts the customer's messages from 1."""

    name: str
    file: str
    line: int
    turn: int
    said: str
    intent: str | None
    expected: str
    got: str

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "turn": self.turn,
            "expected": self.expected,
            "got": self.got,
            "file": self.file,
            "line": self.line,
            "said": self.said,
            "intent": self.intent,
        }


@dataclass(frozen=True, slots=True)
class Played:
    """How one test went. `actions` pairs each action that was expected, listening included, with the one that
    came, as far as it was played; `readings` each intent that the test names with the one that was read.
    `told` is the test again, with a remark on each step that went otherwise.
    """

    test: ConversationTest
    failure: Failure | None
    actions: tuple[tuple[str, str], ...]
    readings: tuple[tuple[str, str | None], ...]
    told: tuple[Remarked, ...]

    @property
    def misread(self) -> bool:
        return any(meant != read for meant, read in self.readings)


def taken_for(said: UserTurn, reading: Reading) -> str | None:
    """The intent that was read: a part of a retrieval intent where the test names one."""
    part = reading.selection if said.intent and is_selection(said.intent) else None
    return part or reading.intent


def right(pairs: Iterable[tuple[str, str | None]]) -> int:
    """How many pairs agree."""
    return sum(expected == got for expected, got in pairs)


def confusions(plays: Sequence[Played]) -> list[tuple[str, str, int]]:
    """Each action that was expected with another that came instead and how often, the most frequent first."""
    wrong = Counter(pair for play in plays for pair in play.actions if pair[0] != pair[1])
    return [(*pair, count) for pair, count in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))]


def given(test: ConversationTest) -> tuple[ConversationStep, ...]:
    """The steps before the first message, which nothing can be compared with."""
    return test.steps[: next(place for place, step in enumerate(test.steps) if isinstance(step, UserTurn))]


def opening(domain: Domain, steps: Iterable[ConversationStep]) -> Iterator[Event]:
    """A session that begins with what is given, and the bot listening."""
    yield SessionStarted(at=START)
    yield from initial_slots(domain, START)
    for step in steps:
        yield from told_events(domain, step, START)
    yield ActionRun(at=START, name=LISTEN)


def initial_slots(domain: Domain, at: float) -> Iterator[Event]:
    """What slots hold before anything is said."""
    for slot in domain.slots.values():
        if slot.initial is not None:
            yield SlotSet(at=at, name=slot.name, value=slot.initial)


def told_events(domain: Domain, step: ConversationStep, at: float) -> Iterator[Event]:
    """What a step says that the bot did; nothing where it only gives the words."""
    match step:
        case ExpectedAction(name=name):
            yield ActionRun(at=at, name=name)
        case ExpectedLoop(name=name):
            yield LoopSet(at=at, name=name)
        case ExpectedSlot(name=name, any_value=True):
            value = _some_value(domain.slots.get(name))
            if value is not None:
                yield SlotSet(at=at, name=name, value=value)
        case ExpectedSlot(name=name, value=value):
            yield SlotSet(at=at, name=name, value=value)
        case _:
            pass


def _some_value(slot: Slot | None) -> Any:
    """What fills a slot that is named without a value: a kind that needs one stays empty, as in Rasa."""
    kinds = {SlotType.TEXT: "filled", SlotType.ANY: "filled", SlotType.LIST: ["filled"]}
    return kinds.get(slot.type) if slot else None
