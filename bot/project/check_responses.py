"""Checks of responses: what their buttons send, what their braces show, what their conditions ask.

Knows a project's values and places; reads no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bot.dialogue.cards import cards
from bot.dialogue.domain import Variation
from bot.dialogue.names import REQUESTED_SLOT
from bot.dialogue.responses import fill
from bot.dialogue.steps import ActionStep
from bot.dialogue.text import parse_payload
from bot.project.check_names import known_intents, unknown
from bot.project.model import Project
from bot.project.report import Place, Report, suggest

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.\-]*)\}")
_ENTITIES = re.compile(r"/[^{]*(?P<entities>\{.*)", re.DOTALL)


def variations(project: Project) -> Iterator[tuple[Place, str, Variation]]:
    """Every variation with its place and the name of its response."""
    for name, many in sorted(project.domain.responses.items()):
        for index, variation in enumerate(many):
            place = project.places.get(f"response:{name}:{index}", Place("domain.yml"))
            yield place, name, variation


def check_buttons(project: Project, report: Report) -> None:
    """Payloads (`/intent{"entity": "value"}`) that name unknown intents or entities."""
    for place, name, variation in variations(project):
        buttons = [(str(button["title"]), str(button["payload"])) for button in variation.buttons]
        buttons += [(each.title, each.payload) for card in cards(variation.elements) for each in card.buttons]
        for title, raw in buttons:
            payload = fill(raw, {})
            if payload.startswith("/"):
                _check_payload(project, place, f"The button `{title}` of `{name}`", payload, report)


def _check_payload(project: Project, place: Place, what: str, payload: str, report: Report) -> None:
    domain, found = project.domain, parse_payload(payload)
    if found is None or not _is_whole(payload):
        read = "cannot be read" if found is None else "can be read only in part"
        mend = 'Write `/intent` or `/intent{"entity": "value"}`.'
        report.warn(place, f"{what} sends a payload that {read}.", mend)
    if found is None:
        return
    intent = found.intent
    if intent.split("/")[0] not in known_intents(project):
        by = f"{what} sends the intent"
        unknown(report, place, by, intent, domain.intents, "intents", breaks=False)
    if report.lost & {"entities", "slots"}:
        return
    for name in sorted({entity.name for entity in found.entities} - domain.entities - domain.slots.keys()):
        mend = suggest(name, domain.entities, "Add it to `entities:` in the domain.")
        report.warn(place, f"{what} sends the entity `{name}`, which is not in the domain.", mend)


def _is_whole(payload: str) -> bool:
    """Whether nothing of a payload's entities is left out."""
    match = _ENTITIES.match(payload)
    try:
        return match is None or isinstance(json.loads(match["entities"]), dict)
    except ValueError:
        return False


def check_placeholders(project: Project, report: Report) -> None:
    """`{name}` in a response that is no slot, and conditions on slots that are none."""
    known = project.domain.slots.keys() | {REQUESTED_SLOT}
    by_rules = {
        step.name for rule in project.domain.rules for step in rule.steps if isinstance(step, ActionStep)
    }
    for place, name, variation in variations(project):
        for condition in variation.conditions:
            if condition.name not in known:
                what = f"A variation of `{name}` depends on the slot"
                unknown(report, place, what, condition.name, known, "slots", breaks=False)
        shown = set(_PLACEHOLDER.findall(variation.text or "")) if "slots" not in report.lost else set()
        for slot in sorted(shown - known):
            message = f"The response `{name}` shows `{{{slot}}}`, which is no slot."
            # An action may give a value of its own for a name when it sends a response; a rule cannot.
            otherwise = (
                "Add the slot, or correct the name in braces."
                if name in by_rules or not project.domain.actions
                else "Make sure that the action which sends it gives a value for it."
            )
            report.warn(place, message, suggest(slot, known, otherwise))
