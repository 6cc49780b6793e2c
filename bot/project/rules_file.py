"""Reads rules, and the one shape their steps share with test conversations.

Knows Rasa 3's rule keys (yaml_story_reader.py); decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bot.dialogue.names import LISTEN
from bot.dialogue.reading import Entity
from bot.dialogue.selection import base_of
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step
from bot.project.node import Entries, check_keys, entries, flag, is_list, items, plain, text
from bot.project.report import Report
from bot.project.yaml import Node

MOST_WAYS = 500  # through one rule or story: each is compared with the conversation, or played
SNIPPET = "..."
_SILENCE = ActionStep(LISTEN)
_RULE_KEYS = ("rule", "condition", "conversation_start", "wait_for_user_input", "steps", "metadata")
_NO_STEP = "Use intent, action, active_loop, slot_was_set or `or` of intents."


@dataclass(slots=True)
class _Condition:
    loop_given: bool = False
    loop: str | None = None
    slots: list[SlotStep] = field(default_factory=list)


def read_rules(sections: Sequence[Node], report: Report) -> tuple[Rule, ...]:
    """The rules of all `rules:` sections, in their order. A rule that cannot be read is left out, with a
    finding."""
    rules: list[Rule] = []
    for section in sections:
        for item in items(section, "rules", report):
            found = entries(item, "a rule", report)
            ways = _rule(item, found, report) if found else ()
            rules += ways
            if not ways and item.value is not None:
                report.lost.add("rules")  # it may be the one that somebody looks for
    return tuple(rules)


def _rule(item: Node, found: Entries, report: Report) -> Sequence[Rule]:
    """A rule, once for each way through its choices; none where it cannot be kept."""
    name = text(found.get("rule"), "the name of a rule", report)
    if not name:
        report.error(item.place, "This rule has no name.", "Begin it with `- rule: NAME`.")
        return ()
    what = f"rule `{name}`"
    check_keys(found, _RULE_KEYS, what, report)
    condition = _condition(what, found.get("condition"), report)
    ways = _ways(what, found.get("steps"), report)
    if not ways or not _can_hold(what, item, ways[0], report):
        return ()
    start = flag(found.get("conversation_start"), f"conversation_start of {what}", report, default=False)
    waits = flag(found.get("wait_for_user_input"), f"wait_for_user_input of {what}", report, default=True)
    return [
        Rule(
            name=name,
            steps=steps if any(isinstance(step, ActionStep) for step in steps) else (*steps, _SILENCE),
            loop_given=condition.loop_given,
            loop=condition.loop,
            slots=tuple(condition.slots),
            conversation_start=start,
            waits=waits,
            source=str(found["rule"].place),
        )
        for steps in ways
    ]


def _ways(what: str, node: Node | None, report: Report) -> list[tuple[Step, ...]]:
    """The steps, in every way through their choices; none where the rule cannot be kept."""
    ways: list[tuple[Step, ...]] = [()]
    for item in items(node, f"steps of {what}", report):
        found = item.value if isinstance(item.value, Mapping) else {}
        read = _choice(what, found["or"], report) if "or" in found else [_step(what, item, report)]
        product = ((*way, *more) for way in ways for more in read if more is not None)
        ways = list(islice(product, MOST_WAYS + 1))
    if node is not None and len(ways) > MOST_WAYS:
        message = f"The {what} goes more than {MOST_WAYS} ways; the first {MOST_WAYS} hold."
        report.warn(node.place, message, "Use fewer `or`, or write several rules.")
    return ways[:MOST_WAYS] if is_list(node) else []


def _can_hold(what: str, item: Node, steps: Sequence[Step], report: Report) -> bool:
    """Whether the engine can follow these steps; each way through the choices has as many of each kind."""
    turns = sum(isinstance(step, IntentStep) for step in steps)
    if turns > 1:
        mend = "Split it: a rule answers one message; a form or a story leads through several."
        report.error(item.place, f"The {what} has {turns} user turns; at most one can hold.", mend)
        return False
    if not steps:
        report.warn(item.place, f"The {what} has no steps.", "Write them, or remove it.")
        return False
    if not any(isinstance(step, ActionStep) for step in steps):
        message = f"The {what} has no action: the bot only listens."
        report.warn(item.place, message, "Add `- action: NAME` to its steps.")
    return True


def _condition(what: str, node: Node | None, report: Report) -> _Condition:
    condition = _Condition()
    for item in items(node, f"condition of {what}", report):
        found = entries(item, f"a condition of {what}", report)
        check_keys(found, ("active_loop", "slot_was_set"), f"condition of {what}", report)
        if "active_loop" in found:
            condition.loop_given = True
            condition.loop = text(found["active_loop"], f"active_loop of {what}", report)
        condition.slots += slot_steps(what, found.get("slot_was_set"), report)
    return condition


def _step(what: str, node: Node, report: Report) -> list[Step] | None:
    """The steps of one item without a choice; None where the rule cannot be kept."""
    if node.raw == SNIPPET:
        return []
    found = entries(node, f"a step of {what}", report)
    if "intent" in found or "user" in found:
        step = intent_step(what, node, found, report)
        return None if step is None else [step]
    if "action" in found:
        name = text(found["action"], f"an action of {what}", report)
        if name:
            return [ActionStep(name)]
        report.error(node.place, f"A step of {what} names no action.", "Write `- action: NAME`.")
        return None
    if "checkpoint" in found or "bot" in found:
        key = "checkpoint" if "checkpoint" in found else "bot"
        report.error(node.place, f"A step of {what} is a `{key}`, which rules cannot have here.", _NO_STEP)
        return None
    if "slot_was_set" in found:
        return list(slot_steps(what, found["slot_was_set"], report))
    if "active_loop" in found:
        return [LoopStep(text(found["active_loop"], f"active_loop of {what}", report))]
    if "metadata" in found:
        return []
    report.error(node.place, f"A step of {what} is none that is known.", _NO_STEP)
    return None


def intent_step(what: str, node: Node, found: Entries, report: Report) -> IntentStep | None:
    """A user turn named by its intent; None, with a finding, where it has none."""
    check_keys(found, ("intent", "user", "entities", "metadata"), f"step of {what}", report)
    name = text(found.get("intent"), f"an intent of {what}", report)
    if not name:
        report.error(node.place, f"A user turn of {what} names no intent.", "Add `intent: NAME`.")
        return None
    if name.startswith("/"):
        report.warn(node.place, f"The intent `{name}` of {what} begins with `/`.", "Write the bare name.")
    return IntentStep(
        frozenset({base_of(name.removeprefix("/"))}), frozenset(labels_of(step_entities(what, found, report)))
    )


def labels_of(entities: Iterable[Entity]) -> list[str]:
    """What stories tell of entities: each name, and the name with role or group."""
    return [
        label
        for entity in entities
        for label in (entity.name, *(f"{entity.name}#{part}" for part in (entity.role, entity.group) if part))
    ]


def step_entities(what: str, found: Entries, report: Report) -> list[Entity]:
    """`entities:` of a step: `- name`, or `- name: value` with role and group beside it."""
    found_entities: list[Entity] = []
    for item in items(found.get("entities"), f"entities of {what}", report):
        if isinstance(item.value, str):
            found_entities.append(Entity(item.value, ""))
            continue
        details = entries(item, f"an entity of {what}", report)
        role, group = (
            text(details.get(key), f"{key} of an entity of {what}", report) for key in ("role", "group")
        )
        found_entities += [
            Entity(name, plain(value), role=role, group=group)
            for name, value in details.items()
            if name not in ("role", "group")
        ]
    return found_entities


def _choice(what: str, node: Node, report: Report) -> list[list[Step]]:
    """The ways that an `or` lets a rule go on: one for all bare intents, one for each other choice."""
    bare: set[str] = set()
    ways: list[list[Step]] = []
    for item in items(node, f"`or` of {what}", report):
        found = entries(item, f"a choice of {what}", report)
        if "intent" not in found and "slot_was_set" not in found:
            message = f"`or` of {what} can only choose among intents and slots."
            report.error(item.place, message, "Write a rule for each case.")
            return []
        steps = _step(what, item, report) or []
        if len(steps) == 1 and isinstance(steps[0], IntentStep) and not steps[0].entities:
            bare |= steps[0].intents
        elif steps:
            ways.append(steps)
    if bare:
        ways.insert(0, [IntentStep(frozenset(bare))])
    if not ways:
        report.error(node.place, f"`or` of {what} has no choice.", "List `- intent: NAME` lines under it.")
    return ways


def slot_steps(what: str, node: Node | None, report: Report) -> list[SlotStep]:
    """`slot_was_set:` items: `- name` (whatever value) or `- name: value`."""
    steps: list[SlotStep] = []
    for item in items(node, f"slot_was_set of {what}", report):
        if isinstance(item.value, str):
            steps.append(SlotStep(item.value, any_value=True))
        else:
            details = entries(item, f"slot_was_set of {what}", report)
            steps += [SlotStep(name, plain(value)) for name, value in details.items()]
    return steps
