"""What customer and bot said, to and from Rasa's event JSON.

Knows the two events that carry words; the others, and what a wrong one means, are wire's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.dialogue import events as ev
from bot.dialogue.message import Button
from bot.dialogue.parse_data import parse_data_to_reading, reading_to_parse_data

Json = dict[str, Any]


def user_to_json(event: ev.UserSaid) -> Json:
    return {
        "text": event.text,
        "parse_data": reading_to_parse_data(event.reading, event.text, event.message_id),
        "input_channel": event.channel,
        "message_id": event.message_id,
        "metadata": event.metadata,
    }


def json_to_user(data: Mapping[str, Any], at: float) -> ev.UserSaid:
    parse_data = data.get("parse_data") or {}
    return ev.UserSaid(
        at=at,
        text=data.get("text") or "",
        message_id=data.get("message_id") or parse_data.get("message_id") or "",
        channel=data.get("input_channel") or "",
        reading=parse_data_to_reading(parse_data),
        metadata=dict(data.get("metadata") or {}),
    )


def bot_to_json(event: ev.BotSaid) -> Json:
    """Rasa names the domain response `utter_action` in a bot event's metadata."""
    return {
        "text": event.text,
        "data": {
            "buttons": [asdict(button) for button in event.buttons] or None,
            "image": event.image,
            "attachment": event.attachment,
            "custom": event.custom,
            "elements": [dict(element) for element in event.elements] or None,
        },
        "metadata": {
            **event.metadata,
            "utter_action": event.response,
            "origin": event.origin.value,
            "answer_id": event.answer_id,
            "bundle": event.bundle,
        },
    }


def elements_in(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The cards of a message in Rasa's keys; what is no card is left out."""
    return tuple(dict(item) for item in data.get("elements") or () if isinstance(item, Mapping))


def json_to_bot(data: Mapping[str, Any], at: float) -> ev.BotSaid:
    body = data.get("data") or {}
    metadata = dict(data.get("metadata") or {})
    response = metadata.pop("utter_action", None)
    origin = metadata.pop("origin", ev.Origin.ACTION)
    answer_id = metadata.pop("answer_id", None)
    bundle = metadata.pop("bundle", "")
    return ev.BotSaid(
        at=at,
        text=data.get("text"),
        buttons=tuple(
            Button(str(item["title"]), str(item.get("payload", item["title"])))
            for item in body.get("buttons") or ()
        ),
        image=body.get("image"),
        attachment=body.get("attachment"),
        custom=body.get("custom"),
        elements=elements_in(body),
        origin=ev.Origin(origin),
        response=response,
        answer_id=answer_id,
        bundle=bundle,
        metadata=metadata,
    )
