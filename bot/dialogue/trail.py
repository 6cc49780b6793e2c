"""The last turns of a conversation as stories compare them.

Knows which events are acts, and keeps those of the last messages; what they amount to is
bot/dialogue/memory.py's. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dialogue.events import (
    ActionRejected,
    ActionRun,
    Event,
    LoopSet,
    Restarted,
    SessionStarted,
    SlotSet,
    SlotsReset,
    UserSaid,
)
from bot.dialogue.names import EXTRACT_SLOTS, LISTEN

TURNS_KEPT = 30
MOST_ACTS = 2000  # however many come without a message that was read: photos, an agent's hours

Act = UserSaid | ActionRun | ActionRejected | LoopSet | SlotSet | SlotsReset


@dataclass(frozen=True, slots=True)
class Trail:
    """What held before the acts, and the acts of the last TURNS_KEPT messages of the session, MOST_ACTS at
    most.
    """

    slots: Mapping[str, Any] = field(default_factory=dict)
    loop: str | None = None
    acts: tuple[Act, ...] = ()
    turns: int = 0


def followed(trail: Trail, event: Event) -> Trail:
    """The trail after one more event."""
    match event:
        case SessionStarted() | Restarted():
            return Trail()
        case ActionRun(name=name) if name == EXTRACT_SLOTS or (name == LISTEN and _listens(trail)):
            return trail
        case UserSaid(reading=None):
            return trail  # said to a person, or not read: nothing that a story could tell
        case UserSaid():
            kept = _without_first_turn(trail) if trail.turns >= TURNS_KEPT else trail
            return replace(kept, acts=(*kept.acts, event), turns=kept.turns + 1)
        case ActionRun() | ActionRejected() | LoopSet() | SlotSet() | SlotsReset():
            kept = _from(trail, MOST_ACTS // 2) if len(trail.acts) >= MOST_ACTS else trail
            return replace(kept, acts=(*kept.acts, event))
        case _:
            return trail


def _listens(trail: Trail) -> bool:
    """Whether the bot was listening already."""
    done = (act for act in reversed(trail.acts) if isinstance(act, (UserSaid, ActionRun)))
    last = next(done, None)
    return isinstance(last, ActionRun) and last.name == LISTEN


def awaiting(trail: Trail) -> Trail:
    """The trail as it was when the bot was about to listen."""
    last = trail.acts[-1] if trail.acts else None
    listened = isinstance(last, ActionRun) and last.name == LISTEN
    return replace(trail, acts=trail.acts[:-1]) if listened else trail


def turns_of(acts: Sequence[Act]) -> Iterator[list[Act]]:
    """The acts before the first message, then those of each message, beginning with it."""
    turn: list[Act] = []
    for act in acts:
        if isinstance(act, UserSaid):
            yield turn
            turn = []
        turn.append(act)
    yield turn


def _without_first_turn(trail: Trail) -> Trail:
    heard = (place for place, act in enumerate(trail.acts) if isinstance(act, UserSaid))
    next(heard)
    return _from(trail, next(heard))


def _from(trail: Trail, place: int) -> Trail:
    """The acts from a place on; the slots and the loop there hold on as what held before."""
    gone = trail.acts[:place]
    slots, loop = held(replace(trail, acts=gone))
    return Trail(
        slots, loop, trail.acts[place:], trail.turns - sum(isinstance(act, UserSaid) for act in gone)
    )


def held(trail: Trail) -> tuple[dict[str, Any], str | None]:
    """The slots and the loop after the acts."""
    slots, loop = dict(trail.slots), trail.loop
    for act in trail.acts:
        match act:
            case SlotSet(name=name, value=value):
                slots[name] = value
            case SlotsReset():
                slots.clear()
            case LoopSet(name=name):
                loop = name
    return slots, loop
