"""Reads responses and their variations.

Knows Rasa 3's response keys (rasa/shared/nlu/training_data/schemas/responses.yml); does not choose among
variations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue.domain import SlotCondition, Variation
from bot.project.node import check_keys, entries, items, kind, plain, text
from bot.project.report import Place, Report
from bot.project.yaml import Node

_KEYS = (
    "text",
    "buttons",
    "button_type",
    "quick_replies",
    "image",
    "attachment",
    "custom",
    "elements",
    "channel",
    "condition",
    "id",
    "metadata",
)


def read_responses(
    found: Mapping[str, Node], report: Report
) -> tuple[dict[str, tuple[Variation, ...]], dict[str, Place]]:
    """The variations of each response, and the place of each as `response:NAME:INDEX`."""
    responses: dict[str, tuple[Variation, ...]] = {}
    places: dict[str, Place] = {}
    for name, node in found.items():
        if not name.startswith("utter_"):
            message = f"The response `{name}` does not begin with `utter_`: it is only sent by an action."
            report.warn(node.place, message, f"Rename it to `utter_{name}`, also where it is used.")
        variations: list[Variation] = []
        for item in _variations(name, node, report):
            places[f"response:{name}:{len(variations)}"] = item.place
            variations.append(_variation(name, item, report))
        if not variations and node.value in (None, ()):
            report.error(node.place, f"The response `{name}` has no variation.", 'Add one: `- text: "…"`.')
        responses[name] = tuple(variations)
    return responses, places


def _variations(name: str, node: Node, report: Report) -> tuple[Node, ...]:
    if node.value is not None and not isinstance(node.value, tuple):
        mend = f'This is {kind(node)}; begin each variation with `- text: "…"`.'
        report.error(node.place, f"The response `{name}` must be a list of variations.", mend)
        return ()
    return items(node, f"response `{name}`", report)


def _variation(name: str, node: Node, report: Report) -> Variation:
    what = f"response `{name}`"
    if isinstance(node.value, str):
        report.error(node.place, f"A variation of {what} is a bare text.", "Write `- text: …`.")
        return Variation(text=node.value)
    found = entries(node, f"a variation of {what}", report)
    check_keys(found, _KEYS, what, report)
    variation = Variation(
        text=text(found.get("text"), f"text of {what}", report),
        buttons=(
            *_buttons(what, found.get("buttons"), report),
            *_buttons(what, found.get("quick_replies"), report),
        ),
        image=text(found.get("image"), f"image of {what}", report),
        attachment=plain(found.get("attachment")),
        custom=plain(found.get("custom")),
        elements=_elements(what, found.get("elements"), report),
        channel=text(found.get("channel"), f"channel of {what}", report),
        conditions=_conditions(what, found.get("condition"), report),
        id=text(found.get("id"), f"id of {what}", report),
        metadata=_metadata(what, found, report),
    )
    parts = (variation.image, variation.attachment, variation.custom, variation.buttons, variation.elements)
    if not (variation.text or any(parts)):
        tell = report.error if variation.text is None else report.warn  # an empty text is said by silence
        tell(node.place, f"A variation of {what} says nothing.", "Give it a `text`, or remove it.")
    return variation


def _elements(what: str, node: Node | None, report: Report) -> tuple[Mapping[str, Any], ...]:
    """Cards in Facebook's keys, which only their channels read."""
    found = (
        entries(item, f"an element of {what}", report) for item in items(node, f"elements of {what}", report)
    )
    return tuple({key: plain(value) for key, value in element.items()} for element in found if element)


def _metadata(what: str, found: Mapping[str, Node], report: Report) -> Mapping[str, Any]:
    metadata: dict[str, Any] = {
        key: plain(node)
        for key, node in entries(found.get("metadata"), f"metadata of {what}", report).items()
    }
    if "button_type" in found:
        metadata["button_type"] = plain(found["button_type"])
    return metadata


def _buttons(what: str, node: Node | None, report: Report) -> list[Mapping[str, Any]]:
    buttons: list[Mapping[str, Any]] = []
    for item in items(node, f"buttons of {what}", report):
        found = entries(item, f"a button of {what}", report)
        title = text(found.get("title"), f"title of a button of {what}", report)
        if title is None:
            report.error(
                item.place, f"A button of {what} has no `title`.", "Add the words the customer presses."
            )
            continue
        button = {key: plain(value) for key, value in found.items()}
        payload = text(found.get("payload"), f"payload of a button of {what}", report)
        if payload is None and "url" not in found:
            report.warn(
                item.place, f"The button `{title}` of {what} has no `payload`.", "It sends its title as text."
            )
        buttons.append({**button, "title": title, "payload": title if payload is None else payload})
    return buttons


def _conditions(what: str, node: Node | None, report: Report) -> tuple[SlotCondition, ...]:
    conditions = []
    for item in items(node, f"condition of {what}", report):
        found = entries(item, f"a condition of {what}", report)
        check_keys(found, ("type", "name", "value"), f"condition of {what}", report)
        kind_named = text(found.get("type"), f"type of a condition of {what}", report)
        name = text(found.get("name"), f"name of a condition of {what}", report)
        if kind_named != "slot" or name is None or "value" not in found:
            mend = "Write `{type: slot, name: SLOT, value: VALUE}`; `slot` is the only type there is."
            report.error(item.place, f"A condition of {what} is not complete.", mend)
            continue
        conditions.append(SlotCondition(name, plain(found["value"])))
    return tuple(conditions)
