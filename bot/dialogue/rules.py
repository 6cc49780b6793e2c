"""Rules: which action comes next, as Rasa's RulePolicy decides it within one turn.

A rule holds when its conditions held as the bot began to act and its steps agree with everything done since.
Pure. Source of the behaviour: rasa.core.policies.rule_policy (3.6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.dialogue.conversation import Conversation, Opening
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, LoopSet
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step


@dataclass(frozen=True, slots=True)
class Prediction:
    """`action=None`: the rule is complete; `waits` says whether the bot then listens."""

    rule: Rule
    action: str | None
    waits: bool


def predict(
    domain: Domain,
    conversation: Conversation,
    intent: str | None,
    entities: Iterable[str] = (),
    *,
    refused: Collection[str] = (),
) -> Prediction | None:
    """The next action by the most specific rule that agrees with the turn so far, or None.

    Rules that want an action of `refused` next are passed over.
    """
    names = frozenset(entities)
    held = [
        (_weight(rule), prediction)
        for rule in domain.rules_for(intent)
        if (prediction := _follow(domain, rule, conversation, intent, names)) is not None
        and prediction.action not in refused
    ]
    # The first of the heaviest: more conditions and steps say more, and the file's order settles the rest.
    return max(held, key=lambda pair: pair[0])[1] if held else None


def _weight(rule: Rule) -> int:
    entities = sum(len(step.entities) for step in rule.steps if isinstance(step, IntentStep))
    return len(rule.steps) + entities + 2 * (rule.loop_given + len(rule.slots) + rule.conversation_start)


def _follow(
    domain: Domain, rule: Rule, conversation: Conversation, intent: str | None, entities: frozenset[str]
) -> Prediction | None:
    opening = conversation.opening or Opening(conversation.loop, conversation.slots)
    if not _conditions_hold(domain, rule, conversation, opening):
        return None
    steps = list(rule.steps)
    if steps and isinstance(steps[0], IntentStep):
        first = steps.pop(0)
        if not isinstance(first, IntentStep) or intent not in first.intents or not first.entities <= entities:
            return None
    elif not conversation.marks:
        return None  # a rule that opens with an action follows one; it never answers a message by itself
    walked = _walk(domain, steps, conversation, opening)
    if walked is None:
        return None
    action = walked[0].name if walked and isinstance(walked[0], ActionStep) else None
    return Prediction(rule, action, rule.waits)


def _conditions_hold(domain: Domain, rule: Rule, conversation: Conversation, opening: Opening) -> bool:
    if rule.loop_given and opening.loop != rule.loop:
        return False
    if rule.conversation_start and conversation.user_messages != 1:
        return False
    return all(_slot_holds(domain, step, opening.slots.get(step.name)) for step in rule.slots)


def _slot_holds(domain: Domain, step: SlotStep, value: object) -> bool:
    """Compared as the domain's slots are featurized: a text is there or not, whatever it says."""
    if step.any_value:
        return value is not None
    slot = domain.slots.get(step.name)
    return slot.feature(value) == slot.feature(step.value) if slot else value == step.value


def _walk(
    domain: Domain, steps: list[Step], conversation: Conversation, opening: Opening
) -> list[Step] | None:
    """The steps still to do after what was done, or None where the two disagree."""
    loop, slots = opening.loop, dict(opening.slots)
    for mark in conversation.marks:
        if isinstance(mark, LoopSet):
            loop = mark.name
        elif isinstance(mark, ActionRun):
            rest = _checked(domain, steps, loop, slots)
            if not rest or rest[0] != ActionStep(mark.name):
                return None
            steps = rest[1:]
        else:
            slots[mark.name] = mark.value
    return _checked(domain, steps, loop, slots)


def _checked(
    domain: Domain, steps: list[Step], loop: str | None, slots: dict[str, object]
) -> list[Step] | None:
    """`steps` after the leading state steps, or None where one of those does not hold."""
    rest = list(steps)
    while rest and isinstance(step := rest[0], (LoopStep, SlotStep)):
        holds = (
            step.name == loop
            if isinstance(step, LoopStep)
            else _slot_holds(domain, step, slots.get(step.name))
        )
        if not holds:
            return None
        rest.pop(0)
    return rest
