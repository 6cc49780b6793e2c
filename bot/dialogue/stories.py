"""Stories as the events of a conversation that goes as they say, and what they name or leave to rules.

Knows the steps of stories and rules; what is recalled of them is bot/dialogue/memory.py's. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from bot.dialogue.domain import Domain, MappingType, SlotType
from bot.dialogue.events import ActionRun, LoopSet, SlotSet, UserSaid
from bot.dialogue.names import LISTEN
from bot.dialogue.reading import Entity, Reading, Verdict
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step, Story, TextStep
from bot.dialogue.text import normalise
from bot.dialogue.trail import Act
from bot.dialogue.values import folded


def acts_of(domain: Domain, story: Story) -> list[Act]:
    """A story as the events of a conversation that goes as it says."""
    acts: list[Act] = []

    def listen() -> None:
        if not (acts and isinstance(acts[-1], ActionRun) and acts[-1].name == LISTEN):
            acts.append(ActionRun(at=0.0, name=LISTEN))

    for step in story.steps:
        match step:
            case IntentStep(intents=intents):
                listen()
                told = step.given or tuple(Entity(label, "") for label in step.entities)
                acts.append(_said(next(iter(intents)), "", told))
                acts += fills(domain, step.given)
            case TextStep(text=text, given=given):
                listen()
                acts.append(_said(None, text, given))
                acts += fills(domain, given)
            case ActionStep(name=name):
                acts.append(ActionRun(at=0.0, name=name))
            case LoopStep(name=name):
                acts.append(LoopSet(at=0.0, name=name))
            case SlotStep():
                acts.append(SlotSet(at=0.0, name=step.name, value=_value(domain, step)))
    if story.ends:
        listen()
    return acts


def _said(intent: str | None, text: str, entities: tuple[Entity, ...]) -> UserSaid:
    verdicts = (Verdict(intent, 1.0),) if intent else ()
    reading = Reading(verdicts, entities=entities)
    return UserSaid(at=0.0, text=text, message_id="", channel="", reading=reading)


def words_of(text: str) -> str:
    """A message as stories compare its words: without case, and without the signs at its ends."""
    said = normalise(text)
    return folded(said) or said


def fills(domain: Domain, entities: Sequence[Entity]) -> Iterator[SlotSet]:
    """What the entities of a step fill (rasa.shared.core.domain, slots_for_entities): mappings with
    conditions do not count.
    """
    for slot in domain.slots.values() if domain.entities_fill else ():
        found = [
            entity.value
            for mapping in slot.mappings
            if mapping.type is MappingType.FROM_ENTITY and not mapping.conditions
            for entity in entities
            if mapping.takes(entity)
        ]
        if found:
            value = found if slot.type is SlotType.LIST else found[-1]
            yield SlotSet(at=0.0, name=slot.name, value=value)


def _value(domain: Domain, step: SlotStep) -> Any:
    """A slot that a story names without a value is filled, if it is a text or a list; another needs a value,
    as in Rasa.
    """
    if not step.any_value:
        return step.value
    slot = domain.slots.get(step.name)
    return {SlotType.TEXT: "filled", SlotType.LIST: ["filled"]}.get(slot.type) if slot else None


def named(domain: Domain) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The intents and the actions that stories tell of, and the words."""
    steps = [step for story in domain.stories for step in story.steps]
    intents = {intent for step in steps if isinstance(step, IntentStep) for intent in step.intents}
    texts = {words_of(step.text) for step in steps if isinstance(step, TextStep)}
    actions = {step.name for step in steps if isinstance(step, ActionStep)}
    return frozenset(intents), frozenset(actions), frozenset(texts)


def unseen(domain: Domain) -> frozenset[str]:
    """The slots and loops of rules that no story names (rasa.core.policies.rule_policy, rule-only data)."""
    return _named(
        domain, (step for rule in domain.rules for step in (*rule.slots, LoopStep(rule.loop), *rule.steps))
    ) - _named(domain, (step for story in domain.stories for step in story.steps))


def _named(domain: Domain, steps: Iterable[Step]) -> frozenset[str]:
    names: set[str | None] = set()
    for step in steps:
        match step:
            case SlotStep(name=name) | LoopStep(name=name) | ActionStep(name=name):
                names.add(name)
            case IntentStep(given=given) | TextStep(given=given):
                names |= {filled.name for filled in fills(domain, given)}
    return frozenset(name for name in names if name and (name in domain.slots or name in domain.loops))


def asides(domain: Domain) -> frozenset[str]:
    """The rules and forms by which no story goes on."""
    told: set[tuple[str, str]] = set()
    named: set[str] = set()
    for story in domain.stories:
        steps = [step for step in story.steps if isinstance(step, (IntentStep, ActionStep))]
        named |= {step.name for step in steps if isinstance(step, ActionStep)}
        for step, following in pairwise(steps):
            if isinstance(step, IntentStep) and isinstance(following, ActionStep):
                told |= {(intent, following.name) for intent in step.intents}
    rules = {rule.name for rule in domain.rules if not _is_told(rule, told)}
    return frozenset(rules | ((domain.forms.keys() | domain.flows.keys()) - named))


def _is_told(rule: Rule, told: Collection[tuple[str, str]]) -> bool:
    first = next((step.name for step in rule.steps if isinstance(step, ActionStep)), None)
    return any((intent, first) in told for intent in rule.intents)
