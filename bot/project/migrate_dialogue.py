"""Brings policies, rules, stories and tests of Rasa 2 or 1 into Rasa 3's words.

Knows what `rasa data convert config` of 2.8 does (rasa/core/config.py) and which actions and components have
new names; reads and writes no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.project.changes import Drop, Keys, Put, Rename
from bot.project.node import plain
from bot.project.old_format import Edit, Files, Remark, below, is_older, listed, version_of
from bot.project.report import Place
from bot.project.yaml import Node

VERSION = "3.1"
RULES = "data/migrated_rules.yml"
_ACTIONS = {"action_deactivate_form": "action_deactivate_loop"}
_INTO_RULES = ("FormPolicy", "MappingPolicy")
_FALLBACKS = ("FallbackPolicy", "TwoStageFallbackPolicy")
_COMPONENTS = {
    "DucklingHTTPExtractor": "DucklingEntityExtractor",
    "EmbeddingIntentClassifier": "DIETClassifier",
    "EmbeddingPolicy": "TEDPolicy",
    "KerasPolicy": "TEDPolicy",
    "SklearnPolicy": "TEDPolicy",
}
_STEPS = ("stories", "rules")


def map_triggers(files: Files) -> Iterator[Edit | Remark]:
    """`triggers:` of an intent, on which MappingPolicy acted, is a rule."""
    policies = [_name(item) for top in files.config.values() for item in listed(top, "policies")]
    if "MappingPolicy" not in policies:
        return
    rules = []
    for file, top in files.domain.items():
        for place, item in enumerate(listed(top, "intents")):
            for intent, details in below(item).items():
                action = below(details).get("triggers")
                if action is None or not action.raw:
                    continue
                rest = len(below(details)) - 1
                yield Edit(
                    file,
                    Drop(("intents", place, intent, "triggers")) if rest else Put(("intents", place), intent),
                )
                rules.append((f"{intent} leads to {action.raw}", intent, action.raw, action.place))
    yield from _add_rules(files, rules)


def replace_fallbacks(files: Files) -> Iterator[Edit | Remark]:
    """FallbackPolicy and TwoStageFallbackPolicy: thresholds for FallbackClassifier, and a rule."""
    for file, top in files.config.items():
        found = [(n, item) for n, item in enumerate(listed(top, "policies")) if _name(item) in _FALLBACKS]
        if not found:
            continue
        options = below(found[0][1])
        said = {key: node.value for key, node in options.items()}
        yield from (Edit(file, Drop(("policies", n))) for n, _ in found)
        yield from _put_component(
            file,
            top,
            "pipeline",
            "FallbackClassifier",
            {
                "threshold": said.get("nlu_threshold", 0.3),
                "ambiguity_threshold": said.get("ambiguity_threshold", 0.1),
            },
        )
        action = said.get("fallback_action_name", "action_default_fallback")
        core = said.get("fallback_core_action_name", action)
        kept = {
            "core_fallback_threshold": said.get("core_threshold", 0.3),
            "core_fallback_action_name": core,
        }
        yield from _put_component(file, top, "policies", "RulePolicy", kept)
        if _name(found[0][1]) == _FALLBACKS[1]:
            action = "action_two_stage_fallback"
        rule = ("messages that are not understood", "nlu_fallback", str(action), found[0][1].place)
        yield from _add_rules(files, [rule])


def _put_component(
    file: str, top: Node, section: str, name: str, options: Mapping[str, Any]
) -> Iterator[Edit]:
    """The component with these options; what it says itself holds."""
    items = listed(top, section)
    for place, item in enumerate(items):
        if _name(item) == name:
            if not below(item):
                yield Edit(file, Put((section, place), {"name": name, **options}))
                return
            for key, value in options.items():
                if key not in below(item):
                    yield Edit(file, Put((section, place, key), value))
            return
    added = {"name": name, **options}
    yield Edit(file, Put((section, len(items)), added) if items else Put((section,), [added]))


def replace_policies(files: Files) -> Iterator[Edit | Remark]:
    """FormPolicy and MappingPolicy: RulePolicy does their work."""
    for file, top in files.config.items():
        items = listed(top, "policies")
        old = [place for place, item in enumerate(items) if _name(item) in _INTO_RULES]
        if not old:
            continue
        if not any(_name(item) == "RulePolicy" for item in items):
            yield Edit(file, Put(("policies", old.pop(0)), {"name": "RulePolicy"}))
        yield from (Edit(file, Drop(("policies", place))) for place in old)


def rename_components(files: Files) -> Iterator[Edit | Remark]:
    """Components that have a new name; one that is there already under the new name is not doubled."""
    for file, top in files.config.items():
        for section in ("pipeline", "policies"):
            items = listed(top, section)
            there = {_name(item) for item in items}
            for place, item in enumerate(items):
                new = _COMPONENTS.get(_name(item))
                if new is None:
                    continue
                if new in there:
                    yield Edit(file, Drop((section, place)))
                else:
                    yield Edit(file, Put((section, place, "name") if below(item) else (section, place), new))
                there.add(new)


def _name(component: Node) -> str:
    named = below(component).get("name") if below(component) else component
    return named.raw.rsplit(".", 1)[-1] if named is not None else ""


def rename_loops(files: Files) -> Iterator[Edit | Remark]:
    """`- form: NAME` of a story is an active loop."""
    for file, path, step in _steps(files):
        if set(below(step)) == {"form"}:
            yield Edit(file, Rename((*path, "form"), "active_loop"))


def rename_retrieval(files: Files) -> Iterator[Edit | Remark]:
    """`respond_FAQ`, and `FAQ/…` among responses: the names begin with `utter_`."""
    bases = _retrieval_intents(files)
    for file, path, name in _actions(files):
        if name.raw.removeprefix("respond_") in bases and name.raw.startswith("respond_"):
            yield Edit(file, Put(path, f"utter_{name.raw.removeprefix('respond_')}"))
    for file, top in (*files.domain.items(), *files.data.items()):
        responses = below(top, "responses")
        for named in responses:
            if named.split("/")[0] in bases and "/" in named and f"utter_{named}" not in responses:
                yield Edit(file, Rename(("responses", named), f"utter_{named}"))


def _retrieval_intents(files: Files) -> set[str]:
    named = [
        below(item)["intent"].raw
        for top in files.data.values()
        for item in listed(top, "nlu")
        if "intent" in below(item)
    ]
    named += [name.removeprefix("utter_") for _, top in files.all for name in below(top, "responses")]
    return {name.split("/")[0] for name in named if "/" in name}


def rename_actions(files: Files) -> Iterator[Edit | Remark]:
    """Default actions that have a new name."""
    for file, path, name in _actions(files):
        if name.raw in _ACTIONS:
            yield Edit(file, Put(path, _ACTIONS[name.raw]))


def _actions(files: Files) -> Iterator[tuple[str, Keys, Node]]:
    """Every place where an action is named: the domain's list and the steps."""
    for file, top in files.domain.items():
        for place, item in enumerate(listed(top, "actions")):
            yield file, ("actions", place), item
    for file, path, step in _steps(files):
        if "action" in below(step):
            yield file, (*path, "action"), below(step)["action"]


