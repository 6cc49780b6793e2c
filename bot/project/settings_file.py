"""Reads `config.yml` and `credentials.yml` into settings, beside what `endpoints_file` reads.

Knows which of Rasa's keys hold here and which components have their work done by our own models; starts
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.dialogue.domain import Thresholds
from bot.project.endpoints_file import read_endpoints
from bot.project.imports_file import KEYS as IMPORTS
from bot.project.languages_file import read_languages
from bot.project.model import RECIPES, ProjectSettings, ResponseMode, ResponseModel, readable
from bot.project.node import Entries, check_keys, entries, is_map, items, plain, share, text
from bot.project.policies_file import learned_from, max_history
from bot.project.report import Report, suggest
from bot.project.system_entities_file import COMPONENT, read_system_entities
from bot.project.yaml import Node

_CONFIG_KEYS = (
    "version",
    "recipe",
    "language",
    "languages",
    "assistant_id",
    "pipeline",
    "policies",
    "frontdesk",
    *IMPORTS,
)
_OWN_KEYS = (
    "alpha",
    "anger_threshold",
    "answer_threshold",
    "answer_tie",
    "responses",
    "base",
    "knobs",
    "recipe",
    "system_entities",
    "title",
    "wrong_at_most",
)
_DRAWN = re.compile(r"\d{8}-\d{6}-.*|placeholder_default")  # rasa/shared/constants.py, assistant_id

# Rasa's components whose work the bundle does: naming them changes nothing and needs no word.
_DONE_BY_BUNDLE = frozenset(
    {
        "WhitespaceTokenizer",
        "JiebaTokenizer",
        "MitieTokenizer",
        "SpacyTokenizer",
        "RegexFeaturizer",
        "LexicalSyntacticFeaturizer",
        "CountVectorsFeaturizer",
        "SpacyFeaturizer",
        "MitieFeaturizer",
        "ConveRTFeaturizer",
        "LanguageModelFeaturizer",
        "DIETClassifier",
        "LogisticRegressionClassifier",
        "SklearnIntentClassifier",
        "KeywordIntentClassifier",
        "MitieIntentClassifier",
        "FallbackClassifier",
        "ResponseSelector",
        "CRFEntityExtractor",
        "RegexEntityExtractor",
        "EntitySynonymMapper",
        COMPONENT,
        "SpacyNLP",
        "MitieNLP",
        "RulePolicy",
        "MemoizationPolicy",
        "AugmentedMemoizationPolicy",
        "TEDPolicy",
        "UnexpecTEDIntentPolicy",
    }
)


def read_settings(
    config: Node | None,
    endpoints: Node | None,
    credentials: Node | None,
    report: Report,
    folder: Path = Path(),
) -> ProjectSettings:
    """The settings; what a file leaves out has its default, and what it names is found from `folder`."""
    top = entries(config, "config.yml", report)
    check_keys(top, _CONFIG_KEYS, "config.yml", report)
    own = entries(top.get("frontdesk"), "frontdesk", report)
    check_keys(own, _OWN_KEYS, "frontdesk", report)
    components = _components(top, report)
    default = ProjectSettings()
    action, response = read_endpoints(endpoints, folder, report)
    return ProjectSettings(
        title=_title(top, own, report),
        languages=read_languages(top, report),
        recipe=_recipe(own, report),
        knobs=_knobs(own, report),
        base=text(own.get("base"), "frontdesk.base", report) or default.base,
        alpha=share(own, "alpha", 0.5, report) or default.alpha,
        wrong_at_most=share(own, "wrong_at_most", 0.5, report) or default.wrong_at_most,
        thresholds=replace(
            _thresholds(components.get("FallbackClassifier"), own, report),
            learned=learned_from(top, components, report),
        ),
        fallback=_fallback(components.get("RulePolicy", {}), report),
        max_history=max_history(components, report),
        system_entities=read_system_entities(
            components.get(COMPONENT),
            entries(own.get("system_entities"), "frontdesk.system_entities", report),
            report,
        ),
        responses=_response_model(own.get("responses"), report),
        action_endpoint=action,
        response_endpoint=response,
        credentials=_credentials(credentials, report),
    )


def _title(top: Entries, own: Entries, report: Report) -> str | None:
    """What customers read over the chat; an id that `rasa init` drew is no name."""
    title = text(own.get("title"), "frontdesk.title", report)
    identity = text(top.get("assistant_id"), "assistant_id", report)
    return title or (readable(identity) if identity and not _DRAWN.fullmatch(identity) else None)


def _recipe(own: Entries, report: Report) -> str:
    recipe = text(own.get("recipe"), "frontdesk.recipe", report)
    if recipe is None:
        return RECIPES[0]
    if recipe not in RECIPES:
        report.error(
            own["recipe"].place,
            f"There is no recipe `{recipe}`.",
            suggest(recipe, RECIPES, f"The recipes are {', '.join(RECIPES)}."),
        )
    return recipe


def _knobs(own: Entries, report: Report) -> dict[str, str]:
    """Knobs of the recipe by name; training knows which there are."""
    found = {}
    for name, node in entries(own.get("knobs"), "frontdesk.knobs", report).items():
        if is_map(node) or isinstance(node.value, tuple):
            report.error(node.place, f"The knob `{name}` takes one value.", "Write `tune.epochs: 4`.")
        else:
            found[name] = node.raw
    return found


def _components(top: Entries, report: Report) -> dict[str, Entries]:
    """The options of each component of pipeline and policies; one warning names those that do nothing
    here."""
    found: dict[str, Entries] = {}
    strange: dict[str, Node] = {}
    for section in ("pipeline", "policies"):
        node = top.get(section)
        if node is not None and isinstance(node.value, str):
            continue  # a Rasa 1 template name such as `supervised_embeddings`
        for item in items(node, section, report):
            options = (
                {} if isinstance(item.value, str) else entries(item, f"a component of {section}", report)
            )
            name = (
                item.raw
                if isinstance(item.value, str)
                else text(options.get("name"), "name of a component", report)
            )
            if not name:
                report.warn(
                    item.place, f"A component of {section} has no name.", "Write `- name: COMPONENT`."
                )
                continue
            short = name.rsplit(".", 1)[-1]
            found.setdefault(short, options)
            if short not in _DONE_BY_BUNDLE:
                strange.setdefault(name, item)
    if strange:
        first = next(iter(strange.values()))
        message = f"These components are not run: {', '.join(sorted(strange))}."
        report.warn(
            first.place,
            message,
            "Frontdesk's own models take the pipeline's place; check what relied on them.",
        )
    return found


def _fallback(rule_policy: Entries, report: Report) -> str | None:
    return text(rule_policy.get("core_fallback_action_name"), "core_fallback_action_name", report)


def _thresholds(fallback: Entries | None, own: Entries, report: Report) -> Thresholds:
    default, options = Thresholds(), fallback or {}
    intent = share(options, "threshold", 1.0, report)
    ambiguity = share(options, "ambiguity_threshold", 1.0, report)
    answer = share(own, "answer_threshold", 1.0, report)
    tie = share(own, "answer_tie", 1.0, report)
    anger = share(own, "anger_threshold", 1.0, report)
    return Thresholds(
        intent=default.intent if intent is None else intent,
        ambiguity=default.ambiguity if ambiguity is None else ambiguity,
        answer=default.answer if answer is None else answer,
        tie=default.tie if tie is None else tie,
        anger=default.anger if anger is None else anger,
    )


def _response_model(node: Node | None, report: Report) -> ResponseModel:
    found = entries(node, "frontdesk.responses", report)
    check_keys(found, ("mode", "url", "model", "api_key_env", "base"), "frontdesk.responses", report)
    named = text(found.get("mode"), "frontdesk.responses.mode", report) or ResponseMode.OFF
    if named not in set(ResponseMode):
        report.error(
            found["mode"].place, f"There is no mode `{named}`.", f"Use one of {', '.join(ResponseMode)}."
        )
        named = ResponseMode.OFF
    model = ResponseModel(
        ResponseMode(named),
        text(found.get("url"), "frontdesk.responses.url", report),
        text(found.get("model"), "frontdesk.responses.model", report),
        text(found.get("api_key_env"), "frontdesk.responses.api_key_env", report),
        text(found.get("base"), "frontdesk.responses.base", report),
    )
    if node is not None and model.mode is ResponseMode.SERVER and not (model.url and model.model):
        report.error(
            node.place, "A response server needs `url` and `model`.", "Add both, or set `mode: off`."
        )
    return model


def _credentials(node: Node | None, report: Report) -> Mapping[str, Mapping[str, Any]]:
    """What each channel needs; `rest:` alone is a channel without secrets."""
    found = entries(node, "credentials.yml", report)
    return {
        channel: {
            key: plain(value) for key, value in entries(details, f"credentials of {channel}", report).items()
        }
        for channel, details in found.items()
    }
