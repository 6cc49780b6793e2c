"""Bot messages as Rasa's Socket.IO channel sends them.

Knows the shapes (rasa/core/channels/socketio.py, SocketIOOutput) and their order (channel.py,
send_response); not to whom they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.dialogue.events import AgentSaid, BotSaid, Event
from bot.dialogue.replies import said_json


def shapes(event: Event) -> Iterator[Any]:
    """What a customer's page is sent of an event: of words said, every part; of all else nothing."""
    if isinstance(event, AgentSaid):
        yield from ({"text": part} for part in _parts(event.text))
    elif isinstance(event, BotSaid):
        yield from _said(event)


def _said(event: BotSaid) -> Iterator[Any]:
    said = said_json(event)
    if buttons := said.get("buttons"):
        texts = _parts(said.get("text", "")) or [""]
        yield from ({"text": part, "quick_replies": []} for part in texts[:-1])
        replies = [{"content_type": "text", **button} for button in buttons]
        yield {"text": texts[-1], "quick_replies": replies}
    else:
        yield from ({"text": part} for part in _parts(said.get("text", "")))
    if "custom" in said:
        yield _custom(said["custom"])
    if "image" in said:
        yield {"attachment": {"type": "image", "payload": {"src": said["image"]}}}
    if "attachment" in said:
        yield {"attachment": said["attachment"]}
    for card in said.get("elements", ()):  # one each, though the key is in the plural: so Rasa sends them
        payload = {"template_type": "generic", "elements": card}
        yield {"attachment": {"type": "template", "payload": payload}}


def _parts(text: str) -> list[str]:
    """A text is sent in pieces, cut at blank lines."""
    return [part for part in text.strip().split("\n\n") if part]


def _custom(custom: Any) -> Any:
    """Rasa hands a custom message to its library, which sends what is under `data`. Other keys of that call
    are not followed: `room` would name another customer's page.
    """
    return custom["data"] if isinstance(custom, dict) and "data" in custom else custom
