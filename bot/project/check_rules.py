"""Checks of rules and forms: contradictions, forms nobody starts, slots nobody asks for.

Knows how rules are compared in the engine; runs no conversation.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import combinations
from typing import Any

from bot.dialogue.domain import Domain, MappingType
from bot.dialogue.flow import Form
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step
from bot.project.check_names import place_of, written
from bot.project.model import Project
from bot.project.report import Place, Report, suggest


def check_forms(project: Project, report: Report) -> None:
    """A form must be started by something, and must be able to ask for every slot it requires."""
    domain = project.domain
    for name, form in sorted(domain.forms.items()):
        place = project.places.get(f"form:{name}", Place("domain.yml"))
        told = any(ActionStep(name) in story.steps for story in domain.stories)
        if not (told or report.lost & {"rules", "stories"} or any(_starts(r, name) for r in domain.rules)):
            mend = f"Add a rule with `- action: {name}` and `- active_loop: {name}`."
            report.warn(place, f"Nothing starts the form `{name}`.", mend)
        for slot in form.required_slots:
            _check_required(project, form, slot, place, report)
        strange = form.ignored_intents - domain.intents if "intents" not in report.lost else frozenset[str]()
        for intent in sorted(strange):
            mend = suggest(intent, domain.intents, "Add it to `intents:` or remove it here.")
            report.warn(
                place, f"The form `{name}` ignores the intent `{intent}`, which is not in the domain.", mend
            )
    for one in () if "forms" in report.lost else written(domain):
        loops = {step.name for step in one.steps if isinstance(step, LoopStep)}
        for loop in sorted(loop for loop in loops if loop is not None and loop not in domain.loops):
            mend = suggest(loop, domain.forms, "Add it to `forms:` in the domain.")
            report.error(one.place, f"{one.what} uses the form `{loop}`, which is not in the domain.", mend)


def _starts(rule: Rule, form: str) -> bool:
    """A rule whose own condition is the running form continues it; any other that runs it starts it."""
    return rule.loop != form and ActionStep(form) in rule.steps


def _check_required(project: Project, form: Form, slot: str, place: Place, report: Report) -> None:
    domain = project.domain
    if slot not in domain.slots and "slots" in report.lost:
        return
    if slot not in domain.slots:
        mend = suggest(slot, domain.slots, "Add it to `slots:` in the domain.")
        report.error(
            place, f"The form `{form.name}` requires the slot `{slot}`, which is not in the domain.", mend
        )
        return
    asks = _asks(domain, form.name, slot) or MappingType.FROM_TRIGGER_INTENT in {
        mapping.type
        for mapping in domain.slots[slot].mappings  # filled by what starts the form
    }
    if not (asks or report.lost & {"responses", "actions"}):
        mend = f"Add the response `utter_ask_{form.name}_{slot}` or `utter_ask_{slot}`."
        report.warn(place, f"The form `{form.name}` cannot ask for `{slot}`.", mend)
    mappings = domain.slots[slot].mappings
    reachable = [
        mapping
        for mapping in mappings
        if not mapping.conditions or form.name in {condition.active_loop for condition in mapping.conditions}
    ]
    validates = f"validate_{form.name}" in domain.actions or "actions" in report.lost
    if "mappings" in report.lost:
        return
    asked = all(mapping.type is MappingType.CUSTOM and mapping.action is None for mapping in reachable)
    if not reachable or (asked and not validates):
        mend = "Add a mapping without conditions, or with this form as `active_loop`."
        report.warn(place, f"No answer fills `{slot}` while the form `{form.name}` runs.", mend)


def _asks(domain: Domain, form: str, slot: str) -> bool:
    endings = (f"{form}_{slot}", slot)
    return any(
        f"utter_ask_{ending}" in domain.responses or f"action_ask_{ending}" in domain.actions
        for ending in endings
    )


def check_contradictions(project: Project, report: Report) -> None:
    """Two rules that hold in the same place and go on differently: what Rasa calls InvalidRule."""
    heads: dict[tuple[Any, ...], list[Rule]] = {}
    blind = {slot.name for slot in project.domain.slots.values() if not slot.tells}
    for rule in (_as_compared(rule, blind) for rule in project.domain.rules):
        for intent in sorted(rule.intents) or [""]:
            heads.setdefault((_condition(rule), intent, _given(rule)), []).append(rule)
    told: set[tuple[str, str]] = set()
    for (_, intent, _), rules in heads.items():
        for first, second in combinations(rules, 2):
            difference = _difference(first, second)
            if difference is None or (first.source, second.source) in told:
                continue
            told.add((first.source, second.source))
            one, other = difference
            after = f"`{intent}`" if intent else "the same steps"
            message = (
                f"The rules `{first.name}` ({first.source}) and `{second.name}` contradict each other: "
                f"after {after}, one goes on with {one}, the other with {other}."
            )
            mend = "Give one of them a condition that tells them apart, or join them."
            report.error(place_of(second.source), message, mend)


def _as_compared(rule: Rule, blind: Collection[str]) -> Rule:
    """Without the slots that have no influence on the conversation: they tell no two rules apart."""
    slots = tuple(step for step in rule.slots if step.name not in blind)
    steps = tuple(step for step in rule.steps if not (isinstance(step, SlotStep) and step.name in blind))
    return replace(rule, slots=slots, steps=steps)


def _condition(rule: Rule) -> tuple[Any, ...]:
    slots = frozenset((step.name, repr(step.value), step.any_value) for step in rule.slots)
    return rule.loop_given, rule.loop, slots, rule.conversation_start


def _given(rule: Rule) -> Step | frozenset[str] | None:
    """What a rule takes for granted beside its intent: entities; without an intent, its first step, which is
    what was done before and foretells nothing (rasa/core/policies/rule_policy.py).
    """
    first = rule.steps[0] if rule.steps else None
    return first.entities if isinstance(first, IntentStep) else first


def _difference(first: Rule, second: Rule) -> tuple[str, str] | None:
    """Where two rules of one head go different ways with no state between to tell them apart; None where they
    agree."""
    one, other = (_after_intent(rule) for rule in (first, second))
    for left, right in zip(one, other, strict=False):
        if left == right:
            continue
        if isinstance(left, ActionStep) and isinstance(right, ActionStep):
            return f"`{left.name}`", f"`{right.name}`"
        # One of them asks for a form or a slot here: they are told apart by what holds then.
        return None
    if len(one) == len(other):
        return None
    shorter, step = (second, one[len(other)]) if len(one) > len(other) else (first, other[len(one)])
    if not isinstance(step, ActionStep) or not shorter.waits:
        return None
    return (f"`{step.name}`", "the end") if shorter is second else ("the end", f"`{step.name}`")


def _after_intent(rule: Rule) -> tuple[Step, ...]:
    return rule.steps[1:] if rule.intents else rule.steps
