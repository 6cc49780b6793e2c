"""Stories: which action comes next, as Rasa's AugmentedMemoizationPolicy recalls it.

A story is recalled where the states of the conversation are those of its steps: who said what, which slots
are filled with what kind of value, which form runs, what the bot did last. Slots filled before the story
began may be forgotten. Pure. Source of the behaviour: rasa.core.policies.memoization and
rasa.shared.core.trackers (3.6).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRejected, ActionRun, LoopSet, SlotSet, SlotsReset, UserSaid
from bot.dialogue.names import ANSWER, CLARIFY, LISTEN
from bot.dialogue.reading import Reading
from bot.dialogue.resolving import resolve
from bot.dialogue.steps import Branch, IntentStep, Story, StoryMemory
from bot.dialogue.stories import acts_of, asides, named, unseen
from bot.dialogue.trail import Act, Trail, held

# What these did is taken for no step of a story: the message before it may be said again in other words.
_ASIDE = frozenset({ANSWER, CLARIFY})
_LEFT_OUT = "aside"  # the policy of a listening that stands for a message left out
_FLOW = "flow: "  # begins the policy of an action that a flow ran
_RULE = "rule: "  # begins the policy of an action that a rule wanted


def remember(domain: Domain, *, longest: int | None) -> StoryMemory:
    """The memory of a domain's stories, of which `longest` states in a row are compared (None: all)."""
    lengths = (sum(isinstance(step, IntentStep) for step in story.steps) for story in domain.stories)
    turns = max(lengths, default=0)
    firsts = (next(moments(domain, story), (None, None))[1] for story in domain.stories)
    begins = frozenset(first for first in firsts if first)
    memory = StoryMemory(Branch(), asides(domain), unseen(domain), *named(domain), longest, turns, begins)
    domain = replace(domain, memory=memory)
    for story in domain.stories:
        passed: list[Hashable] = []
        for state, action in moments(domain, story):
            passed.append(state)
            if action is not None:
                _add(memory.root, passed[-longest:] if longest else passed, action)
    return memory


def moments(domain: Domain, story: Story) -> Iterator[tuple[State, str | None]]:
    """Each state of a story, with the action that comes next; the last with None."""
    acts = _collapsed(acts_of(domain, story), domain.forms)
    return _states(_seen(domain, acts), _filled(domain, {}), None)


def recall(domain: Domain, trail: Trail, *, refused: Collection[str] = ()) -> str | None:
    """The action that the stories agree on here, `action_listen` where the bot is to wait, None where no
    story is recalled.
    """
    memory = domain.memory
    if not memory.root.further:
        return None
    recent = _recent(domain, trail, memory.longest or memory.turns)
    acts = _collapsed(recent.acts, domain.forms)
    seen, blank = _seen(domain, acts), _filled(domain, {})
    for start in _beginnings(memory, acts, whole=recent.whole):
        filled = blank if start is not None else _filled(domain, recent.slots)
        passed = _states(seen[start or 0 :], filled, recent.loop if start is None else None)
        action = _found(memory, (state for state, _ in passed))
        if action is not None and action not in refused:
            return action
    return None


def states(domain: Domain, trail: Trail, *, most: int) -> list[State]:
    """The last states of the conversation as stories see them, that of now last; `most` at most."""
    recent = _recent(domain, trail, most)
    found = _seen(domain, _collapsed(recent.acts, domain.forms))
    return [state for state, _ in _states(found, _filled(domain, recent.slots), recent.loop)][-most:]


def _add(root: Branch, states: Iterable[Hashable], action: str) -> None:
    branch = root
    for state in states:
        branch = branch.further.setdefault(state, Branch())
    branch.actions.add(action)


def _found(memory: StoryMemory, states: Iterable[Hashable]) -> str | None:
    branch = memory.root
    for state in list(states)[-memory.longest :] if memory.longest else states:
        following = branch.further.get(state)
        if following is None:
            return None
        branch = following
    return next(iter(branch.actions)) if len(branch.actions) == 1 else None


def _beginnings(memory: StoryMemory, acts: Sequence[Act], *, whole: bool) -> Iterator[int | None]:
    """Where the conversation may have begun as far as a story knows: at its real beginning (None), or at any
    action since, with the slots as they are in a new session. Nowhere that is further back than any story.
    """
    first = _last_to_trim(acts, memory.longest) if memory.longest else _as_far_as(acts, memory.turns)
    if memory.longest or (whole and not first):
        yield None
    for place in range(first, len(acts)):
        act = acts[place]
        if isinstance(act, ActionRun) and (memory.longest or act.name in memory.begins):
            yield place


def _as_far_as(acts: Sequence[Act], messages: int) -> int:
    """The place after which so many messages were said, and no more."""
    for place in range(len(acts) - 1, -1, -1):
        if isinstance(acts[place], UserSaid):
            if not messages:
                return place + 1
            messages -= 1
    return 0


def _last_to_trim(acts: Sequence[Act], longest: int) -> int:
    """Where the last listening stands with more than `longest` actions behind it: what was done before is
    forgotten first, and slots only after that.
    """
    done = 0
    for place in range(len(acts) - 1, -1, -1):
        act = acts[place]
        if isinstance(act, ActionRun):
            done += 1
            if done > longest and act.name == LISTEN:
                return place
    return 0


# An act as stories see it: what kind it is, and what it says.
_Seen = tuple[str, Any]
_Filled = frozenset[tuple[str, Hashable]]
# Who said what (the intent, and the labels of its entities), the slots, the loop, what the bot did before.
State = tuple[tuple[str | None, frozenset[str]] | None, _Filled, str | None, str | None]


