"""A bot message as it goes out to customers, whatever the channel.

Knows the parts that a reply may have; not how a platform shows them (channels).
"""

from __future__ import annotations

from typing import Any

from bot.dialogue.events import BotSaid


def said_json(said: BotSaid) -> dict[str, Any]:
    """`text`, `buttons` (each with `title` and `payload`), `image`, `attachment`, `custom`, `elements`: only
    the parts it has.
    """
    parts = {
        "text": said.text,
        "buttons": [{"title": button.title, "payload": button.payload} for button in said.buttons],
        "image": said.image,
        "attachment": said.attachment,
        "custom": said.custom,
        "elements": [dict(element) for element in said.elements],
    }
    return {name: value for name, value in parts.items() if value}
