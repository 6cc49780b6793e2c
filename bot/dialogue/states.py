"""States: what stories compare of a conversation at one step. Who said what, which slots are filled with what
kind of value, which form runs, what the bot did before.

Knows acts, and three ways to look at a message: by its intent, by its words, by both. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, LoopSet, SlotSet, SlotsReset, UserSaid
from bot.dialogue.reading import Reading
from bot.dialogue.resolving import resolve
from bot.dialogue.stories import words_of
from bot.dialogue.trail import Act

PASSED_BY = "aside"  # the policy of a listening that stands for a message left out

# An act as stories see it: what kind it is, and what it says.
Seen = tuple[str, Any]
Filled = frozenset[tuple[str, Hashable]]
# A message: its intent, the labels of its entities, and the words of stories that it is like, each with how
# much; 1.0 are the same words.
Heard = tuple[str | None, frozenset[str], *tuple[tuple[str, float], ...]]
# What was said, the slots, the loop, what the bot did before.
State = tuple[Heard | None, Filled, str | None, str | None]
Look = Callable[[Domain, UserSaid, Reading], Heard]

_RAN, _PASSED, _HEARD, _SLOT, _RESET, _LOOP = "ran", "passed", "heard", "slot", "reset", "loop"
_NOTHING: Seen = ("", None)


def seen_in(domain: Domain, acts: Iterable[Act], look: Look) -> list[Seen]:
    """The acts as stories see them, each looked at once however many beginnings are tried."""
    found: list[Seen] = []
    for act in acts:
        match act:
            case ActionRun(name=name, policy=policy):
                found.append((_PASSED if policy == PASSED_BY else _RAN, name))
            case UserSaid(reading=reading):
                found.append((_HEARD, look(domain, act, reading) if reading else None))
            case SlotSet(name=name, value=value):
                slot = domain.slots.get(name)
                told = slot and name not in domain.memory.unseen
                found.append((_SLOT, (name, slot.feature(value))) if slot and told else _NOTHING)
            case SlotsReset():
                found.append((_RESET, filled_in(domain, {})))
            case LoopSet(name=running):
                found.append((_LOOP, None if running in domain.memory.unseen else running))
            case _:
                found.append(_NOTHING)
    return found


def filled_in(domain: Domain, slots: Mapping[str, Any]) -> Filled:
    """What stories see of these slots, those left out having their initial values."""
    seen = (slot for slot in domain.slots.values() if slot.name not in domain.memory.unseen)
    features = ((slot.name, slot.feature(slots.get(slot.name, slot.initial))) for slot in seen)
    return frozenset((name, feature) for name, feature in features if feature is not None)


def states_in(seen: Iterable[Seen], filled: Filled, loop: str | None) -> Iterator[tuple[State, str | None]]:
    """Each state in which the bot did something, with what it did; the last is that of now, with None. A
    message that was passed by is no state, but something may begin after it.
    """
    user: Heard | None = None
    before: str | None = None
    for place, (kind, what) in enumerate(seen):
        if kind == _RAN or (kind == _PASSED and not place):
            yield (user, filled, loop, before), what
            before = what
        elif kind == _HEARD:
            user = what
        elif kind == _SLOT:
            others = (pair for pair in filled if pair[0] != what[0])
            filled = frozenset([*others, what] if what[1] is not None else others)
        elif kind == _RESET:
            filled = what
        elif kind == _LOOP:
            loop = what
    yield (user, filled, loop, before), None


def latest_as(other: Sequence[Seen], seen: Sequence[Seen]) -> list[Seen]:
    """The acts, with the latest message as it is looked at in `other`."""
    last = max(place for place, (kind, _) in enumerate(seen) if kind == _HEARD)
    return [*seen[:last], other[last], *seen[last + 1 :]]


def by_intent(domain: Domain, said: UserSaid, reading: Reading) -> Heard:
    """Of what has words and no intent, as a story may tell it, the words."""
    if reading.intent is None and is_told(domain, said):
        return by_words(domain, said, reading)
    return _meant(domain, reading)


def by_words(domain: Domain, said: UserSaid, reading: Reading) -> Heard:
    """By the words that a story tells, whatever entities are in them; others by their intent."""
    if is_told(domain, said):
        return None, frozenset(), (words_of(said.text), 1.0)
    return _meant(domain, reading)


def in_full(domain: Domain, said: UserSaid, reading: Reading) -> Heard:
    """By both, and by the words of stories that it is only like."""
    intent, labels = _meant(domain, reading)
    return intent, labels, *likenesses(domain, said)


def likenesses(domain: Domain, said: UserSaid) -> tuple[tuple[str, float], ...]:
    """The words of stories that a message is like, each with how much."""
    texts = domain.memory.texts
    if not texts or said.reading is None:
        return ()
    found = {likeness.text: likeness.score for likeness in said.reading.likenesses if likeness.text in texts}
    if is_told(domain, said):
        found[words_of(said.text)] = 1.0
    return tuple(sorted(found.items()))


def is_told(domain: Domain, said: UserSaid) -> bool:
    """Whether a story gives these words in place of an intent."""
    texts = domain.memory.texts
    return bool(texts and said.text) and words_of(said.text) in texts


def _meant(domain: Domain, reading: Reading) -> tuple[str | None, frozenset[str]]:
    intent, _ = resolve(reading, domain.thresholds)
    return intent, domain.labels(intent, reading.entities)
