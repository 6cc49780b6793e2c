"""What a conversation amounts to: the value that the fold of its log makes.

Knows what is remembered; not how events change it (bot/dialogue/fold.py), does no I/O. It stays small
whatever the length of the log: only the current turn, the last lines and the last few beginnings of a turn
are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.dialogue.events import ActionRun, BotSaid, LoopSet, SlotSet, UserSaid
from bot.dialogue.message import Line
from bot.dialogue.names import LANGUAGE_SLOT, REQUESTED_SLOT, SPOKEN_SLOT
from bot.dialogue.trail import Trail


class Holder(StrEnum):
    """Who answers the customer now."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Opening:
    """What held when the bot began to act on the latest message: rules' conditions look here."""

    loop: str | None
    slots: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a form that came to its own end: the intent that began it, and the slots it filled."""

    intent: str | None
    slots: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """A flow that runs or waits for one above it: the step it stands at. `under`: the form it interrupted."""

    flow: str
    step: str
    called: bool = False
    under: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What held at an earlier point, as far as it can hold again: what was said and who holds the
    conversation cannot be taken back.
    """

    slots: Mapping[str, Any]
    loop: str | None
    stack: tuple[Frame, ...]
    loop_rejected: bool
    loop_interrupted: bool
    trigger: UserSaid | None
    filling: frozenset[str]
    finished: Mapping[str, Run]
    latest: UserSaid | None
    last_action: str | None
    followup: str | None
    opening: Opening | None
    marks: tuple[ActionRun | LoopSet | SlotSet, ...]
    trail: Trail
    user_messages: int


@dataclass(frozen=True)  # without slots: the fold copies it fast
class Conversation:
    """`seq` counts the events folded in. `marks` are the acts since the latest message, as rules compare
    them. `misses` counts the messages in a row that had to be asked again. `question` is the latest message
    of the session that the bot read and that was not the wish for a person. `filling` names the slots set by
    the latest message or since the form began; `finished` keeps each form's last complete run. `held_told`
    says that a waiting customer was told that the message was received. `tempers` are the probabilities of
    anger of the last two messages that the bot read. `trail` is what stories compare. `stack` holds the flows
    that run, the newest last; its name is the loop. `past` holds what was before each of the last messages,
    `undoable` what was before the turn's last action.
    """

    id: str
    seq: int = 0
    started: bool = False
    last_active: float = 0.0
    slots: Mapping[str, Any] = field(default_factory=dict)
    loop: str | None = None
    stack: tuple[Frame, ...] = ()
    loop_rejected: bool = False
    loop_interrupted: bool = False
    trigger: UserSaid | None = None
    filling: frozenset[str] = frozenset()
    finished: Mapping[str, Run] = field(default_factory=dict)
    holder: Holder = Holder.BOT
    agent: str | None = None
    held_told: bool = False
    paused: bool = False
    latest: UserSaid | None = None
    question: UserSaid | None = None
    last_action: str | None = None
    followup: str | None = None
    opening: Opening | None = None
    marks: tuple[ActionRun | LoopSet | SlotSet, ...] = ()
    misses: int = 0
    tempers: tuple[float, ...] = ()
    offered: frozenset[str] = frozenset()
    said: tuple[BotSaid, ...] = ()
    lines: tuple[Line, ...] = ()
    steps: tuple[str, ...] = ()
    trail: Trail = field(default_factory=Trail)
    user_messages: int = 0
    past: tuple[Past, ...] = ()
    undoable: Past | None = None

    @property
    def unasked(self) -> bool:
        """Whether what is done now answers no message of the customer. It says nothing of how the customer is
        understood; what is said then may be answered in this session, and so may what was asked before.
        """
        return self.latest is not None and self.latest.external

    @property
    def requested_slot(self) -> str | None:
        value = self.slots.get(REQUESTED_SLOT)
        return value if isinstance(value, str) else None

    @property
    def waiting(self) -> str | None:
        """The flow that goes on once what came between is over."""
        flow = self.stack[-1].flow if self.stack else None
        return flow if self.loop in (None, flow) else None

    @property
    def language(self) -> str | None:
        value = self.slots.get(SPOKEN_SLOT) or self.slots.get(LANGUAGE_SLOT)
        return value if isinstance(value, str) else None


def spoken(state: Conversation) -> dict[str, Any]:
    """The slot of the customer's language, which outlives whatever else is forgotten."""
    if SPOKEN_SLOT in state.slots:
        return {SPOKEN_SLOT: state.slots[SPOKEN_SLOT]}
    return {LANGUAGE_SLOT: state.language} if state.language else {}


def changed(state: Conversation, **changes: Any) -> Conversation:
    """As dataclasses.replace, a tenth of the time: a turn changes its conversation thirty times."""
    copy = object.__new__(Conversation)
    copy.__dict__.update(state.__dict__, **changes)
    return copy
