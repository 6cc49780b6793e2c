"""Rules: which action comes next, as Rasa's RulePolicy decides it within one turn.

A rule holds when what it says of each state since the message is so: the intent with its entities, the slots
as they are featurized, the loop, and what was done. What it said of a slot or a loop stays said until a step
of it says otherwise. A rule that begins with an action holds whenever that was done, whatever was before it.
Pure. Source of the behaviour: rasa.core.policies.rule_policy (3.6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.dialogue.conversation import Conversation, Opening
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, LoopSet, SlotSet
from bot.dialogue.reading import Entity
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step

Mark = ActionRun | LoopSet | SlotSet


@dataclass(frozen=True, slots=True)
class Prediction:
    """`action=None`: the rule is complete, and the bot listens."""

    rule: Rule
    action: str | None


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
        (weight, Prediction(rule, action))
        for rule in domain.rules_for(intent)
        for weight, action in _follow(domain, rule, conversation, intent, labels)
        if action not in refused and (action or rule.waits)
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


def _follow(
    domain: Domain, rule: Rule, conversation: Conversation, intent: str | None, labels: frozenset[str]
) -> Iterable[tuple[int, str | None]]:
    """How much the rule says of the turn so far, and its next action; nothing where it does not hold."""
    if rule.conversation_start and conversation.user_messages != 1:
        return
    opening = conversation.opening or Opening(conversation.loop, conversation.slots)
    said = _Said(rule.slots, rule.loop_given, rule.loop)
    first = rule.steps[0] if rule.steps else None
    if isinstance(first, IntentStep):
        if intent in first.intents and first.entities in (frozenset(), labels):
            found = _walk(domain, said, rule.steps[1:], opening, conversation.marks)
            if found:
                yield found[0] + 1 + len(first.entities), found[1]
        return
    said, steps = said.after(rule.steps)
    for now, action, marks in _done(opening, conversation.marks):
        if steps and steps[0] == ActionStep(action):
            found = _walk(domain, said, steps[1:], now, marks)
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
) -> tuple[int, str | None] | None:
    """How much is said of the states, and the action after what was done; None where the two disagree."""
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
    following = steps[0] if steps else None
    return weight + said.weight, following.name if isinstance(following, ActionStep) else None
