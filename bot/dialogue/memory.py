"""Stories: which action comes next, as Rasa's AugmentedMemoizationPolicy recalls it.

A story is recalled where the states of the conversation (bot/dialogue/states.py) are those of its steps. What
the customer said is compared by its intent, and by its words where a story gives those. Slots filled before
the story began may be forgotten. Pure. Source of the behaviour: rasa.core.policies.memoization and
rasa.shared.core.trackers (3.6); there only messages before the latest are compared by their words.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRejected, ActionRun, LoopSet, SlotSet, SlotsReset, UserSaid
from bot.dialogue.names import ANSWER, CLARIFY, LISTEN
from bot.dialogue.states import (
    PASSED_BY,
    Seen,
    State,
    by_intent,
    by_words,
    filled_in,
    in_full,
    is_told,
    latest_as,
    seen_in,
    states_in,
)
from bot.dialogue.steps import Branch, IntentStep, Story, StoryMemory, TextStep
from bot.dialogue.stories import acts_of, asides, named, unseen
from bot.dialogue.trail import Act, Trail, held

# What these did is taken for no step of a story: the message before it may be said again in other words.
_ASIDE = frozenset({ANSWER, CLARIFY})
_FLOW = "flow: "  # begins the policy of an action that a flow ran
_RULE = "rule: "  # begins the policy of an action that a rule wanted


def remember(domain: Domain, *, longest: int | None) -> StoryMemory:
    """The memory of a domain's stories, of which `longest` states in a row are compared (None: all)."""
    lengths = (
        sum(isinstance(step, (IntentStep, TextStep)) for step in story.steps) for story in domain.stories
    )
    turns = max(lengths, default=0)
    memory = StoryMemory(Branch(), asides(domain), unseen(domain), *named(domain), longest, turns)
    domain = replace(domain, memory=memory)
    firsts = (next(moments(domain, story), (None, None))[1] for story in domain.stories)
    memory = replace(memory, begins=frozenset(first for first in firsts if first))
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
    return states_in(seen_in(domain, acts, by_intent), filled_in(domain, {}), None)


def recall(
    domain: Domain, trail: Trail, *, refused: Collection[str] = (), words_alone: bool = False
) -> str | None:
    """The action that the stories agree on here, `action_listen` where the bot is to wait, None where no
    story is recalled. `words_alone`: of the latest message no intent is compared.
    """
    memory = domain.memory
    if not memory.root.further or (words_alone and not _latest_is_told(domain, trail)):
        return None
    recent = _recent(domain, trail, memory.longest or memory.turns)
    acts = _collapsed(recent.acts, domain.forms)
    looks, blank = _looks(domain, acts, words_alone=words_alone), filled_in(domain, {})
    for start in _beginnings(memory, acts, whole=recent.whole):
        filled = blank if start is not None else filled_in(domain, recent.slots)
        loop = recent.loop if start is None else None
        passed = [[state for state, _ in states_in(look[start or 0 :], filled, loop)] for look in looks]
        action = _found(memory, passed)
        if action is not None and action not in refused:
            return action
    return None


def states(domain: Domain, trail: Trail, *, most: int) -> list[State]:
    """The last states of the conversation as stories see them, that of now last; `most` at most."""
    recent = _recent(domain, trail, most)
    found = seen_in(domain, _collapsed(recent.acts, domain.forms), in_full)
    return [state for state, _ in states_in(found, filled_in(domain, recent.slots), recent.loop)][-most:]


def _latest_is_told(domain: Domain, trail: Trail) -> bool:
    latest = next((act for act in reversed(trail.acts) if isinstance(act, UserSaid)), None)
    return latest is not None and is_told(domain, latest)


def _looks(domain: Domain, acts: Sequence[Act], *, words_alone: bool) -> list[list[Seen]]:
    """The acts as stories may see them: with the words that stories tell in place of intents, then with
    intents.
    """
    meant = seen_in(domain, acts, by_intent)
    if not domain.memory.texts:
        return [meant]
    words = seen_in(domain, acts, by_words)
    return [words, latest_as(words, meant) if words_alone else meant]


def _add(root: Branch, states: Iterable[Hashable], action: str) -> None:
    branch = root
    for state in states:
        branch = branch.further.setdefault(state, Branch())
    branch.actions.add(action)


def _found(memory: StoryMemory, looks: Sequence[Sequence[Hashable]]) -> str | None:
    """The action after states that are each looked at in one way or another; the first way goes first."""
    branches = [memory.root]
    for alike in zip(
        *(states[-memory.longest :] if memory.longest else states for states in looks), strict=True
    ):
        branches = [
            branch.further[state]
            for branch in branches
            for state in dict.fromkeys(alike)
            if state in branch.further
        ]
        if not branches:
            return None
    return next(
        (action for branch in branches if len(branch.actions) == 1 for action in branch.actions), None
    )


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
    return [*filled, ActionRun(at=0.0, name=LISTEN, policy=PASSED_BY)]


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
        act.name in _ASIDE
        or act.name in asides
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
