"""Stories: which action comes next, as Rasa's AugmentedMemoizationPolicy recalls it.

A story is recalled where the states of the conversation are those of its steps: who said what, which slots
are filled with what kind of value, which form runs, what the bot did last. Slots filled before the story
began may be forgotten. Pure. Source of the behaviour: rasa.core.policies.memoization and
rasa.shared.core.trackers (3.6).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.dialogue.domain import (
    Branch,
    Domain,
    Story,
    StoryMemory,
)
from bot.dialogue.events import ActionRejected, ActionRun, LoopSet, SlotSet, SlotsReset, UserSaid
from bot.dialogue.names import ANSWER, CLARIFY, LISTEN
from bot.dialogue.reading import Reading
from bot.dialogue.resolving import resolve
from bot.dialogue.stories import acts_of, asides, unseen
from bot.dialogue.trail import Act, Trail, turns_of

# What these did is taken for no step of a story: the message before it may be said again in other words.
_ASIDE = frozenset({ANSWER, CLARIFY})
_LEFT_OUT = "aside"  # the policy of a listening that stands for a message left out
_RULE = "rule: "  # begins the policy of an action that a rule wanted


def remember(domain: Domain, *, longest: int | None) -> StoryMemory:
    """The memory of a domain's stories, of which `longest` states in a row are compared (None: all)."""
    memory = StoryMemory(asides=asides(domain), unseen=unseen(domain), longest=longest)
    domain = replace(domain, memory=memory)
    for story in domain.stories:
        states: list[Hashable] = []
        for state, action in moments(domain, story):
            states.append(state)
            if action is not None:
                _add(memory.root, states[-longest:] if longest else states, action)
    return memory


def moments(domain: Domain, story: Story) -> Iterator[tuple[Hashable, str | None]]:
    """Each state of a story, with the action that comes next; the last with None."""
    return _states(domain, _collapsed(acts_of(domain, story), domain.forms), {}, None)


def recall(domain: Domain, trail: Trail, *, refused: Collection[str] = ()) -> str | None:
    """The action that the stories agree on here, `action_listen` where the bot is to wait, None where no
    story is recalled.
    """
    memory = domain.memory
    if not memory.root.further:
        return None
    acts = _collapsed(_without_asides(trail.acts, memory.asides), domain.forms)
    for start, slots, loop in _beginnings(domain, acts, trail):
        action = _found(memory, (state for state, _ in _states(domain, acts[start:], slots, loop)))
        if action is not None and action not in refused:
            return action
    return None


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


def _beginnings(
    domain: Domain, acts: Sequence[Act], trail: Trail
) -> Iterator[tuple[int, Mapping[str, Any], str | None]]:
    """Where the conversation may have begun as far as a story knows: at its real beginning, or at any action
    since, with the slots as they are in a new session.
    """
    yield 0, trail.slots, trail.loop
    first = _last_to_trim(acts, domain.memory.longest) if domain.memory.longest else 0
    for place, act in enumerate(acts[first:], first):
        if isinstance(act, ActionRun):
            yield place, {}, None


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


def _states(
    domain: Domain, acts: Sequence[Act], slots: Mapping[str, Any], loop: str | None
) -> Iterator[tuple[Hashable, str | None]]:
    """Each state in which the bot did something, with what it did; the last is that of now, with None."""
    seen = [slot for slot in domain.slots.values() if slot.name not in domain.memory.unseen]
    features = {slot.name: slot.feature(slots.get(slot.name, slot.initial)) for slot in seen}
    user: Hashable = None
    before: str | None = None
    for place, act in enumerate(acts):
        match act:
            case ActionRun(policy=policy) if policy == _LEFT_OUT and place:
                pass  # only what begins here may forget what was filled before
            case ActionRun(name=name):
                yield _state(user, features, loop, before), name
                before = name
            case UserSaid(reading=reading):
                user = _heard(domain, reading) if reading else None
            case SlotSet(name=name, value=value) if name in features:
                features[name] = domain.slots[name].feature(value)
            case SlotsReset():
                features = {slot.name: slot.feature(slot.initial) for slot in seen}
            case LoopSet(name=running):
                loop = None if running in domain.memory.unseen else running
            case _:
                pass
    yield _state(user, features, loop, before), None


def _state(
    user: Hashable, features: Mapping[str, Hashable], loop: str | None, before: str | None
) -> Hashable:
    filled = frozenset((name, feature) for name, feature in features.items() if feature is not None)
    return user, filled, loop, before


def _heard(domain: Domain, reading: Reading) -> Hashable:
    """The intent and the entities that count with it, by name, and by name with role or group."""
    intent, _ = resolve(reading, domain.thresholds)
    unused = domain.unused_entities.get(intent or "", frozenset())
    named = [entity for entity in reading.entities if entity.name in domain.entities - unused]
    labels = {entity.name for entity in named}
    labels |= {f"{entity.name}#{entity.role}" for entity in named if entity.role}
    labels |= {f"{entity.name}#{entity.group}" for entity in named if entity.group}
    return intent, frozenset(labels)


def _without_asides(acts: Sequence[Act], asides: Collection[str]) -> list[Act]:
    """The acts without the messages that were met by something no story tells of: an answer, a question back,
    a rule of its own. What they filled stays.
    """
    kept: list[Act] = []
    *former, latest = turns_of(acts)
    for turn in former:
        filled = [act for act in turn if isinstance(act, (SlotSet, SlotsReset))]
        listening = ActionRun(at=0.0, name=LISTEN, policy=_LEFT_OUT)
        kept += [*filled, listening] if _is_aside(turn, asides) else turn
    return [*kept, *latest]


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
