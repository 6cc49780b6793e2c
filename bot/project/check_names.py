"""Checks that what rules, stories and slots name is defined: intents, actions, slots, entities.

Knows a project's values and places; reads no file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.dialogue.domain import Domain, MappingType, SlotMapping
from bot.dialogue.names import (
    BUILT_IN_ACTIONS,
    BUILT_IN_INTENTS,
    LANGUAGE_SLOT,
    REQUESTED_SLOT,
    SPOKEN_SLOT,
)
from bot.dialogue.phrases import PHRASES
from bot.dialogue.selection import base_of, is_selection
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, SlotStep, Step, TextStep
from bot.project.model import Project
from bot.project.report import Place, Report, suggest

EXTERNAL = "EXTERNAL"  # so begins, as in Rasa's examples, what no customer says: reminders and triggers
FEW_EXAMPLES = 10
_DOMAIN = frozenset({"intents", "entities", "actions", "slots", "forms", "responses"})


@dataclass(frozen=True, slots=True)
class Written:
    """A rule or a story: what a finding calls it, where it stands, and all its steps and conditions."""

    what: str
    source: str
    steps: tuple[Step, ...]

    @property
    def place(self) -> Place:
        return place_of(self.source)


def written(domain: Domain) -> list[Written]:
    """The rules, and the stories, each once whatever the number of its ways."""
    rules = [
        Written(f"The rule `{r.name}`", r.source, (*r.slots, LoopStep(r.loop), *r.steps))
        for r in domain.rules
    ]
    stories: dict[tuple[str, str], dict[Step, None]] = {}
    for story in domain.stories:
        told = stories.setdefault((story.name, story.source), {})
        told.update(dict.fromkeys(step for step in story.steps if not isinstance(step, SlotStep)))
        for step in story.steps:  # of a slot the name alone is looked at: its value may be a list
            if isinstance(step, SlotStep):
                told[SlotStep(step.name)] = None
    return rules + [Written(f"The story `{n}`", place, tuple(told)) for (n, place), told in stories.items()]


def place_of(source: str) -> Place:
    """The place in a rule's or story's `source` (`data/rules.yml:12`)."""
    file, _, line = source.rpartition(":")
    return Place(file, int(line)) if file and line.isdigit() else Place(source or "data/rules.yml")


def known_intents(project: Project) -> frozenset[str]:
    """The domain's intents and those every bot has."""
    return project.domain.intents | BUILT_IN_INTENTS


def defined_actions(project: Project) -> frozenset[str]:
    """Whatever a rule, a story or a test may name as an action."""
    domain = project.domain
    own = domain.actions | domain.responses.keys() | domain.forms.keys() | domain.flows.keys()
    return (
        own
        | domain.action_texts
        | BUILT_IN_ACTIONS
        | PHRASES.keys()
        | {f"utter_{base_of(intent)}" for intent in domain.selections}
    )


def check_domain(project: Project, report: Report) -> None:
    """Rules, stories or examples without any domain: told once, and not of every name that it lacks."""
    domain = project.domain
    own = domain.intents or domain.responses or domain.actions or domain.forms or domain.entities
    if not own and (domain.rules or domain.stories or project.nlu.examples) and not report.lost & _DOMAIN:
        mend = "Write it: `intents:`, `responses:`, and what else the files of data/ name."
        report.error(Place("domain.yml"), "There is no domain.yml, or nothing in it.", mend)
        report.lost.update(_DOMAIN)


