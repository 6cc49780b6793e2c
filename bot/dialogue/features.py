"""What the learned policy sees of a conversation: its last states as named features.

Knows states (bot/dialogue/states.py) of a conversation and of a story alike, so that what is trained is what
is seen; scores nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from bot.dialogue.domain import Domain
from bot.dialogue.memory import moments, states
from bot.dialogue.ports import Features
from bot.dialogue.states import State
from bot.dialogue.steps import Story
from bot.dialogue.trail import Trail

STATES = 8  # the most that a model may look back on; how far it does is training's choice


def seen(domain: Domain, trail: Trail) -> tuple[Features, ...]:
    """The last states of a conversation, that of now last."""
    return tuple(features(state) for state in states(domain, trail, most=STATES))


def told(domain: Domain, story: Story) -> Iterator[tuple[Features, str]]:
    """Each state of a story, with the action that comes next."""
    return ((features(state), action) for state, action in moments(domain, story) if action is not None)


def features(state: State) -> Features:
    """A state by the names of what holds in it. Each begins with its kind: `intent`, `entity`, `words`,
    `slot`, `loop`, `did`.
    """
    user, filled, loop, before = state
    found: dict[str, float] = {}
    if user is not None:
        intent, labels, *words = user
        found |= {f"intent {intent}": 1.0} if intent else {}
        found |= {f"entity {label}": 1.0 for label in sorted(labels)}
        found |= {f"words {text}": likeness for text, likeness in words}
    for name, value in sorted(filled, key=lambda pair: pair[0]):
        found |= _slot(name, value)
    found |= {f"loop {loop}": 1.0} if loop else {}
    found |= {f"did {before}": 1.0} if before else {}
    return found


def _slot(name: str, value: Hashable) -> Features:
    """That a slot is filled; of a choice and of no, which; of a number, how much."""
    if value is True:
        return {f"slot {name}": 1.0}
    if isinstance(value, float):
        return {f"slot {name}": 1.0, f"slot {name}=amount": value}
    return {f"slot {name}={value}": 1.0}
