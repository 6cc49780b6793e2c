"""The fold of the log: what a conversation amounts to after its events.

Knows how each event changes the state; decides nothing, does no I/O. `fold(fold(c, a), b) == fold(c, a + b)`.
The state stays small whatever the length of the log: only the current turn and the last lines are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce
from typing import Any

from bot.dialogue.domain import EXTRACT_SLOTS, LANGUAGE_SLOT, LISTEN, REQUESTED_SLOT
from bot.dialogue.events import (
    ActionRejected,
    ActionRun,
    AgentSaid,
    BotSaid,
    Decided,
    Event,
    FollowupSet,
    HandedOver,
    LoopInterrupted,
    LoopSet,
    Paused,
    Restarted,
    Resumed,
    Returned,
    SessionStarted,
    SlotSet,
    SlotsReset,
    TakenOver,
    UserSaid,
)
from bot.dialogue.message import Line

LINES_KEPT = 12
MISSED_ROWS = frozenset({"clarify", "not_understood"})


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
class Conversation:
    """`seq` counts the events folded in. `marks` are the acts since the latest message, as rules compare
    them.
    `misses` counts the messages in a row that had to be asked again."""

    id: str
    seq: int = 0
    started: bool = False
    last_active: float = 0.0
    slots: Mapping[str, Any] = field(default_factory=dict)
    loop: str | None = None
    loop_rejected: bool = False
    loop_interrupted: bool = False
    trigger: UserSaid | None = None
    holder: Holder = Holder.BOT
    agent: str | None = None
    paused: bool = False
    latest: UserSaid | None = None
    last_action: str | None = None
    followup: str | None = None
    opening: Opening | None = None
    marks: tuple[ActionRun | LoopSet | SlotSet, ...] = ()
    misses: int = 0
    offered: frozenset[str] = frozenset()
    said: tuple[BotSaid, ...] = ()
    lines: tuple[Line, ...] = ()
    steps: tuple[str, ...] = ()
    user_messages: int = 0

    @property
    def requested_slot(self) -> str | None:
        value = self.slots.get(REQUESTED_SLOT)
        return value if isinstance(value, str) else None

    @property
    def language(self) -> str | None:
        value = self.slots.get(LANGUAGE_SLOT)
        return value if isinstance(value, str) else None


def fold(conversation: Conversation, events: Iterable[Event]) -> Conversation:
    """The conversation after these events."""
    return reduce(apply, events, conversation)


def apply(conversation: Conversation, event: Event) -> Conversation:
    """The conversation after one event. Every event counts in `seq`; one that changes nothing else is still
    on record.
    """
    changed = _change(conversation, event)
    return replace(changed, seq=conversation.seq + 1)


def _change(state: Conversation, event: Event) -> Conversation:
    match event:
        case UserSaid():
            return _user_said(state, event)
        case BotSaid():
            return _bot_said(state, event)
        case AgentSaid(text=text):
            return replace(state, lines=_with_line(state, "agent", text), last_active=event.at)
        case ActionRun() | LoopSet() | SlotSet():
            return _acted(state, event)
        case ActionRejected(name=name):
            return replace(state, loop_rejected=True) if name == state.loop else state
        case Decided(row=row):
            return replace(state, misses=_misses(state.misses, row), steps=(*state.steps, row)[-LINES_KEPT:])
        case FollowupSet(name=name):
            return replace(state, followup=name)
        case LoopInterrupted(interrupted=interrupted):
            return replace(state, loop_interrupted=interrupted)
        case SlotsReset():
            kept = {LANGUAGE_SLOT: state.language} if state.language else {}
            return replace(state, slots=kept)
        case _:
            return _passed(state, event)


def _passed(state: Conversation, event: Event) -> Conversation:
    """Who holds the conversation, and where it begins anew."""
    match event:
        case SessionStarted():
            return replace(_blank(state), started=True, last_active=event.at)
        case Restarted():
            return replace(_blank(state), started=True, latest=None)
        case Paused():
            return replace(state, paused=True)
        case Resumed():
            return replace(state, paused=False)
        case HandedOver():
            return replace(state, holder=Holder.QUEUE, agent=None, misses=0)
        case TakenOver(agent=agent):
            return replace(state, holder=Holder.AGENT, agent=agent)
        case Returned():
            return replace(state, holder=Holder.BOT, agent=None, misses=0)
        case _:
            return state


def _blank(state: Conversation) -> Conversation:
    """A conversation with nothing said; who holds it and its language stay, since the customer is the
    same.
    """
    slots = {LANGUAGE_SLOT: state.language} if state.language else {}
    return Conversation(
        id=state.id,
        seq=state.seq,
        slots=slots,
        holder=state.holder,
        agent=state.agent,
        last_active=state.last_active,
    )


def _user_said(state: Conversation, event: UserSaid) -> Conversation:
    return replace(
        state,
        latest=event,
        last_active=event.at,
        opening=None,
        marks=(),
        loop_rejected=False,
        followup=None,
        said=(),
        lines=_with_line(state, "customer", event.text),
        user_messages=state.user_messages + 1,
    )


def _bot_said(state: Conversation, event: BotSaid) -> Conversation:
    offered = frozenset(button.payload for button in event.buttons)
    return replace(
        state,
        offered=offered if not state.said else state.offered | offered,
        said=(*state.said, event),
        lines=_with_line(state, "bot", event.text) if event.text else state.lines,
    )


def _acted(state: Conversation, event: ActionRun | LoopSet | SlotSet) -> Conversation:
    match event:
        case ActionRun(name=name) if name in (LISTEN, EXTRACT_SLOTS):
            return replace(state, last_action=name)
        case ActionRun(name=name):
            opening = state.opening or Opening(state.loop, state.slots)
            followup = None if state.followup == name else state.followup
            rejected = False if name == state.loop else state.loop_rejected
            return replace(
                state,
                last_action=name,
                opening=opening,
                followup=followup,
                loop_rejected=rejected,
                marks=(*state.marks, event),
            )
        case LoopSet(name=name):
            trigger = state.latest if name else None
            if name is not None and name == state.loop:
                trigger = state.trigger
            return replace(
                state,
                loop=name,
                trigger=trigger,
                loop_interrupted=False,
                loop_rejected=False,
                marks=(*state.marks, event),
            )
        case SlotSet(name=name, value=value):
            slots = {**state.slots, name: value}
            marks = (*state.marks, event) if state.opening else state.marks
            return replace(state, slots=slots, marks=marks)


def _misses(misses: int, row: str) -> int:
    """How many messages in a row were not understood; a form's own steps leave the count as it is."""
    if row in MISSED_ROWS:
        return misses + 1
    return misses if row == "expectation" else 0


def _with_line(state: Conversation, speaker: str, text: str) -> tuple[Line, ...]:
    return (*state.lines, Line(speaker, text))[-LINES_KEPT:]
