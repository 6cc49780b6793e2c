"""Takes the view of a conversation whose newest message waits: what rules and stories say to it.

Knows how the message is taken to stand there; decides nothing (bot/dialogue/policy.py does). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import SlotSet
from bot.dialogue.flows import triggered
from bot.dialogue.fold import fold
from bot.dialogue.foreseeing import foresee
from bot.dialogue.memory import recall
from bot.dialogue.names import FALLBACK_INTENT, OUT_OF_SCOPE_INTENTS, TWO_STAGE_FALLBACK
from bot.dialogue.ports import Foresee
from bot.dialogue.reading import Reading
from bot.dialogue.resolving import resolve
from bot.dialogue.rules import predict
from bot.dialogue.two_stage import as_if_understood
from bot.dialogue.view import View
from nlu.red_flags import find_red_flags


def view_of(
    domain: Domain,
    conversation: Conversation,
    filled: Mapping[str, Any],
    *,
    flags: tuple[str, ...] = (),
    unread: bool = False,
    ask: Foresee | None = None,
) -> View:
    """The view of the latest message, which fills the slots `filled`; a running form judges its own. `ask`:
    the learned policy.
    """
    said = conversation.latest
    reading = (said.reading if said else None) or Reading()
    intent, candidates = resolve(reading, domain.thresholds)
    state = _after(domain, standing(conversation), filled)
    ruled = predict(domain, state, intent, reading.entities) if intent else None
    begins = triggered(domain, state, intent, reading.confidence) if intent else None
    meant = None if intent in OUT_OF_SCOPE_INTENTS else intent
    worded = recall(domain, state.trail, words_alone=True)
    recalled = recall(domain, state.trail) if intent else None
    provided = worded or recalled or begins or (ruled and intent != FALLBACK_INTENT)
    return View(
        domain=domain,
        conversation=state,
        reading=reading,
        text=said.text if said else "",
        intent=intent,
        meant=meant,
        candidates=candidates,
        filled=dict(filled),
        ruled=ruled,
        begins=begins,
        worded=worded,
        recalled=recalled,
        foreseen=None if provided else foresee(domain, state, meant, ask),
        doubted=_is_doubted(conversation),
        flags=flags,
        unread=unread,
    )


def view_again(
    domain: Domain, conversation: Conversation, filled: Mapping[str, Any], *, ask: Foresee | None = None
) -> View:
    """As `view_of`, of a message that was heard before: red flags are looked for again, and what has no
    reading no model read.
    """
    said = conversation.latest
    text = said.text if said and not said.external else ""  # an external one's text is a mark
    unread = bool(said and text and said.reading is None)
    flags = find_red_flags(text) if text else ()
    return view_of(domain, conversation, filled, flags=flags, unread=unread, ask=ask)


def standing(conversation: Conversation) -> Conversation:
    """The conversation as its newest message is taken to stand in it."""
    if not _is_doubted(conversation):
        return conversation
    return as_if_understood(conversation, conversation.last_active)


def _is_doubted(conversation: Conversation) -> bool:
    return conversation.loop == TWO_STAGE_FALLBACK and conversation.holder is Holder.BOT


def _after(domain: Domain, state: Conversation, filled: Mapping[str, Any]) -> Conversation:
    form = domain.form(state.loop)
    own = form.required_slots if form else ()
    told = (SlotSet(at=state.last_active, name=n, value=value) for n, value in filled.items() if n not in own)
    return fold(state, told)
