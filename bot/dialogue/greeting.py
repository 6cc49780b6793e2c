"""What the bot says before anybody has written: the project's greeting, shown by a page and on no record.

Knows which response greets and what it offers; a press on one of its choices is the customer's first message.
"""

from __future__ import annotations

from bot.dialogue.domain import Domain
from bot.dialogue.events import BotSaid
from bot.dialogue.names import LANGUAGE_SLOT
from bot.dialogue.responses import render
from bot.dialogue.text import normalise

GREETING = "utter_greet"
# What the usual pages send before their customer has said anything, so that the bot speaks first. These
# intents mean no more than a greeting does, and bring no values.
OPENERS = ("greet", "get_started", "start")


def greeting(domain: Domain, language: str | None, *, channel: str) -> BotSaid | None:
    """The greeting in `language`, or in the bot's first where it does not speak that. None where the project
    has none, or where it needs what is not known yet (`{name}`).
    """
    spoken = language if language in domain.languages else domain.languages[0]
    slots = {slot.name: slot.initial for slot in domain.slots.values()} | {LANGUAGE_SLOT: spoken}
    said = render(domain, GREETING, slots=slots, channel=channel, language=spoken, seed=0, at=0.0)
    return said if said and said.text and "{" not in said.text else None


def offers(domain: Domain) -> frozenset[str]:
    """The payloads that may come before anything was said: by a press on one of the greeting's choices, or
    from a page that asks to be greeted.
    """
    buttons = (button for variation in domain.responses.get(GREETING, ()) for button in variation.buttons)
    openers = frozenset(f"/{intent}" for intent in OPENERS if intent in domain.intents)
    return openers | {normalise(str(button.get("payload", ""))) for button in buttons}
