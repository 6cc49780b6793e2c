"""Handing over to a person: the transition, the sentence, and the packet the agent sees first."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.dialogue.conversation import Holder
from bot.dialogue.events import HandedOver, Reason
from bot.dialogue.names import REQUESTED_SLOT
from bot.dialogue.policy import NEAR
from bot.dialogue.scene import Scene

DRAFTS = 3


def hand_over(scene: Scene, reason: Reason, *, say: str = "utter_handed_over") -> None:
    """From here a person answers; the customer is told.

    For conversations that the bot holds. One in the queue is handed over anew for a red flag only: its
    reason changes, its place by time does not. Whether to hand over is the caller's to decide.
    """
    holder = scene.conversation.holder
    assert holder is Holder.BOT or (holder is Holder.QUEUE and reason is Reason.RED_FLAG), holder
    packet = _packet(scene, asked=reason is Reason.CUSTOMER_REQUEST)
    scene.say(say)
    scene.tell(HandedOver(at=scene.at, reason=reason, packet=packet))


def _packet(scene: Scene, *, asked: bool) -> dict[str, Any]:
    """Intent, sentiment, what is known, the rows tried, the last lines, the question and up to three cited
    drafts: stored answers near enough that the bot itself would offer them as a choice.

    Where a person was asked for, the question is what was said before that wish: no answer is near a wish.
    Where no customer wrote, it is what the customer said last.
    """
    state = scene.conversation
    unasked = scene.message.external
    question = state.question if unasked or (asked and state.question) else state.latest
    reading = question.reading if question else None
    own = {REQUESTED_SLOT, scene.domain.language_slot}
    return {
        "intent": scene.intent,
        "confidence": scene.reading.confidence,
        "sentiment": asdict(scene.reading.sentiment) if scene.reading.sentiment else None,
        "language": scene.language,
        "form": state.loop,
        "slots": {
            name: value for name, value in state.slots.items() if value is not None and name not in own
        },
        "steps": list(state.steps),
        "summary": [{"speaker": line.speaker, "text": line.text} for line in state.lines[-6:]],
        "question": question.metadata.get("title", question.text) if question else "",
        "drafts": [
            {"answer_id": match.answer_id, "text": match.text, "score": match.score}
            for match in (reading.matches if reading else ())[:DRAFTS]
            if match.score >= scene.domain.thresholds.answer - NEAR
        ],
    }
