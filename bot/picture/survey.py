"""Surveys a project for its diagram: what intents lead to, what forms and flows ask, and how stories go.

Knows the table of what intents lead to; draws nothing. A pure function of the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.dialogue.flow import Call, Flow, Form, Link
from bot.dialogue.names import ANSWER, DEFAULT_INTENTS, KNOWLEDGE_INTENT, OUT_OF_SCOPE_INTENTS
from bot.errors import Finding
from bot.picture.dead_ends import mark_of
from bot.picture.graph import Asking, Graph, Group, Kind, Node, Path, Question, nodes_of_asking, nodes_on
from bot.picture.nodes import filled_by, nodes_of
from bot.picture.paths import Way, action_key, joined, key, rule_way, running, story_ways, turns
from bot.picture.walks import walks
from bot.project.check_names import place_of
from bot.project.model import Project
from bot.project.report import Place

# What an intent leads to, the weightiest first: each is shown under the first kind that its paths reach.
_GROUPS: tuple[tuple[str, str, frozenset[Kind]], ...] = (
    ("Begin a form or flow", "the bot asks for what it needs", frozenset({Kind.FORM, Kind.FLOW})),
    ("Lead to a person", "somebody takes over", frozenset({Kind.PERSON})),
    ("Run an action", "something is done or looked up", frozenset({Kind.ACTION})),
    ("Get a reply", "the bot says something, and listens", frozenset({Kind.RESPONSE})),
    ("Fill a slot", "and nothing more follows", frozenset({Kind.SLOT})),
)
_PLAIN_QUESTION = f"{Kind.RESPONSE}:utter_ask_for"  # what the engine asks where a project has no words
_INSIDE = ("Count while a form runs", "and nowhere else")
_NOWHERE = ("Lead nowhere", "no rule, story, form or flow has them: the bot asks back")


def graph_of(project: Project) -> Graph:
    """The diagram of a project whose `findings` are complete (`bot.project.check.checked`)."""
    domain = project.domain
    stories = [way for part in project.story_parts for way in story_ways(domain, part)]
    rules = [rule_way(domain, rule) for rule in domain.rules]
    follows = _following(project, rules, stories)
    forms = tuple(_asking(project, form, rules, follows) for form in domain.forms.values())
    flows = tuple(_of_flow(project, flow, rules, follows) for flow in domain.flows.values())
    inside = domain.forms.keys() | domain.flows.keys()
    loose = [way for way in rules if not way.begins_with_intent and way.inside not in inside]
    told = joined(sorted([*stories, *loose], key=lambda way: not way.begins_with_intent))
    paths = {intent: joined(ways) for intent, ways in follows.items()}
    used = [
        *(node for trees in (*paths.values(), told) for node in nodes_on(trees)),
        *(node for asking in (*forms, *flows) for node in nodes_of_asking(asking)),
        *follows,
    ]
    known = frozenset(used)
    nodes = {node.key: replace(node, mark=mark_of(project, node, known)) for node in nodes_of(project, used)}
    groups = _groups([intent for intent in nodes if intent in follows], follows)
    about = _about(project, nodes)
    answers = len(project.answers)
    return Graph(project.title, nodes, groups, paths, forms, flows, told, project.findings, answers, about)


def _about(project: Project, nodes: Mapping[str, Node]) -> dict[str, tuple[Finding, ...]]:
    """The findings on the lines where a node is defined that name it: several may stand on one line."""
    at: dict[Place, list[Finding]] = {}
    for finding in project.findings:
        at.setdefault(Place(finding.file, finding.line), []).append(finding)
    found: dict[str, tuple[Finding, ...]] = {}
    for node in nodes.values():
        variations = range(len(project.domain.responses.get(node.name, ())))
        places = [node.place, *(project.places.get(f"{node.key}:{index}") for index in variations)]
        flow = project.domain.flows.get(node.name) if node.kind is Kind.FLOW else None
        places += [place_of(step.source) for step in flow.steps.values()] if flow else []
        lines = [finding for place in dict.fromkeys(places) if place for finding in at.get(place, ())]
        about = tuple(finding for finding in lines if f"`{node.name}`" in finding.message)
        found.update({node.key: about} if about else {})
    return found


def _following(project: Project, rules: list[Way], stories: list[Way]) -> Mapping[str, tuple[Way, ...]]:
    """What rules, stories and flows have follow each intent; for those that only the engine knows, what it
    does.
    """
    found: dict[str, list[Way]] = {key(Kind.INTENT, name): [] for name in sorted(project.domain.intents)}
    for way in rules:
        for intent in way.keys[0] if way.begins_with_intent else ():
            found.setdefault(intent, []).append(way.after(1))
    for intent, way in turns(stories):
        found.setdefault(intent, []).append(way)
    for flow in project.domain.flows.values():
        for intent, way in _begins(flow):
            found.setdefault(intent, []).append(way)
    for name in sorted(project.domain.intents):
        if not found[key(Kind.INTENT, name)]:
            found[key(Kind.INTENT, name)] = list(_otherwise(project, name))
    return {intent: tuple(ways) for intent, ways in found.items()}


def _begins(flow: Flow) -> Iterator[tuple[str, Way]]:
    """Each intent that begins the flow, with what must hold for it."""
    for trigger in flow.triggers:
        when = [f"if {flow.guard.text}"] if flow.guard else []
        when += [f"if {trigger.least:.0%} sure of it"] if trigger.least else []
        keys = (*((key(Kind.CONDITION, words),) for words in when), (key(Kind.FLOW, flow.name),))
        yield key(Kind.INTENT, trigger.intent), Way(keys, "")


def _otherwise(project: Project, intent: str) -> Iterator[Way]:
    """What becomes of an intent without a rule or story: the engine's own way, or a slot that it fills."""
    if intent in DEFAULT_INTENTS:
        yield Way(((key(Kind.ACTION, DEFAULT_INTENTS[intent]),),), "")
    elif intent == KNOWLEDGE_INTENT:
        yield Way(((key(Kind.ACTION, ANSWER),),), "")
    elif intent in OUT_OF_SCOPE_INTENTS:
        yield Way(((key(Kind.RESPONSE, "utter_ask_rephrase"),),), "")
    for slot in project.domain.slots.values():
        for mapping in slot.mappings:
            if intent in mapping.intents:
                loops = [condition.active_loop for condition in mapping.conditions]
                for loop in loops or [None]:
                    when = ((key(Kind.CONDITION, running(loop)),),) if loop else ()
                    yield Way((*when, (key(Kind.SLOT, slot.name),)), "", inside=loop)