def check_intents(project: Project, report: Report) -> None:
    """Intents used and not defined, defined and without enough examples."""
    known = known_intents(project)
    _check_named_intents(project, report)
    counts = Counter(example.intent.split("/")[0] for example in project.nlu.examples)
    first: dict[str, Place] = {}
    for example in project.nlu.examples:
        first.setdefault(example.intent.split("/")[0], example.place)
    for intent in sorted(set(counts) - known):
        unknown(
            report,
            first[intent],
            "These are examples of the intent",
            intent,
            project.domain.intents,
            "intents",
        )
    used = {intent for one in written(project.domain) for step in one.steps for intent in _intents_of(step)}
    for intent in sorted(project.domain.intents):
        count = counts[intent]
        unsaid = not count and (intent in BUILT_IN_INTENTS or intent.startswith(EXTERNAL))
        if "examples" in report.lost or count >= FEW_EXAMPLES or unsaid:
            continue
        place = project.places.get(f"intent:{intent}", Place("domain.yml"))
        said = "no examples" if not count else "one example" if count == 1 else f"only {count} examples"
        uses = " and rules or stories use it" if not count and intent in used else ""
        mend = f"Write at least {FEW_EXAMPLES}, as customers would say it."
        report.warn(place, f"The intent `{intent}` has {said}{uses}.", mend)


def _intents_of(step: object) -> frozenset[str]:
    return step.intents if isinstance(step, IntentStep) else frozenset()


def _entities_of(step: object) -> set[str]:
    match step:
        case IntentStep(entities=labels):
            return {label.split("#")[0] for label in labels}
        case TextStep(given=given):
            return {entity.name for entity in given}
        case _:
            return set()


def _check_named_intents(project: Project, report: Report) -> None:
    domain, known = project.domain, known_intents(project)
    for one in written(domain):
        for step in one.steps:
            for intent in sorted(intent for intent in _intents_of(step) if intent.split("/")[0] not in known):
                unknown(report, one.place, f"{one.what} uses the intent", intent, domain.intents, "intents")
            for entity in sorted(_entities_of(step) - domain.entities):
                entities = domain.entities
                what = f"{one.what} uses the entity"
                unknown(report, one.place, what, entity, entities, "entities", breaks=False)


def check_actions(project: Project, report: Report) -> None:
    """Actions and responses that rules and stories name and nothing defines; actions that nothing can run."""
    domain = project.domain
    defined = defined_actions(project)
    for one in written(domain):
        for step in one.steps:
            if not isinstance(step, ActionStep) or step.name in defined:
                continue
            if any(name.startswith(f"{step.name}/") for name in domain.responses):
                intent = step.name.removeprefix("utter_")
                message = f"{one.what} asks `{step.name}` to choose a response, and no example says when."
                report.warn(one.place, message, f"Write examples: `- intent: {intent}/…` in data/.")
            elif step.name.startswith("utter_") or not report.lost & {"actions", "forms"}:
                kind = "response" if step.name.startswith("utter_") else "action"
                what = f"{one.what} uses the {kind}"
                unknown(report, one.place, what, step.name, defined, f"{kind}s")
    for action in sorted(domain.actions):
        _check_action(project, action, report)
    said = domain.responses.keys() | {name.partition("/")[0] for name in domain.responses}
    if domain.response_server:
        said |= {name for name in domain.actions if name.startswith("utter_")}
    custom = sorted(domain.actions - BUILT_IN_ACTIONS - said)
    if custom and project.settings.action_endpoint is None and "endpoints" not in report.lost:
        mend = "Add `action_endpoint: {url: …}` to endpoints.yml."
        message = f"Nothing runs the custom actions ({', '.join(custom)})."
        report.warn(_place(project, f"action:{custom[0]}"), message, mend)


def check_selections(project: Project, report: Report) -> None:
    """Parts of retrieval intents without the response that answers them, and such responses without
    examples.
    """
    domain = project.domain
    first = {example.intent: example.place for example in reversed(project.nlu.examples)}
    for intent in sorted(domain.selections):
        if f"utter_{intent}" not in domain.responses and "responses" not in report.lost:
            message = f"The question `{intent}` has no answer `utter_{intent}`."
            report.warn(first[intent], message, "Add it to `responses:`, or remove the examples.")
    for name in sorted(name for name in domain.responses if is_selection(name)):
        if name.removeprefix("utter_") not in domain.selections and "examples" not in report.lost:
            message = f"Nothing is answered by `{name}`: no example is of `{name.removeprefix('utter_')}`."
            report.warn(_place(project, f"response:{name}"), message, "Write examples, or remove it.")


