"""Cards of a bot message: Rasa's `elements`, which are Facebook's generic template.

Knows the template's keys, and what of a card a place shows that has no cards; not how a channel sends it.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.events import BotSaid
from bot.dialogue.message import Button


@dataclass(frozen=True, slots=True)
class Card:
    """`lines` are its title, its subtitle and its links; `buttons` those that say something to the bot."""

    lines: tuple[str, ...]
    image: str | None
    buttons: tuple[Button, ...]


def cards(elements: Iterable[Any]) -> tuple[Card, ...]:
    """Each element as a card; what is none is left out."""
    return tuple(_card(element) for element in elements if isinstance(element, Mapping))


def all_buttons(said: BotSaid) -> tuple[Button, ...]:
    """All buttons of a message in their order, those of its cards last."""
    return (*said.buttons, *(button for card in cards(said.elements) for button in card.buttons))


def _card(element: Mapping[str, Any]) -> Card:
    action, given = element.get("default_action"), element.get("buttons")
    buttons = [button for button in given if isinstance(button, Mapping)] if isinstance(given, list) else []
    links = [
        f"{button['title']}: {button['url']}" if button.get("title") else str(button["url"])
        for button in buttons
        if button.get("url")
    ]
    url = element.get("item_url") or (action.get("url") if isinstance(action, Mapping) else None)
    lines = (element.get("title"), element.get("subtitle"), url, *links)
    image = element.get("image_url")
    return Card(
        tuple(str(line) for line in lines if line),
        image if isinstance(image, str) and image else None,
        tuple(
            Button(str(button["title"]), str(button.get("payload", button["title"])))
            for button in buttons
            if button.get("title") and not button.get("url")
        ),
    )
