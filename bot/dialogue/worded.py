"""Responses whose words come from a response server: each is asked for before it goes on record.

Knows which messages those are and what becomes of one that gets no words; not how the server is spoken to.
Pure. Source of the behaviour: rasa.core.nlg.callback (3.6).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import BotSaid, Event, Failed, HandedOver, Origin, Reason
from bot.dialogue.fold import apply
from bot.dialogue.message import Button
from bot.dialogue.phrases import PHRASES
from bot.dialogue.ports import PortError, Ports, SayRequest
from bot.dialogue.replies import said_json
from bot.dialogue.responses import ARGUMENTS
from bot.dialogue.wire_messages import elements_in

WORDED = "worded"  # marks in a message's metadata that the server gave its words


async def worded(
    events: AsyncIterator[Event], domain: Domain, conversation: Conversation, ports: Ports, *, channel: str
) -> AsyncIterator[Event]:
    """The events, their responses in the server's words. Where it gives none the domain's own hold; where the
    domain has none either, the customer is told so and a person goes on.
    """
    if ports.say is None:
        async for event in events:
            yield event
        return
    state, told, speechless = conversation, list[Event](), False
    async for event in events:
        facts: list[Event] = [event]
        if isinstance(event, BotSaid) and _is_asked(domain, event):
            facts = await _ask(event, ports, state, told, channel)
        for fact in facts:
            if isinstance(fact, BotSaid) and _is_empty(fact):
                speechless = True  # a message by name alone
                continue
            state = apply(state, fact)
            told.append(fact)
            yield fact
    if speechless and state.holder is Holder.BOT:
        for event in _apology(domain, state):
            yield event


def _is_asked(domain: Domain, event: BotSaid) -> bool:
    """The domain's own responses, said by the engine or named by an action that gave no words itself."""
    if event.response is None or event.metadata.get(WORDED):
        return False
    known = event.response in domain.responses or event.response in domain.actions
    return known and (event.origin is Origin.RESPONSE or ARGUMENTS in event.metadata)


async def _ask(
    said: BotSaid, ports: Ports, state: Conversation, told: Sequence[Event], channel: str
) -> list[Event]:
    """The message in the server's words; as it was where there are none."""
    assert said.response and ports.say, "asked about before"
    arguments = said.metadata.get(ARGUMENTS, {})
    request = SayRequest(said.response, said.metadata.get("id"), arguments, state, tuple(told), channel)
    try:
        new = _in_words(said, await ports.say(request))
    except PortError as error:
        return [Failed(at=said.at, part="say", reason=error.reason), said]
    return [said if _is_empty(new) else new]


def _in_words(event: BotSaid, words: Mapping[str, Any]) -> BotSaid:
    """The server's message; what an action gave beside the response's name stays where the server has
    nothing there.
    """
    kept = event if event.origin is Origin.ACTION else BotSaid(at=event.at)
    buttons = tuple(
        Button(str(item["title"]), str(item.get("payload", item["title"])))
        for item in words.get("buttons") or ()
    )
    return replace(
        event,
        text=words.get("text") or kept.text,
        buttons=buttons or kept.buttons,
        image=words.get("image") or kept.image,
        attachment=words.get("attachment") or kept.attachment,
        custom=words.get("custom") or kept.custom,
        elements=elements_in(words) or kept.elements,
        metadata={**event.metadata, WORDED: True},
    )


def _is_empty(said: BotSaid) -> bool:
    return not said_json(said)


def _apology(domain: Domain, state: Conversation) -> list[Event]:
    """A response without words must not end in silence."""
    phrase = PHRASES["utter_action_failed"]
    text = phrase.get(state.language or domain.languages[0], phrase["en"])
    packet: dict[str, Any] = {"intent": None, "slots": {}, "drafts": []}
    at = state.last_active
    return [
        BotSaid(at=at, text=text, response="utter_action_failed"),
        HandedOver(at=at, reason=Reason.ACTION_FAILED, packet=packet),
    ]


async def each(events: Iterable[Event]) -> AsyncIterator[Event]:
    """Events that are there already, one after the other."""
    for event in events:
        yield event
