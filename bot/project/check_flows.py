"""Checks of flows: names that nothing defines, steps that are never reached, slots nobody can fill, and
circles.

Knows how flows are walked (bot/dialogue/flows.py); runs none.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.dialogue.conditions import Condition
from bot.dialogue.domain import MappingType
from bot.dialogue.flow import CANCEL, END, Act, Call, Collect, Flow, FlowStep, Link, SetSlots
from bot.dialogue.names import BUILT_IN_ACTIONS, REQUESTED_SLOT
from bot.project.check_names import defined_actions, known_intents, place_of, unknown
from bot.project.model import Project
from bot.project.report import Report, suggest


def check_flows(project: Project, report: Report) -> None:
    """What would go wrong as a flow is walked, by file and line."""
    for flow in project.domain.flows.values():
        _check_languages(project, flow, report)
        _check_triggers(project, flow, report)
        _check_taken_names(project, flow, report)
        for step in flow.steps.values():
            _check_names(project, flow, step, report)
        _check_reached(flow, report)
        _check_circles(flow, report)
    _check_calls(project, report)


def _check_languages(project: Project, flow: Flow, report: Report) -> None:
    """What a flow is called in one language it is called in all; one text alone is meant for all."""
    for key, words in (("name", flow.titles), ("description", flow.descriptions)):
        missing = [language for language in project.settings.languages if language not in words]
        if words and missing and "languages" not in report.lost:
            message = f"The flow `{flow.name}` has no {key} in {', '.join(missing)}."
            mend = "Add it, or those customers read it in another language."
            report.warn(place_of(flow.source), message, mend)


def _check_triggers(project: Project, flow: Flow, report: Report) -> None:
    domain = project.domain
    place = place_of(flow.source)
    for intent in sorted({trigger.intent for trigger in flow.triggers} - known_intents(project)):
        what = f"The flow `{flow.name}` begins with the intent"
        unknown(report, place, what, intent, domain.intents, "intents")
    named = (step.does.flow for other in domain.flows.values() for step in other.steps.values()
             if isinstance(step.does, (Call, Link)))  # fmt: skip
    if not flow.triggers and flow.name not in set(named):
        mend = "Add `nlu_trigger: [{intent: NAME}]`, or `call` it from another flow."
        report.warn(place, f"Nothing begins the flow `{flow.name}`.", mend)
    for trigger in flow.triggers:
        rule = next(
            (rule for rule in domain.rules_for(trigger.intent) if trigger.intent in rule.intents), None
        )
        if rule and not rule.loop_given and not rule.slots:
            message = (
                f"The rule `{rule.name}` answers `{trigger.intent}` before the flow `{flow.name}` can begin."
            )
            report.error(
                place_of(rule.source), message, "Remove one of the two, or give the rule a condition."
            )
        first = next(f for f in domain.flows.values() if any(t.intent == trigger.intent for t in f.triggers))
        if first is not flow and first.guard is None:
            message = f"The flow `{flow.name}` never begins: `{trigger.intent}` begins `{first.name}`."
            report.error(place, message, "Give each its own intent, or the first a condition (`if`).")


def _check_taken_names(project: Project, flow: Flow, report: Report) -> None:
    """Names that mean something else already: of the flow, of its steps, of the slots it asks for."""
    domain, what = project.domain, f"The flow `{flow.name}`"
    for kind, names in (
        ("form", domain.forms),
        ("response", domain.responses),
        ("action", domain.actions | BUILT_IN_ACTIONS),
    ):
        if flow.name in names:
            message = f"{what} has the name of a{'n' if kind == 'action' else ''} {kind}."
            report.error(place_of(flow.source), message, "Rename one of the two.")
    for step in flow.steps.values():
        place = place_of(step.source)
        if step.id in (END, CANCEL):
            report.error(place, f"{what} has a step `{step.id}`, which is where flows end.", "Rename it.")
        if not isinstance(step.does, Collect):
            continue
        if step.does.slot == REQUESTED_SLOT:
            message = f"{what} asks for `{REQUESTED_SLOT}`, which says what is asked for."
            report.error(place, message, "Ask for a slot of another name.")
        elif step.does.slot in flow.confirmations and not step.does.confirms:
            message = f"{what} asks for `{step.does.slot}`, whose yes lets an action run unasked."
            report.error(place, message, "Ask for a slot of another name, or leave out `confirm`.")


def _check_names(project: Project, flow: Flow, step: FlowStep, report: Report) -> None:
    domain, place, what = project.domain, place_of(step.source), f"The flow `{flow.name}`"
    match step.does:
        case Collect(slot=slot) if slot not in domain.slots:
            unknown(report, place, f"{what} asks for the slot", slot, domain.slots, "slots")
        case Collect(slot=slot, confirms=False):
            mappings = domain.slots[slot].mappings
            asked = all(m.type is MappingType.CUSTOM and m.action is None for m in mappings)
            if asked and f"validate_{flow.name}" not in domain.actions and "actions" not in report.lost:
                mend = "Give the slot another mapping, or none: then the words fill it when it is asked for."
                report.error(place, f"Nothing fills `{slot}`, for which the flow `{flow.name}` asks.", mend)
        case Act(action) if action not in defined_actions(project):
            kind = "response" if action.startswith("utter_") else "action"
            unknown(report, place, f"{what} runs the {kind}", action, defined_actions(project), f"{kind}s")
        case SetSlots(values):
            for slot in sorted(values.keys() - domain.slots.keys()):
                unknown(report, place, f"{what} sets the slot", slot, domain.slots, "slots")
        case Call(name) | Link(name) if name not in domain.flows:
            unknown(report, place, f"{what} goes on with the flow", name, domain.flows, "flows")
    for name in sorted(
        {slot for each in _conditions(flow, step) for slot in each.slots} - domain.slots.keys()
    ):
        unknown(
            report,
            place,
            f"A condition of the flow `{flow.name}` looks at the slot",
            name,
            domain.slots,
            "slots",
        )
    for response in _said(step):
        if response not in domain.responses and "responses" not in report.lost:
            mend = suggest(response, domain.responses, "Add it to `responses:`.")
            report.error(place, f"{what} says `{response}`, which is not in the domain.", mend)
    for way in step.ways:
        if way.to not in flow.steps and way.to not in (END, CANCEL):
            mend = suggest(way.to, flow.steps, "Name the `id` of a step, or END.")
            report.error(place, f"{what} goes on at the step `{way.to}`, which it does not have.", mend)


def _conditions(flow: Flow, step: FlowStep) -> Iterator[Condition]:
    yield from (way.condition for way in step.ways if way.condition)
    if isinstance(step.does, Collect):
        yield from (rejection.condition for rejection in step.does.rejections)
    if flow.guard and step.id == flow.begins:
        yield flow.guard


def _said(step: FlowStep) -> Iterator[str]:
    if isinstance(step.does, Collect):
        yield from filter(None, (step.does.utter, *(rejection.utter for rejection in step.does.rejections)))


def reached(flow: Flow) -> frozenset[str]:
    """The steps that a way from the beginning leads to."""
    found, pending = set[str](), [flow.begins]
    while pending:
        name = pending.pop()
        if name in flow.steps and name not in found:
            found.add(name)
            pending += [way.to for way in flow.steps[name].ways]
    return frozenset(found)


def _check_reached(flow: Flow, report: Report) -> None:
    found = reached(flow)
    for step in flow.steps.values():
        if step.id not in found:
            message = f"No way leads to the step `{step.id}` of the flow `{flow.name}`."
            report.warn(place_of(step.source), message, "Let a `next` name it, or remove it.")


def _check_circles(flow: Flow, report: Report) -> None:
    """Steps that follow each other round and round and never ask anything."""
    silent = {
        step.id: [way.to for way in step.ways if way.to in flow.steps]
        for step in flow.steps.values()
        if not isinstance(step.does, Collect)
    }
    for name in _in_circles(silent):
        message = (
            f"The flow `{flow.name}` can go round from the step `{name}` to itself without asking anything."
        )
        mend = "Put a `collect` with `ask_before_filling: true` between, or let one step end."
        report.error(place_of(flow.steps[name].source), message, mend)


def _check_calls(project: Project, report: Report) -> None:
    """Flows that begin each other in a circle before any of them asks something."""
    flows = project.domain.flows
    begun = {
        flow.name: [
            step.does.flow
            for step in _before_asking(flow)
            if isinstance(step.does, (Call, Link)) and step.does.flow in flows
        ]
        for flow in flows.values()
    }
    for name in _in_circles(begun):
        message = f"The flow `{name}` begins itself again by `call` or `link` before it asks anything."
        report.error(place_of(flows[name].source), message, "Let one of them ask something first, or end.")


def _before_asking(flow: Flow) -> Iterator[FlowStep]:
    seen, pending = set[str](), [flow.begins]
    while pending:
        step = flow.steps.get(pending.pop())
        if step and step.id not in seen:
            seen.add(step.id)
            yield step
            pending += [] if isinstance(step.does, Collect) else [way.to for way in step.ways]


def _in_circles(following: dict[str, list[str]]) -> Iterator[str]:
    """The first name of each circle, once."""
    told: set[str] = set()
    for name in following:
        reached, pending = set[str](), list(following[name])
        while pending:
            other = pending.pop()
            if other not in reached:
                reached.add(other)
                pending += following.get(other, [])
        if name in reached and not told & reached:
            told.add(name)
            yield name
