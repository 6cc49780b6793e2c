"""Rules: which action comes next, as Rasa's RulePolicy decides it within one turn.

A rule holds when what it says of each state since the message is so: the intent with its entities, the slots
as they are featurized, the loop, and what was done. What it said of a slot or a loop stays said until a step
of it says otherwise. A rule that begins with an action holds whenever that was done, whatever was before it;
one whose message comes later, where that action was the last before the bot listened.
Pure. Source of the behaviour: rasa.core.policies.rule_policy (3.6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.dialogue.conversation import Conversation, Opening
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, LoopSet, SlotSet
from bot.dialogue.names import ANSWER, CLARIFY, LISTEN
from bot.dialogue.reading import Entity
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step

Mark = ActionRun | LoopSet | SlotSet


@dataclass(frozen=True, slots=True)
class Prediction:
    """`action=None`: the rule is complete, and the bot listens. `loop` is what the rule says runs now."""

    rule: Rule
    action: str | None
    loop: str | None = None


def predict(
    domain: Domain,
    conversation: Conversation,
    intent: str | None,
    entities: Iterable[Entity] = (),
    *,
    refused: Collection[str] = (),
) -> Prediction | None:
    """The next action by the rule that says most of the turn so far, or None.

    Rules that want an action of `refused` next are passed over.
    """
    labels = domain.labels(intent, entities)
    held = [
        (found.weight, Prediction(rule, found.action, found.said.loop))
        for rule in domain.rules_for(intent)
        for found in _follow(domain, rule, conversation, intent, labels)
        if found.action not in refused and (found.action or rule.waits)
    ]
    # The first of the heaviest: what says more holds, and the file's order settles the rest.
    return max(held, key=lambda pair: pair[0])[1] if held else None


@dataclass(frozen=True, slots=True)
class _Said:
    """What a rule says of a state. `loop` counts where `loop_given`."""

    slots: tuple[SlotStep, ...]
    loop_given: bool
    loop: str | None

    def after(self, steps: Sequence[Step]) -> tuple[_Said, Sequence[Step]]:
        """What it says after the leading state steps, and the steps from the next action on."""
        said = self
        for place, step in enumerate(steps):
            match step:
                case LoopStep(name=name):
                    said = replace(said, loop_given=True, loop=name)
                case SlotStep(name=name):
                    others = (other for other in said.slots if other.name != name)
                    said = replace(said, slots=(*others, step))
                case _:
                    return said, steps[place:]
        return said, ()

    def holds(self, domain: Domain, now: Opening) -> bool:
        if self.loop_given and now.loop != self.loop:
            return False
        return all(_slot_holds(domain, step, now.slots.get(step.name)) for step in self.slots)

    @property
    def weight(self) -> int:
        return 1 + len(self.slots) + self.loop_given


def _slot_holds(domain: Domain, step: SlotStep, value: object) -> bool:
    """Compared as the domain's slots are featurized: a text is there or not, whatever it says."""
    if step.any_value:
        return value is not None
    slot = domain.slots.get(step.name)
    return slot.feature(value) == slot.feature(step.value) if slot else value == step.value


@dataclass(frozen=True, slots=True)
class _Found:
    """How much a rule says of the turn so far, what it says of now, and its next action."""

    weight: int
    said: _Said
    action: str | None


def _follow(
    domain: Domain, rule: Rule, conversation: Conversation, intent: str | None, labels: frozenset[str]
) -> Iterable[_Found]:
    """Where the rule may stand in the turn so far; nowhere where it does not hold."""
    if rule.conversation_start and conversation.user_messages != 1:
        return
    opening = conversation.opening or Opening(conversation.loop, conversation.slots)
    said = _Said(rule.slots, rule.loop_given, rule.loop)
    place = next((n for n, step in enumerate(rule.steps) if isinstance(step, IntentStep)), len(rule.steps))
    for heard in rule.steps[place : place + 1]:
        assert isinstance(heard, IntentStep)
        if intent in heard.intents and heard.entities in (frozenset(), labels):
            for before in _last_done(domain, said, rule.steps[:place], conversation):
                found = _walk(domain, before.said, rule.steps[place + 1 :], opening, conversation.marks)
                if found:
                    yield replace(found, weight=before.weight + found.weight + 1 + len(heard.entities))
    if place:
        yield from _begun(domain, said, rule.steps, opening, conversation.marks)


def _last_done(
    domain: Domain, said: _Said, steps: Sequence[Step], conversation: Conversation
) -> Iterable[_Found]:
    """What the rule says up to its message, where it holds of what was done last before the bot listened."""
    if not any(isinstance(step, ActionStep) for step in steps):
        yield _Found(0, said.after(steps)[0], None)
        return
    turns = ((past.opening, past.marks) for past in reversed(conversation.past))
    opening, marks = next((turn for turn in turns if not _is_aside(turn[1])), (None, ()))
    if opening:
        yield from (found for found in _begun(domain, said, steps, opening, marks) if found.action is None)


def _is_aside(marks: Sequence[Mark]) -> bool:
    """Whether a message was only answered or asked back: what came before it may go on."""
    done = {mark.name for mark in marks if isinstance(mark, ActionRun)}
    return bool(done) and done <= {ANSWER, CLARIFY}


def _begun(
    domain: Domain, said: _Said, steps: Sequence[Step], opening: Opening, marks: Sequence[Mark]
) -> Iterable[_Found]:
    """Where steps that begin with an action stand, for each time that it was done."""
    said, steps = said.after(steps)
    for now, action, since in _done(opening, marks):
        if steps and steps[0] == ActionStep(action):
            found = _walk(domain, said, steps[1:], now, since)
            if found:
                yield found


def _done(opening: Opening, marks: Sequence[Mark]) -> Iterable[tuple[Opening, str, Sequence[Mark]]]:
    """Each action of the turn: what held as it ran, its name, and what was done since."""
    now = opening
    for place, mark in enumerate(marks):
        if isinstance(mark, ActionRun):
            yield now, mark.name, marks[place + 1 :]
        now = _moved(now, mark)


def _moved(now: Opening, mark: Mark) -> Opening:
    match mark:
        case LoopSet(name=name):
            return Opening(name, now.slots)
        case SlotSet(name=name, value=value):
            return Opening(now.loop, {**now.slots, name: value})
        case _:
            return now


def _walk(
    domain: Domain, said: _Said, steps: Sequence[Step], now: Opening, marks: Sequence[Mark]
) -> _Found | None:
    """Where the steps stand after what was done; None where the two disagree."""
    weight = 0
    for mark in marks:
        if isinstance(mark, ActionRun):
            said, steps = said.after(steps)
            if not steps or steps[0] != ActionStep(mark.name) or not said.holds(domain, now):
                return None
            weight, steps = weight + said.weight, steps[1:]
        now = _moved(now, mark)
    said, steps = said.after(steps)
    if not said.holds(domain, now):
        return None
    match steps[0] if steps else None:
        case ActionStep(name=name):
            return _Found(weight + said.weight, said, name)
        case IntentStep():
            return _Found(weight + said.weight, said, LISTEN)
        case _:
            return _Found(weight + said.weight, said, None)
