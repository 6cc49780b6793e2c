"""What a customer's page is told of a conversation: lines said, buttons, and who is listening.

Knows which events a customer may see and what of them; everything else (readings, decisions, slots, account
names, reasons) has no row here and so never leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue.cards import all_buttons, cards
from bot.dialogue.events import AgentSaid, BotSaid, HandedOver, Returned, TakenOver, UserSaid
from bot.store.log import Numbered
from bot.store.turn import Standing

Frame = dict[str, Any]


def frame(item: Numbered, names: Mapping[str, str | None]) -> Frame | None:
    """The event as a customer sees it, or None. `names` gives an agent's display name where there is one."""
    body = _body(item, names)
    return body and {**body, "seq": item.seq, "at": item.event.at}


def _body(item: Numbered, names: Mapping[str, str | None]) -> Frame | None:
    match item.event:
        case UserSaid(text=text, message_id=message_id, metadata=metadata) if not item.event.external:
            return {
                "type": "line",
                "who": "customer",
                "text": metadata.get("title", text),
                "client_id": message_id.rpartition(":")[2],
            }
        case BotSaid() as said:
            parts = shown(said)
            return {"type": "line", "who": "bot", **parts} if parts else None
        case AgentSaid(text=text, agent=agent):
            return {"type": "line", "who": "agent", "text": text, "name": names.get(agent)}
        case HandedOver():
            return {"type": "state", "holder": "queue", "name": None}
        case TakenOver(agent=agent):
            return {"type": "state", "holder": "agent", "name": names.get(agent)}
        case Returned():
            return {"type": "state", "holder": "bot", "name": None}
        case _:
            return None


def shown(said: BotSaid) -> Frame:
    """What a page shows of a bot message: `text`, `buttons`, `image`, as far as it has them. A card is shown
    by its lines.
    """
    texts = (said.text, *("\n".join(card.lines) for card in cards(said.elements)))
    parts = {
        "text": "\n\n".join(text for text in texts if text),
        "buttons": [{"title": button.title, "payload": button.payload} for button in all_buttons(said)],
        "image": said.image,
    }
    return {key: value for key, value in parts.items() if value}


def agents_in(items: list[Numbered], standing: Standing | None) -> set[str]:
    """The account names whose display names these frames need."""
    named = {item.event.agent for item in items if isinstance(item.event, AgentSaid | TakenOver)}
    return named | ({standing.agent} if standing and standing.agent else set())
