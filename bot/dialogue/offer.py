"""Offering a person by a button: beside a choice, and to a customer who sounds angry.

Knows how a press asks for one (an intent that the project's rules answer); hands nobody over.
"""

from __future__ import annotations

from bot.dialogue.conversation import Holder
from bot.dialogue.events import BotSaid
from bot.dialogue.message import Button
from bot.dialogue.names import HUMAN_INTENTS
from bot.dialogue.scene import Scene

OFFER = "utter_offer_person"


def person_button(scene: Scene) -> Button | None:
    """The button that asks for a person; None where no rule of the project answers that wish."""
    wishes = HUMAN_INTENTS & {intent for rule in scene.domain.rules for intent in rule.intents}
    title = scene.response("utter_talk_to_human")
    return Button(title.text, f"/{min(wishes)}") if wishes and title and title.text else None


def offer_person(scene: Scene) -> None:
    """After the turn's own words, unless they offered one already.

    The choices of the message before are given again: a page shows those of the last message alone.
    """
    state, button, said = scene.conversation, person_button(scene), scene.response(OFFER)
    if state.holder is not Holder.BOT or state.paused or button is None or said is None:
        return
    choices = state.said[-1].buttons if state.said else ()
    if all(choice.payload != button.payload for choice in choices):
        scene.tell(BotSaid(at=scene.at, text=said.text, buttons=(*choices, button), response=OFFER))
