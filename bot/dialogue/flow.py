"""What forms and flows are made of: the slots they ask for, the steps of a flow and where each leads.

Knows no file (bot/project/flows_file.py reads them) and no running conversation (bot/dialogue/flows.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.conditions import Condition

END = "END"
CANCEL = "CANCEL"  # where a flow goes whose confirmation is refused


@dataclass(frozen=True, slots=True)
class Form:
    name: str
    required_slots: tuple[str, ...]
    ignored_intents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Way:
    """Where a step leads, if its condition holds (None: otherwise)."""

    to: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A value that a flow does not take, and the response that says so."""

    condition: Condition
    utter: str | None = None


@dataclass(frozen=True, slots=True)
class Collect:
    """Asks for a slot, unless it is filled; `anew` asks whatever it held. `keeps`: the slot outlives the
    flow. `confirms`: the slot says whether an action may be run, and is asked with all that was told.
    """

    slot: str
    utter: str | None = None
    anew: bool = False
    keeps: bool = False
    confirms: bool = False
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """Runs an action or says a response."""

    action: str


@dataclass(frozen=True, slots=True)
class SetSlots:
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """Runs another flow, and goes on after it."""

    flow: str


@dataclass(frozen=True, slots=True)
class Link:
    """Ends here and begins another flow."""

    flow: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Does nothing: a place to choose a way."""


Doing = Collect | Act | SetSlots | Call | Link | Pass


@dataclass(frozen=True, slots=True)
class FlowStep:
    id: str
    does: Doing
    ways: tuple[Way, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """The flow begins with this intent, where the reading is at least so sure of it."""

    intent: str
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Flow:
    """`steps` in the file's order; the first begins. `guard`: the flow may begin only where this holds.
    `titles` and `descriptions` are what customers read, by language.
    """

    name: str
    titles: Mapping[str, str]
    steps: Mapping[str, FlowStep]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()
    guard: Condition | None = None
    kept: frozenset[str] = frozenset()
    source: str = ""
    form: Form = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """As a form: what it collects may be told, corrected and judged like a form's slots."""
        object.__setattr__(self, "form", Form(self.name, tuple(dict.fromkeys(c.slot for c in self.collects))))

    def title(self, language: str) -> str:
        """What it is called in a language, or in the first that it has a name in."""
        return _worded(self.titles, language) or self.name

    def description(self, language: str) -> str:
        """As `title`; empty where it has none."""
        return _worded(self.descriptions, language)

    @property
    def collects(self) -> tuple[Collect, ...]:
        return tuple(step.does for step in self.steps.values() if isinstance(step.does, Collect))

    @property
    def confirmations(self) -> frozenset[str]:
        """The slots by which it asks whether to go ahead."""
        return frozenset(collect.slot for collect in self.collects if collect.confirms)

    @property
    def forgets(self) -> tuple[str, ...]:
        """The slots that are emptied when it is over."""
        kept = self.kept.union(collect.slot for collect in self.collects if collect.keeps)
        return tuple(name for name in self.form.required_slots if name not in kept)

    def way(self, slots: Mapping[str, Any]) -> tuple[str, ...]:
        """The slots that it asks for on the way that these slots take, as far as branches tell: what actions
        change is not known.
        """
        place, passed = self.begins, dict[str, str | None]()
        while place in self.steps and place not in passed:
            step = self.steps[place]
            passed[place] = step.does.slot if isinstance(step.does, Collect) else None
            place = next((w.to for w in step.ways if w.condition is None or w.condition.holds(slots)), END)
        return tuple(dict.fromkeys(slot for slot in passed.values() if slot))

    @property
    def begins(self) -> str:
        return next(iter(self.steps), END)


def _worded(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or next(iter(words.values()), "")


def done_by(flows: Mapping[str, Flow], *names: str) -> frozenset[str]:
    """Every action that these flows and those they go on with may run; asking has the flow's own name."""
    found, pending = set[str](), list(names)
    while pending:
        name = pending.pop()
        if name in flows and name not in found:
            does = [step.does for step in flows[name].steps.values()]
            found |= {name, *(one.action for one in does if isinstance(one, Act))}
            pending += [one.flow for one in does if isinstance(one, (Call, Link))]
    return frozenset(found)