def _check_action(project: Project, action: str, report: Report) -> None:
    place, domain = _place(project, f"action:{action}"), project.domain
    chosen = any(name.startswith(f"{action}/") for name in domain.responses)
    worded = chosen or action in domain.responses or domain.response_server
    if action.startswith("utter_") and not worded and "responses" not in report.lost:
        mend = suggest(action, domain.responses, "Add it to `responses:`.")
        report.error(place, f"The response `{action}` is listed as an action and has no text.", mend)
    form = action.removeprefix("validate_")
    known = domain.forms.keys() | domain.flows.keys()
    if form != action and form not in known and not report.lost & {"forms", "flows"}:
        mend = suggest(form, known, "Rename it to `validate_` and the form's name.")
        report.warn(place, f"`{action}` validates no form or flow, so it is never run.", mend)


def check_slots(project: Project, report: Report) -> None:
    """Slots named and not defined; mappings that name unknown things; slots that nothing fills."""
    domain = project.domain
    known = domain.slots.keys() | {REQUESTED_SLOT}
    for one in written(domain):
        for name in sorted({step.name for step in one.steps if isinstance(step, SlotStep)} - known):
            unknown(report, one.place, f"{one.what} uses the slot", name, known, "slots", breaks=False)
    for name, slot in sorted(domain.slots.items()):
        place = _place(project, f"slot:{name}")
        for mapping in slot.mappings:
            _check_mapping(project, f"The slot `{name}`", place, mapping, report)
        _check_filled(project, name, place, report)


def _check_mapping(project: Project, what: str, place: Place, mapping: SlotMapping, report: Report) -> None:
    domain, entity = project.domain, mapping.entity
    if entity is not None and entity not in domain.entities:
        from_entity = f"{what} is mapped from the entity"
        unknown(report, place, from_entity, entity, domain.entities, "entities", breaks=False)
    for intent in sorted((mapping.intents | mapping.not_intents) - known_intents(project)):
        by_intent = f"{what} is mapped by the intent"
        unknown(report, place, by_intent, intent, domain.intents, "intents", breaks=False)
    loops = {condition.active_loop for condition in mapping.conditions if condition.active_loop is not None}
    for loop in sorted(loops - domain.loops):
        unknown(report, place, f"{what} is mapped in the form", loop, domain.forms, "forms")


def unknown(
    report: Report,
    place: Place,
    what: str,
    name: str,
    known: Iterable[str],
    section: str,
    *,
    breaks: bool = True,
) -> None:
    """Reports a name that the domain does not define; `what` leads up to it. Nothing where the part of the
    domain that might define it could not be read. `breaks`: an error, as in `rasa data validate`; a warning
    where the name is passed over and the rest runs.
    """
    if section in report.lost:
        return
    mend = suggest(name, known, f"Add it to `{section}:` in the domain.")
    tell = report.error if breaks else report.warn
    tell(place, f"{what} `{name}`, which is not in the domain.", mend)


def _place(project: Project, key: str) -> Place:
    return project.places.get(key, Place("domain.yml"))


def _check_filled(project: Project, name: str, place: Place, report: Report) -> None:
    """A slot with custom mappings alone is filled by an action, which only an action server can run."""
    slot = project.domain.slots[name]
    if report.lost & {"actions", "endpoints", "mappings"} or name in (
        LANGUAGE_SLOT,
        SPOKEN_SLOT,
        REQUESTED_SLOT,
    ):
        return
    if not slot.mappings:
        mend = "Add `mappings: [{type: custom}]`."
        report.warn(place, f"Slot `{name}` has no `mappings`, so no message fills it.", mend)
    if not slot.mappings or any(mapping.type is not MappingType.CUSTOM for mapping in slot.mappings):
        return
    if project.settings.action_endpoint is None or not any(
        action not in BUILT_IN_ACTIONS for action in project.domain.actions
    ):
        message = f"Nothing fills the slot `{name}`: its mapping is custom and there is no custom action."
        report.warn(place, message, "Add an action that sets it, or another mapping.")
