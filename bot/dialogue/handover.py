"""Handing over to a person: the transition, the sentence, and the packet the agent sees first."""

from __future__ import annotations

from typing import Any

from bot.dialogue.domain import LANGUAGE_SLOT, REQUESTED_SLOT
from bot.dialogue.events import HandedOver, Reason
from bot.dialogue.scene import Scene

DRAFTS = 3


def hand_over(scene: Scene, reason: Reason, *, say: str = "utter_handed_over") -> None:
    """From here a person answers. The customer is told; a conversation already handed over is not handed
    over again.
    """
    if scene.conversation.holder != "bot":
        return
    packet = _packet(scene)
    scene.say(say)
    scene.tell(HandedOver(at=scene.at, reason=reason, packet=packet))


def _packet(scene: Scene) -> dict[str, Any]:
    """Intent, what is known, the rows tried, the last lines, and up to three cited drafts."""
    state = scene.conversation
    own = {REQUESTED_SLOT, LANGUAGE_SLOT}
    return {
        "intent": scene.intent,
        "confidence": scene.reading.confidence,
        "language": scene.language,
        "form": state.loop,
        "slots": {
            name: value for name, value in state.slots.items() if value is not None and name not in own
        },
        "steps": list(state.steps),
        "summary": [{"speaker": line.speaker, "text": line.text} for line in state.lines[-6:]],
        "drafts": [
            {"answer_id": match.answer_id, "text": match.text, "score": match.score}
            for match in scene.reading.matches[:DRAFTS]
        ],
    }
