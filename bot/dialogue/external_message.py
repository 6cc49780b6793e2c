"""Messages that no customer wrote: a reminder is due, or something outside asks the bot to act on an intent.

Knows how they are marked, as in Rasa (rasa.shared.core.events, UserUttered.create_external), and what they
mean without any model; not who sends them. Pure.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from bot.dialogue.message import IS_EXTERNAL, InboundMessage
from bot.dialogue.parse_data import entity_to_json, read_entities
from bot.dialogue.reading import Entity
from bot.dialogue.text import Payload

PREFIX = "EXTERNAL: "
ENTITIES = "entities"


def external_message(
    *,
    conversation_id: str,
    channel: str,
    sender: str,
    external_id: str,
    intent: str,
    entities: Iterable[Entity] = (),
    at: float,
) -> InboundMessage:
    """The message that makes the bot act on `intent`; `channel` and `sender` are the conversation's own, so
    that the reply finds the customer.
    """
    return InboundMessage(
        conversation_id=conversation_id,
        channel=channel,
        sender=sender,
        external_id=external_id,
        text=f"{PREFIX}{intent}",
        at=at,
        seed=zlib.crc32(external_id.encode("utf-8", "backslashreplace")),
        trusted=True,
        metadata={IS_EXTERNAL: True, ENTITIES: [entity_to_json(entity) for entity in entities]},
    )


def named(message: InboundMessage) -> Payload:
    """The intent that an external message means, and the entities it brings."""
    return Payload(message.text.removeprefix(PREFIX), read_entities(message.metadata.get(ENTITIES)))


def kept_metadata(message: InboundMessage) -> dict[str, Any]:
    """The metadata that goes on record. A customer's message cannot pass for an external one."""
    if message.external:
        return {IS_EXTERNAL: True}
    return {key: value for key, value in message.metadata.items() if key != IS_EXTERNAL}
