"""Stories as conversations to learn from: each alone, after another, after one that was broken off, and with
something else said in between.

Knows steps by the names of their features (bot/dialogue/features.py); knows no network.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlu.next_action import NOTHING, Features
from training.corpus import Told

LISTEN = "action_listen"
AFTER_ANOTHER, BROKEN_OFF = 0.6, 0.4  # shares of the conversations, and of those that come first in them
ASIDES = (0.5, 0.15)  # shares of the conversations with one, and with two
OUT_OF_PLACE = 0.5  # messages out of place, for each conversation

Step = tuple[Features, str]
Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All stories and what they have in common. `pairs` are the intents that follow an action (None: at the
    beginning), `conditions` the slots that must be as a story begins with, `misplaced` the messages that
    mean nothing by themselves: each begins no story and leads to several actions.
    """

    stories: tuple[Steps, ...]
    asides: tuple[Steps, ...]
    pairs: frozenset[tuple[str | None, str]]
    conditions: frozenset[str]
    misplaced: tuple[Features, ...]


def book_of(told: Sequence[Told]) -> Book:
    """The stories, looked through once."""
    stories = tuple(story.steps for story in told)
    pairs, meanings = set(), dict[str, set[str]]()
    messages: dict[str, list[Features]] = {}
    for story in stories:
        before: str | None = None
        for state, action in story:
            intent = _intent(state)
            if intent and _did(state) == LISTEN:
                pairs.add((before, intent))
                meanings.setdefault(intent, set()).add(action)
                messages.setdefault(intent, []).append(_only(state, "intent", "entity", "words"))
            before = _did(state) if action == LISTEN else before
    vague = (name for name in sorted(meanings) if len(meanings[name]) > 1 and (None, name) not in pairs)
    return Book(
        stories=stories,
        asides=tuple(story for story in stories if _is_aside(story)),
        pairs=frozenset(pairs),
        conditions=frozenset(name for story in told for name in story.given),
        misplaced=tuple(message for name in vague for message in messages[name]),
    )


def conversations(
    book: Book, targets: Sequence[Steps], *, each: int, seed: int
) -> Iterator[tuple[Steps, int]]:
    """Each target `each` times, with the number of steps that come before it; once as it is told."""
    chance = np.random.default_rng(seed)
    for story in targets:
        yield story, 0
        for _ in range(each):
            before = _before(book, story, chance) if chance.random() < AFTER_ANOTHER else ()
            whole = (*before, *_continued(before, story)) if before else story
            for share in ASIDES:
                whole = _with_aside(book, whole, len(before), chance) if chance.random() < share else whole
            yield whole, len(before)
            if book.misplaced and chance.random() < OUT_OF_PLACE:
                yield from _out_of_place(book, whole, chance)


def _before(book: Book, story: Steps, chance: np.random.Generator) -> Steps:
    """Another story, or its beginning, after which this one may be told; none where the two contradict."""
    other = book.stories[chance.integers(len(book.stories))]
    if chance.random() < BROKEN_OFF:
        cuts = [place for place, (_, action) in enumerate(other) if action == LISTEN]
        other = other[: cuts[chance.integers(len(cuts))] + 1] if cuts else ()
    if not other or other[-1][1] != LISTEN or not _names(other, "intent", "words"):
        return ()
    last, first = other[-1][0], story[0][0]
    begins = next((_intent(state) for state, _ in story if _intent(state)), None)
    held, wanted = _slots(last), _slots(first)
    fits = all(held.get(name) == wanted.get(name) for name in book.conditions)
    goes_on = begins is not None and (_did(last), begins) in book.pairs
    return other if fits and begins and not goes_on and not _only(last, "loop") else ()


def _continued(before: Steps, story: Steps) -> Iterator[Step]:
    """The story's steps after others; slots that it does not change stay as they were."""
    held, begun = _slots(before[-1][0]), _slots(story[0][0])
    changed: set[str] = set()
    for state, action in story:
        own = _slots(state)
        changed |= {name for name in (*own, *begun) if own.get(name) != begun.get(name)}
        if _intent(state) is None and action == LISTEN:
            continue  # it listens already
        kept = [values for name, values in held.items() if name not in changed]
        told = (own[name] for name in sorted(changed) if name in own)
        yield _joined(_without_slots(state), *kept, *told), action


def _with_aside(book: Book, steps: Steps, first: int, chance: np.random.Generator) -> Steps:
    """Something else is said and met somewhere after the step `first`; no form runs there."""
    places = [
        place
        for place in range(first, len(steps) - 1)
        if steps[place][1] == LISTEN and not _only(steps[place][0], "loop")
    ]
    if not places or not book.asides:
        return steps
    place = places[chance.integers(len(places))]
    aside = book.asides[chance.integers(len(book.asides))]
    host, said = steps[place][0], next(state for state, _ in aside if _intent(state))
    if (_did(host), _intent(said)) in book.pairs:
        return steps  # the stories themselves go on so
    slots = _only(host, "slot")
    between = ((_joined(_without_slots(s), slots), action) for s, action in aside if _intent(s))
    return (*steps[: place + 1], *between, *steps[place + 1 :])


def _out_of_place(book: Book, steps: Steps, chance: np.random.Generator) -> Iterator[tuple[Steps, int]]:
    """The conversation up to somewhere, and then a message that means nothing there: no action so far waits
    for it, not even one that something else was said after.
    """
    said = book.misplaced[chance.integers(len(book.misplaced))]
    places: list[int] = []
    for place, (state, action) in enumerate(steps):
        if (_did(state), _intent(said)) in book.pairs:
            break
        places += [place] if action == LISTEN else []
    if places:
        place = places[chance.integers(len(places))]
        yield (*steps[: place + 1], (said_last(steps[place][0], said), NOTHING)), place + 1


def said_last(state: Features, message: Features) -> Features:
    """The state once the message is heard, after the bot listened in this one."""
    return _joined(_only(state, "slot", "loop"), message, {f"did {LISTEN}": 1.0})


def _is_aside(steps: Steps) -> bool:
    """Whether a story is one message and what meets it, and leaves slots and loops alone."""
    states = [state for state, _ in steps]
    slots = _slots(states[0])
    alone = sum(_did(state) == LISTEN and _intent(state) is not None for state in states) == 1
    plain = all(_slots(state) == slots and not _only(state, "loop", "entity") for state in states)
    return alone and plain and steps[-1][1] == LISTEN


def _names(steps: Steps, *kinds: str) -> bool:
    return any(_only(state, *kinds) for state, _ in steps)


def _intent(state: Features) -> str | None:
    """What was said: its intent, or, where a story names none, its words."""
    return next((name for name in state if name.startswith(("intent ", "words "))), None)


def _did(state: Features) -> str | None:
    return next((name[4:] for name in state if name.startswith("did ")), None)


def _slots(state: Features) -> dict[str, Features]:
    """What is seen of each slot."""
    found: dict[str, dict[str, float]] = {}
    for name, value in _only(state, "slot").items():
        found.setdefault(name[5:].partition("=")[0], {})[name] = value
    return dict(found)


def _only(state: Features, *kinds: str) -> dict[str, float]:
    return {name: value for name, value in state.items() if name.partition(" ")[0] in kinds}


def _without_slots(state: Features) -> dict[str, float]:
    return _only(state, "intent", "entity", "words", "loop", "did")


def _joined(*parts: Mapping[str, float]) -> Features:
    return {name: value for part in parts for name, value in part.items()}
