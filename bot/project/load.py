"""Reads a project folder into a frozen Project: Rasa 3.x files, answers, dialogues and settings.

Knows in which order files are read (sources finds them); each kind is read by a module of its own. A folder
that holds only `answers/` is a whole bot.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.dialogue.domain import Domain, MappingType, Slot, SlotType
from bot.dialogue.memory import remember
from bot.dialogue.names import DEFAULT_FALLBACK, LANGUAGE_SLOT, SPOKEN_SLOT
from bot.dialogue.selection import is_selection
from bot.errors import ProjectError
from bot.project.answers_file import read_answer_files
from bot.project.dialogues_file import read_dialogues
from bot.project.domain_file import DomainParts, read_domain
from bot.project.flow_slots import told_slots
from bot.project.flows_file import read_flows
from bot.project.model import Project, ProjectSettings
from bot.project.nlu_file import read_nlu
from bot.project.nlu_json_file import SECTION as NLU_JSON
from bot.project.report import Report
from bot.project.rules_file import read_rules
from bot.project.sentiment_file import read_moods
from bot.project.settings_file import read_settings
from bot.project.sources import Sources, collect, in_new_words
from bot.project.stories_file import action_texts, read_stories


def load_project(folder: Path, *, environ: Mapping[str, str] | None = None) -> Project:
    """The project in `folder`, fit to run. Raises ProjectError where a file holds an error.

    `environ` fills `${VAR}` in config, endpoints and credentials (default: the process's own).
    """
    project = read_project(folder, environ=environ)
    if project.errors:
        raise ProjectError(project.findings)
    return project


def read_project(folder: Path, *, environ: Mapping[str, str] | None = None) -> Project:
    """As `load_project`, but faults are told in `findings` and what could be read is kept. Raises
    ProjectError only where `folder` is no project at all.
    """
    report = Report()
    sources = collect(folder, report, os.environ if environ is None else environ)
    sources = in_new_words(sources, report)
    settings = read_settings(sources.config, sources.endpoints, sources.credentials, report, folder=folder)
    parts = read_domain(sources.domain, sources.sections["responses"], report)
    stories, told = read_stories(sources.sections["stories"], report)
    nlu, titles = read_nlu(
        sources.sections["nlu"],
        settings.languages,
        report,
        json=sources.sections[NLU_JSON],
        folder=folder,
    )
    answers = read_answer_files(sources.answers, settings.languages, report)
    ids = frozenset(template.id for template in answers)
    dialogues = read_dialogues(sources.sections["dialogues"], settings.languages, ids, report)
    domain = replace(
        _domain(parts, settings, sources, report),
        name=folder.resolve().name,
        stories=stories,
        selections=frozenset(filter(is_selection, (example.intent for example in nlu.examples))),
        intent_titles=titles,
        response_server=settings.response_endpoint is not None,
    )
    domain = replace(domain, action_texts=action_texts(domain, parts.e2e_actions))
    domain = replace(domain, memory=remember(domain, longest=settings.max_history))
    moods = read_moods(folder, report)
    found, lost, places = report.findings, frozenset(report.lost), parts.places
    return Project(
        folder, domain.name, domain, nlu, answers, dialogues, settings, found, places, lost, moods, told
    )


def _domain(parts: DomainParts, settings: ProjectSettings, sources: Sources, report: Report) -> Domain:
    """The domain with its rules and flows."""
    flows = read_flows(sources.sections["flows"], settings.languages, report)
    intents, entities = frozenset(parts.intents), frozenset(parts.entities)
    forms = {name: {"required_slots": list(flow.form.required_slots)} for name, flow in flows.items()}
    return Domain(
        languages=settings.languages,
        intents=intents,
        entities=entities,
        actions=frozenset(parts.actions),
        slots=told_slots(flows, _with_language_slot(parts, settings), intents, entities),
        forms=parts.forms,
        flows=flows,
        responses=parts.responses,
        rules=read_rules(sources.sections["rules"], report),
        unused_entities=parts.unused_entities,
        entities_fill=parts.entities_fill,
        thresholds=settings.thresholds,
        fallback=settings.fallback or DEFAULT_FALLBACK,
        session=parts.session,
        # To rasa-sdk a flow is a form: `validate_<flow>` judges what it collects.
        raw={**parts.raw, "forms": {**parts.raw.get("forms", {}), **forms}} if forms else parts.raw,
    )


def _with_language_slot(parts: DomainParts, settings: ProjectSettings) -> dict[str, Slot]:
    """The slots of the domain, with that of the customer's language: another name where messages fill a slot
    `language` of the project's own.
    """
    theirs = parts.slots.get(LANGUAGE_SLOT)
    told = theirs is not None and any(mapping.type is not MappingType.CUSTOM for mapping in theirs.mappings)
    other = theirs is not None and told and not set(settings.languages) <= set(theirs.values)
    name = SPOKEN_SLOT if other else LANGUAGE_SLOT
    own = Slot(name, SlotType.CATEGORICAL, values=settings.languages, influences=False)
    return {name: own, **parts.slots}