def _groups(intents: list[str], follows: Mapping[str, tuple[Way, ...]]) -> tuple[Group, ...]:
    places: dict[tuple[str, str], list[str]] = {}
    for intent in intents:
        places.setdefault(_group(follows[intent]), []).append(intent)
    order = [*((title, about) for title, about, _ in _GROUPS), _INSIDE, _NOWHERE]
    return tuple(Group(*which, tuple(places[which])) for which in order if which in places)


def _group(ways: tuple[Way, ...]) -> tuple[str, str]:
    free = [way for way in ways if not way.inside]
    reached = {node.partition(":")[0] for way in free for keys in way.keys for node in keys}
    for title, about, kinds in _GROUPS:
        if reached & kinds:
            return title, about
    return _INSIDE if ways else _NOWHERE


def _asking(project: Project, form: Form, rules: list[Way], follows: Mapping[str, tuple[Way, ...]]) -> Asking:
    me = key(Kind.FORM, form.name)
    questions = tuple(_question(project, form, slot) for slot in form.required_slots)
    ignored = tuple(key(Kind.INTENT, name) for name in sorted(form.ignored_intents))
    paths = _ruled(form, rules)
    return Asking(me, _begun_by(me, form, follows), questions, paths, ignored, _checks(project, form))


def _begun_by(me: str, form: Form, follows: Mapping[str, tuple[Way, ...]]) -> tuple[str, ...]:
    """The intents from which a way leads to it that it need not run for."""
    return tuple(
        i for i, ways in follows.items() if any((me,) in w.keys and w.inside != form.name for w in ways)
    )


def _ruled(form: Form, rules: list[Way]) -> tuple[Path, ...]:
    """The rules written for it."""
    condition = (key(Kind.CONDITION, running(form.name)),)
    return joined(
        replace(way, keys=tuple(keys for keys in way.keys if keys != condition))
        for way in rules
        if way.inside == form.name
    )


def _checks(project: Project, form: Form) -> str:
    checks = f"validate_{form.name}"
    return key(Kind.ACTION, checks) if checks in project.domain.actions else ""


def _of_flow(
    project: Project, flow: Flow, rules: list[Way], follows: Mapping[str, tuple[Way, ...]]
) -> Asking:
    me, flows = key(Kind.FLOW, flow.name), project.domain.flows.values()
    callers = (other for other in flows if other is not flow and flow.name in _goes_on_with(other))
    begun = (*_begun_by(me, flow.form, follows), *(key(Kind.FLOW, other.name) for other in callers))
    slots = dict.fromkeys(collect.slot for collect in flow.collects if not collect.confirms)
    questions = tuple(_of_slot(project, flow, slot) for slot in slots)
    paths = (*walks(project.domain, flow), *_ruled(flow.form, rules))
    guard = flow.guard.text if flow.guard else ""
    return Asking(me, begun, questions, paths, (), _checks(project, flow.form), guard)


def _goes_on_with(flow: Flow) -> set[str]:
    return {step.does.flow for step in flow.steps.values() if isinstance(step.does, (Call, Link))}


def _of_slot(project: Project, flow: Flow, slot: str) -> Question:
    """A slot that a flow collects at one step or several, each perhaps with a question of its own."""
    usual = _question(project, flow.form, slot)
    collects = [collect for collect in flow.collects if collect.slot == slot]
    named = [key(Kind.RESPONSE, collect.utter) for collect in collects if collect.utter]
    asked = named if len(named) == len(collects) else [*named, *(usual.asked_by or (_PLAIN_QUESTION,))]
    refused = [
        (rejection.condition.text, key(Kind.RESPONSE, rejection.utter or "utter_flow_rejected"))
        for collect in collects
        for rejection in collect.rejections
    ]
    return replace(usual, asked_by=tuple(dict.fromkeys(asked)), refused=tuple(dict.fromkeys(refused)))


def _question(project: Project, form: Form, slot: str) -> Question:
    domain, asked = project.domain, []
    for ending in (f"{form.name}_{slot}", slot):
        asked += [f"action_ask_{ending}"] if f"action_ask_{ending}" in domain.actions else []
        asked += [f"utter_ask_{ending}"] if f"utter_ask_{ending}" in domain.responses else []
    keys = tuple(action_key(domain, name) for name in asked[:1])
    return Question(key(Kind.SLOT, slot), keys, filled_by(project, form, slot))
