"""The two-stage fallback: what was not understood is asked about, then asked for in other words, and given up
after that.

It runs as a loop. Once a message is understood, it stands where the first one stood that was not. Source of
the behaviour: rasa.core.actions.two_stage_fallback (3.6).
"""

from __future__ import annotations

from bot.dialogue.acting import perform
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Thresholds
from bot.dialogue.events import LoopSet, Rewound, UserSaid
from bot.dialogue.fold import apply
from bot.dialogue.names import (
    ASK_AFFIRMATION,
    ASK_REPHRASE,
    DEFAULT_FALLBACK,
    FALLBACK_INTENT,
    OUT_OF_SCOPE_INTENTS,
    TWO_STAGE_FALLBACK,
)
from bot.dialogue.resolving import resolve
from bot.dialogue.scene import Scene


async def step(scene: Scene) -> None:
    """Begin, or go on to the next stage with a message that was not understood either."""
    scene.run(TWO_STAGE_FALLBACK, "two_stage")
    if scene.conversation.loop != TWO_STAGE_FALLBACK:
        scene.tell(LoopSet(at=scene.at, name=TWO_STAGE_FALLBACK))
        await perform(scene, ASK_AFFIRMATION)
        return
    declined = _declined(scene.conversation, scene.domain.thresholds)
    if declined[-2:] in ([False, False], [False]) or declined[-3:] == [True, False, True]:
        await _give_up(scene, len(_since(scene.conversation)))
    else:
        await perform(scene, ASK_REPHRASE if declined[-1:] == [True] else ASK_AFFIRMATION)


def end(scene: Scene) -> None:
    """The message was understood: it stands for all that was said since the fallback began."""
    scene.run(TWO_STAGE_FALLBACK, "two_stage")
    scene.tell(LoopSet(at=scene.at, name=None), taken_back(scene.conversation, scene.at, keeps_latest=True))


def as_if_understood(state: Conversation, at: float) -> Conversation:
    """The conversation with its newest message where the first one stood that was not understood."""
    return apply(state, taken_back(state, at, keeps_latest=True))


def taken_back(state: Conversation, at: float, *, keeps_latest: bool) -> Rewound:
    """All that was said since the fallback began, but for the newest message where that is kept."""
    return Rewound(at=at, messages=len(_since(state)) + 1, keeps_latest=keeps_latest)


async def _give_up(scene: Scene, messages: int) -> None:
    """What ends the fallback; where that takes the message back, those before it go too."""
    scene.tell(LoopSet(at=scene.at, name=None))
    before = len(scene.told)
    await perform(scene, DEFAULT_FALLBACK)
    if any(isinstance(event, Rewound) for event in scene.told[before:]):
        scene.tell(Rewound(at=scene.at, messages=messages))


def _declined(state: Conversation, limits: Thresholds) -> list[bool]:
    """Of each message of the customer since the fallback began, whether it said that nothing offered was
    meant; else it was not understood.
    """
    theirs = [said for said in _since(state) if not said.external]
    read = (resolve(said.reading, limits)[0] if said.reading else None for said in theirs)
    return [intent in OUT_OF_SCOPE_INTENTS and intent != FALLBACK_INTENT for intent in read]


def _since(state: Conversation) -> list[UserSaid]:
    """The messages after the one that began the fallback, which runs."""
    found: list[UserSaid] = []
    for act in reversed(state.trail.acts):
        if isinstance(act, LoopSet) and act.name == TWO_STAGE_FALLBACK:
            break
        if isinstance(act, UserSaid):
            found.append(act)
    return found[::-1]