def _steps(files: Files) -> Iterator[tuple[str, Keys, Node]]:
    """Every step and condition of stories, rules and tests, choices included."""
    for file, top in files.data.items():
        for section in _STEPS:
            for number, story in enumerate(listed(top, section)):
                for part in ("steps", "condition"):
                    for place, step in enumerate(listed(story, part)):
                        path: Keys = (section, number, part, place)
                        yield file, path, step
                        for choice, item in enumerate(listed(step, "or")):
                            yield file, (*path, "or", choice), item


def raise_versions(files: Files) -> Iterator[Edit | Remark]:
    """`version: "2.0"` is "3.1" from now on."""
    for file, top in files.all:
        if is_older(version_of(top)):
            yield Edit(file, Put(("version",), VERSION))


def _add_rules(files: Files, rules: list[tuple[str, str, str, Place]]) -> Iterator[Edit]:
    """Rules of one step, in a file of their own, unless the project tells of the intent already."""
    there = files.data.get(RULES, Node(None, Place(RULES)))
    known = {
        below(step)["intent"].raw
        for top in files.data.values()
        for rule in listed(top, "rules")
        for step in listed(rule, "steps")
        if "intent" in below(step)
    }
    items = [
        {"rule": name, "steps": [{"intent": intent}, {"action": action}]}
        for name, intent, action, _ in rules
        if intent not in known
    ]
    if not items:
        return
    if listed(there, "rules"):
        yield Edit(RULES, Put(("rules",), [*map(plain, listed(there, "rules")), *items]))
        return
    if not below(there):
        yield Edit(RULES, Put(("version",), VERSION))
    yield Edit(RULES, Put(("rules",), items))
