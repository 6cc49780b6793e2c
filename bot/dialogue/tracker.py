"""A conversation as Rasa's tracker JSON: what action servers and tracker clients read.

Knows the shape (rasa_sdk.interfaces.Tracker.from_dict, rasa.shared.core.trackers); decides nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import Event, UserSaid
from bot.dialogue.names import LISTEN, REQUESTED_SLOT
from bot.dialogue.parse_data import reading_to_parse_data
from bot.dialogue.wire import to_json


def tracker(domain: Domain, conversation: Conversation, events: Sequence[Event]) -> dict[str, Any]:
    """Rasa's tracker JSON for a conversation with these events (the newest last)."""
    names = {name: slot.initial for name, slot in domain.slots.items()}
    latest, done = conversation.latest, conversation.last_action or LISTEN
    return {
        "sender_id": conversation.id,
        "slots": {**names, REQUESTED_SLOT: None, **conversation.slots},
        "latest_message": _message(latest),
        "latest_event_time": events[-1].at if events else conversation.last_active,
        "followup_action": conversation.followup,
        "paused": conversation.paused,
        "events": [to_json(event) for event in events],
        "latest_input_channel": latest.channel if latest else None,
        "active_loop": _loop(conversation),
        "latest_action": {"action_text" if done in domain.action_texts else "action_name": done},
        "latest_action_name": done,
    }


def _message(said: UserSaid | None) -> dict[str, Any]:
    if said is None:
        return {}
    return {**reading_to_parse_data(said.reading, said.text, said.message_id), "metadata": said.metadata}


def _loop(conversation: Conversation) -> dict[str, Any]:
    if conversation.loop is None:
        return {}
    return {
        "name": conversation.loop,
        "is_interrupted": conversation.loop_interrupted,
        "rejected": conversation.loop_rejected,
        "trigger_message": _message(conversation.trigger),
    }