def _seen(domain: Domain, acts: Iterable[Act]) -> list[_Seen]:
    """The acts as stories see them, each looked at once however many beginnings are tried."""
    found: list[_Seen] = []
    for act in acts:
        match act:
            case ActionRun(name=name, policy=policy):
                found.append((_PASSED if policy == _LEFT_OUT else _RAN, name))
            case UserSaid(reading=reading):
                found.append((_HEARD, _heard(domain, reading) if reading else None))
            case SlotSet(name=name, value=value):
                slot = domain.slots.get(name)
                told = slot and name not in domain.memory.unseen
                found.append((_SLOT, (name, slot.feature(value))) if slot and told else _NOTHING)
            case SlotsReset():
                found.append((_RESET, _filled(domain, {})))
            case LoopSet(name=running):
                found.append((_LOOP, None if running in domain.memory.unseen else running))
            case _:
                found.append(_NOTHING)
    return found


_RAN, _PASSED, _HEARD, _SLOT, _RESET, _LOOP = "ran", "passed", "heard", "slot", "reset", "loop"
_NOTHING: _Seen = ("", None)


def _filled(domain: Domain, slots: Mapping[str, Any]) -> _Filled:
    """What stories see of these slots, those left out having their initial values."""
    seen = (slot for slot in domain.slots.values() if slot.name not in domain.memory.unseen)
    features = ((slot.name, slot.feature(slots.get(slot.name, slot.initial))) for slot in seen)
    return frozenset((name, feature) for name, feature in features if feature is not None)


def _states(seen: Iterable[_Seen], filled: _Filled, loop: str | None) -> Iterator[tuple[State, str | None]]:
    """Each state in which the bot did something, with what it did; the last is that of now, with None. A
    message that was passed by is no state, but something may begin after it.
    """
    user: tuple[str | None, frozenset[str]] | None = None
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


def _heard(domain: Domain, reading: Reading) -> tuple[str | None, frozenset[str]]:
    intent, _ = resolve(reading, domain.thresholds)
    return intent, domain.labels(intent, reading.entities)


@dataclass(frozen=True, slots=True)
class _Recent:
    """The acts that stories may tell of, and what held before them; `whole`: from the session's beginning."""

    slots: Mapping[str, Any]
    loop: str | None
    acts: tuple[Act, ...]
    whole: bool


def _recent(domain: Domain, trail: Trail, most: int) -> _Recent:
    """As much of the trail as stories can tell of in `most` messages, without the messages that were met by
    something no story tells of: an answer, a question back, a rule of its own. What those filled stays.
    """
    acts, told, end = trail.acts, 0, len(trail.acts)
    kept: list[Sequence[Act]] = []
    for place in range(len(acts) - 1, -1, -1):
        if not isinstance(acts[place], UserSaid):
            continue
        turn, end = acts[place:end], place
        aside = bool(kept) and _is_aside(turn, domain.memory.asides)
        kept.append(_passed_by(turn) if aside else turn)
        told += not aside and _goes_by_a_story(turn, domain.forms)
        if told > most:
            break
    before = Trail(trail.slots, trail.loop, acts[:end])
    if told > most:  # further back than any story: what was filled there holds all the same
        slots, loop = held(before)
        return _Recent(slots, loop, tuple(chain.from_iterable(reversed(kept))), whole=False)
    return _Recent(trail.slots, trail.loop, (*before.acts, *chain.from_iterable(reversed(kept))), whole=True)


def _passed_by(turn: Sequence[Act]) -> list[Act]:
    filled: list[Act] = [act for act in turn if isinstance(act, (SlotSet, SlotsReset))]
    return [*filled, ActionRun(at=0.0, name=LISTEN, policy=_LEFT_OUT)]


def _goes_by_a_story(turn: Sequence[Act], forms: Collection[str]) -> bool:
    """Whether more was done than a running form's own step, which is no message of a story."""
    return any(isinstance(act, ActionRun) and act.name != LISTEN and act.name not in forms for act in turn)


def _is_aside(turn: Sequence[Act], asides: Collection[str]) -> bool:
    """A running form that asks again after it does not make it a step."""
    if not turn or not isinstance(turn[0], UserSaid):
        return False
    refused = {act.name for act in turn if isinstance(act, ActionRejected)}
    done = [a for a in turn if isinstance(a, ActionRun) and a.name != LISTEN and a.name not in refused]
    if len(done) > 1 and done[-1].policy == "form":
        done.pop()  # it only asks again
    return all(
        act.name in _ASIDE | set(asides)
        or act.policy == "policy"
        or (act.policy or "").startswith(_FLOW)
        or (act.policy or "").removeprefix(_RULE) in asides
        for act in done
    )


def _collapsed(acts: Sequence[Act], forms: Collection[str]) -> list[Act]:
    """The acts with each run of a form as one step, whatever was asked and answered in it; what was not the
    form's business ends that step.
    """
    kept: list[Act] = []
    for act in acts:
        if isinstance(act, ActionRun) and act.name in forms and _goes_on(act.name, kept):
            _forget_since(act.name, kept)
        else:
            kept.append(act)
    return kept


def _goes_on(form: str, kept: Sequence[Act]) -> bool:
    """Whether a form that runs now only goes on: nothing but listening was done since it last ran."""
    for act in reversed(kept):
        match act:
            case LoopSet(name=None):
                return False
            case ActionRejected(name=name) if name == form:
                return False
            case ActionRun(name=name) if name != LISTEN:
                return name == form
            case _:
                pass
    return False


def _forget_since(form: str, kept: list[Act]) -> None:
    """What was said since the form last ran was said to it; what that filled stays."""
    for place in range(len(kept) - 1, -1, -1):
        act = kept[place]
        if isinstance(act, ActionRun) and act.name == form:
            return
        if isinstance(act, (ActionRun, UserSaid)):
            del kept[place]
