"""Surveys a project for its diagram: what intents lead to, what forms ask, and how stories go.

Knows the table of what intents lead to; draws nothing. A pure function of the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.dialogue.flow import Form
from bot.dialogue.names import ANSWER, DEFAULT_INTENTS, KNOWLEDGE_INTENT, OUT_OF_SCOPE_INTENTS
from bot.errors import Finding
from bot.picture.dead_ends import mark_of
from bot.picture.graph import Asking, Graph, Group, Kind, Node, Question, nodes_on
from bot.picture.nodes import filled_by, nodes_of
from bot.picture.paths import Way, action_key, joined, key, rule_way, running, story_ways, turns
from bot.project.model import Project
from bot.project.report import Place

# What an intent leads to, the weightiest first: each is shown under the first kind that its paths reach.
_GROUPS: tuple[tuple[str, str, frozenset[Kind]], ...] = (
    ("Begin a form", "the bot asks for what it needs", frozenset({Kind.FORM})),
    ("Lead to a person", "somebody takes over", frozenset({Kind.PERSON})),
    ("Run an action", "something is done or looked up", frozenset({Kind.ACTION})),
    ("Get a reply", "the bot says something, and listens", frozenset({Kind.RESPONSE})),
    ("Fill a slot", "and nothing more follows", frozenset({Kind.SLOT})),
)
_INSIDE = ("Count while a form runs", "and nowhere else")
_NOWHERE = ("Lead nowhere", "no rule, story or form has them: the bot asks back")


def graph_of(project: Project) -> Graph:
    """The diagram of a project whose `findings` are complete (`bot.project.check.checked`)."""
    domain = project.domain
    stories = [way for part in project.story_parts for way in story_ways(domain, part)]
    rules = [rule_way(domain, rule) for rule in domain.rules]
    follows = _following(project, rules, stories)
    forms = tuple(_asking(project, form, rules, follows) for form in domain.forms.values())
    loose = [way for way in rules if not way.begins_with_intent and way.inside not in domain.forms]
    told = joined(sorted([*stories, *loose], key=lambda way: not way.begins_with_intent))
    paths = {intent: joined(ways) for intent, ways in follows.items()}
    used = [
        *(node for trees in (*paths.values(), told) for node in nodes_on(trees)),
        *(node for form in forms for node in _nodes_of(form)),
        *follows,
    ]
    known = frozenset(used)
    nodes = {node.key: replace(node, mark=mark_of(project, node, known)) for node in nodes_of(project, used)}
    groups = _groups([intent for intent in nodes if intent in follows], follows)
    about = _about(project, nodes)
    answers = len(project.answers)
    return Graph(project.title, nodes, groups, paths, forms, told, project.findings, answers, about)


def _about(project: Project, nodes: Mapping[str, Node]) -> dict[str, tuple[Finding, ...]]:
    """The findings on the lines where a node is defined that name it: several may stand on one line."""
    at: dict[Place, list[Finding]] = {}
    for finding in project.findings:
        at.setdefault(Place(finding.file, finding.line), []).append(finding)
    found: dict[str, tuple[Finding, ...]] = {}
    for node in nodes.values():
        variations = range(len(project.domain.responses.get(node.name, ())))
        places = [node.place, *(project.places.get(f"{node.key}:{index}") for index in variations)]
        lines = [finding for place in dict.fromkeys(places) if place for finding in at.get(place, ())]
        about = tuple(finding for finding in lines if f"`{node.name}`" in finding.message)
        found.update({node.key: about} if about else {})
    return found


def _following(project: Project, rules: list[Way], stories: list[Way]) -> Mapping[str, tuple[Way, ...]]:
    """What rules and stories have follow each intent; for those that only the engine knows, what it does."""
    found: dict[str, list[Way]] = {key(Kind.INTENT, name): [] for name in sorted(project.domain.intents)}
    for way in rules:
        for intent in way.keys[0] if way.begins_with_intent else ():
            found.setdefault(intent, []).append(way.after(1))
    for intent, way in turns(stories):
        found.setdefault(intent, []).append(way)
    for name in sorted(project.domain.intents):
        if not found[key(Kind.INTENT, name)]:
            found[key(Kind.INTENT, name)] = list(_otherwise(project, name))
    return {intent: tuple(ways) for intent, ways in found.items()}


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
    begun = [i for i, ways in follows.items() if any((me,) in w.keys and w.inside != form.name for w in ways)]
    condition = (key(Kind.CONDITION, running(form.name)),)
    own = [
        replace(way, keys=tuple(keys for keys in way.keys if keys != condition))
        for way in rules
        if way.inside == form.name
    ]
    questions = tuple(_question(project, form, slot) for slot in form.required_slots)
    ignored = tuple(key(Kind.INTENT, name) for name in sorted(form.ignored_intents))
    checks = f"validate_{form.name}"
    checked_by = key(Kind.ACTION, checks) if checks in project.domain.actions else ""
    return Asking(me, tuple(begun), questions, joined(own), ignored, checked_by)


def _question(project: Project, form: Form, slot: str) -> Question:
    domain, asked = project.domain, []
    for ending in (f"{form.name}_{slot}", slot):
        asked += [f"action_ask_{ending}"] if f"action_ask_{ending}" in domain.actions else []
        asked += [f"utter_ask_{ending}"] if f"utter_ask_{ending}" in domain.responses else []
    keys = tuple(action_key(domain, name) for name in asked[:1])
    return Question(key(Kind.SLOT, slot), keys, filled_by(project, form, slot))


def _nodes_of(form: Asking) -> Iterator[str]:
    yield form.form
    yield from nodes_on(form.paths)
    yield from form.ignored
    for question in form.questions:
        yield from (question.slot, *question.asked_by)
