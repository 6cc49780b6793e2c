"""A customer's message on its way in, and a reply on its way out.

Time and seed travel in the message, so that a turn needs no clock and no chance of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Keys of a message's metadata that only this program sets, never who sent it.
OUTSIDE = "outside"  # what an operator's program asks for
IS_EXTERNAL = "is_external"  # Rasa's mark of a message that no customer wrote


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message as a channel parsed it.

    `external_id` is the platform's own id, unique per channel: the key that makes a redelivery harmless.
    `trusted` marks senders whose `/intent{json}` payloads are taken at their word (operators, conversation
    tests), never customers.
    `external`: no customer wrote it (bot.dialogue.external_message).
    `at` is seconds since the epoch; `seed` picks among response variations.
    """

    conversation_id: str
    channel: str
    sender: str
    external_id: str
    text: str
    at: float
    seed: int = 0
    trusted: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def external(self) -> bool:
        return self.trusted and self.metadata.get(IS_EXTERNAL) is True


@dataclass(frozen=True, slots=True)
class Button:
    """A choice offered under a message; `payload` is what comes back when it is pressed."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said, as the response model and the console read a dialogue."""

    speaker: str
    text: str
