"""What a turn leaves beside its events: replies to send, the conversation's standing, or an apology instead.

Knows events and what the store keeps with them; neither how a turn came about nor when it is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import BotSaid, Event, Failed, HandedOver, Reason, UserSaid
from bot.dialogue.external_message import kept_metadata
from bot.dialogue.message import InboundMessage
from bot.dialogue.phrases import PHRASES
from bot.dialogue.replies import said_json
from bot.store.turn import Outgoing, Standing


def replies(channel: str, sender: str, events: Sequence[Event]) -> list[Outgoing]:
    """The bot's messages among the events, addressed to the customer. One that says nothing, as a response
    with the text '' does, is on record alone.
    """
    said = ((place, said_json(event)) for place, event in enumerate(events) if isinstance(event, BotSaid))
    return [Outgoing(place, channel, sender, body) for place, body in said if body]


def standing(before: Conversation, after: Conversation, events: Sequence[Event]) -> Standing | None:
    """What lists show, where this turn changed it; also for a customer who already waits and now does so for
    another reason.
    """
    handed = next((event for event in reversed(events) if isinstance(event, HandedOver)), None)
    if before.holder is after.holder and before.language == after.language and handed is None:
        return None
    if after.holder is Holder.QUEUE and handed is None:
        return None
    waits = handed if after.holder is Holder.QUEUE else None
    return Standing(
        holder=after.holder.value,
        agent=after.agent,
        language=after.language,
        reason=waits.reason.value if waits else None,
        waiting_since=waits.at if waits else None,
    )


def apology(before: Conversation, message: InboundMessage, domain: Domain, *, reason: str) -> list[Event]:
    """The events of a turn that broke, `reason` being a short code: a sentence and a person. Where a person
    has the conversation already, or the customer did not write, the failure is put on record and nothing is
    said.
    """
    at = message.at
    said = UserSaid(
        at=at,
        text=message.text,
        message_id=message.external_id,
        channel=message.channel,
        metadata=kept_metadata(message) if message.external else {},
    )
    failed = Failed(at=at, part="turn", reason=reason)
    if before.holder is not Holder.BOT or message.external:
        return [said, failed]
    phrase = PHRASES["utter_action_failed"]
    text = phrase.get(before.language or domain.languages[0], phrase["en"])
    packet: dict[str, object] = {"intent": None, "slots": {}, "drafts": []}
    return [
        said,
        failed,
        BotSaid(at=at, text=text, response="utter_action_failed"),
        HandedOver(at=at, reason=Reason.MODEL_FAILED, packet=packet),
    ]
