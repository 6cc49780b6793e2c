"""Marks where a bot ends dead: what is never heard, begun, said or run.

Knows what engine and action servers use without being told by a rule or story; a mark is sure or not made.
"""

from __future__ import annotations

from bot.dialogue.flow import Call, Link
from bot.dialogue.greeting import GREETING
from bot.dialogue.names import (
    BUILT_IN_ACTIONS,
    DEFAULT_INTENTS,
    KNOWLEDGE_INTENT,
    OUT_OF_SCOPE_INTENTS,
    VALIDATE_SLOTS,
)
from bot.dialogue.phrases import PHRASES
from bot.dialogue.steps import ActionStep, LoopStep
from bot.picture.graph import Kind, Node
from bot.picture.walks import step_of
from bot.project.check_flows import reached
from bot.project.model import Project

_UNTAUGHT = {*OUT_OF_SCOPE_INTENTS, *DEFAULT_INTENTS, KNOWLEDGE_INTENT}  # work without examples
_BY_OTHERS = "EXTERNAL"  # begins the intents that reminders and other programs send (Rasa's guide)
_SAID_BY_ENGINE = {*PHRASES, GREETING, "utter_default"}


def mark_of(project: Project, node: Node, used: frozenset[str]) -> str:
    """A dead end in two or three words, empty where there is none; `used` are nodes of paths and forms."""
    match node.kind:
        case Kind.INTENT:
            return "" if _heard(project, node) else "no examples"
        case Kind.FORM:
            return "" if _begun(project, node.name) else "never begun"
        case Kind.FLOW:
            return _of_flow(project, node.name)
        case Kind.STEP:
            return _of_step(project, node.key.partition(":")[2])
        case Kind.RESPONSE:
            chosen = f"{Kind.RESPONSE}:{node.name.partition('/')[0]}"
            return "" if {node.key, chosen} & used or _said(project, node.name) else "never said"
        case Kind.ACTION:
            return "" if node.key in used or _run(project, node.name) else "never run"
        case _:
            return ""


def _heard(project: Project, intent: Node) -> bool:
    if intent.words or intent.name not in project.domain.intents or not project.nlu.examples:
        return True
    return intent.name in _UNTAUGHT or intent.name.startswith(_BY_OTHERS)


def _begun(project: Project, form: str) -> bool:
    """By a rule or story of which the running form is no condition."""
    rules = [rule.steps for rule in project.domain.rules if rule.loop != form]
    ways = [way for part in project.story_parts for way in part.ways]
    return any({ActionStep(form), LoopStep(form)} & set(filter(_simple, steps)) for steps in (*rules, *ways))


def _of_flow(project: Project, name: str) -> str:
    """Begun by an intent, by another flow, or by name in a rule or story."""
    flows = project.domain.flows
    if name not in flows:
        return "does not exist"
    does = [step.does for flow in flows.values() for step in flow.steps.values() if flow.name != name]
    named = any(isinstance(one, (Call, Link)) and one.flow == name for one in does)
    return "" if named or flows[name].triggers or _begun(project, name) else "never begun"


def _of_step(project: Project, name: str) -> str:
    flow, place = step_of(project.domain.flows, name)
    if flow is None or place not in flow.steps:
        return "does not exist"
    return "" if place in reached(flow) else "never reached"


def _simple(step: object) -> bool:
    """Whether a step can stand in a set: a slot's value may be a list."""
    return isinstance(step, (ActionStep, LoopStep))


def _said(project: Project, response: str) -> bool:
    """By the engine, or perhaps by an action; without rules, stories and flows nothing can be told."""
    domain = project.domain
    told = domain.rules or project.story_parts or domain.flows
    acts = domain.actions - BUILT_IN_ACTIONS - domain.responses.keys()
    return bool(acts) or response in _SAID_BY_ENGINE or not told


def _run(project: Project, action: str) -> bool:
    """By the engine: for a form or flow, or to fill a slot."""
    domain = project.domain
    if action in BUILT_IN_ACTIONS or action == VALIDATE_SLOTS or action.startswith("action_ask_"):
        return True
    asked = {mapping.action for slot in domain.slots.values() for mapping in slot.mappings}
    return action in asked or action.removeprefix("validate_") in domain.loops
