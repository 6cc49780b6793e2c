"""Running actions: the engine's own, the domain's responses, and the project's over the act port.

A failure here becomes an event, a sentence for the customer and a person; never silence. Action protocol:
rasa_sdk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from bot.dialogue.asking import ask_affirmation, ask_rephrase, tell_capabilities
from bot.dialogue.events import (
    ActionFailed,
    ActionRejected,
    ActionRun,
    BotSaid,
    Event,
    LoopSet,
    Origin,
    Reason,
    Restarted,
    Rewound,
    SessionStarted,
    SlotSet,
    UserSaid,
)
from bot.dialogue.handover import hand_over
from bot.dialogue.message import Button
from bot.dialogue.names import (
    ASK_AFFIRMATION,
    ASK_REPHRASE,
    BACK,
    CAPABILITIES,
    DEACTIVATE_LOOP,
    DEFAULT_ACTIONS,
    DEFAULT_FALLBACK,
    HAND_OVER,
    HUMAN_INTENTS,
    LISTEN,
    REPEAT,
    REQUESTED_SLOT,
    RESTART,
    REVERT_FALLBACK,
    SESSION_START,
    UNLIKELY_INTENT,
)
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused
from bot.dialogue.replies import said_json
from bot.dialogue.responses import ARGUMENTS
from bot.dialogue.scene import Scene
from bot.dialogue.selection import response_of
from bot.dialogue.trail import Act, turns_of
from bot.dialogue.wire_messages import elements_in


async def run_action(scene: Scene, name: str, policy: str, *, confidence: float = 1.0) -> None:
    """Run one action by name, whoever it belongs to."""
    if here := _here(scene, name):
        scene.run(name, policy, confidence=confidence)
        here(scene)
    else:
        await run_remote(scene, name, policy=policy, confidence=confidence)


async def perform(scene: Scene, name: str) -> None:
    """Run one action as a part of another, and not as a step of its own."""
    if here := _here(scene, name):
        here(scene)
    else:
        await run_remote(scene, name, record=False)


def _here(scene: Scene, name: str) -> Callable[[Scene], object] | None:
    """How the engine itself runs the action; None where the action server does. A default action of Rasa's
    that the domain lists is the project's own.
    """
    listed = name in scene.domain.actions
    if name in scene.domain.action_texts:
        return lambda scene: scene.tell(BotSaid(at=scene.at, text=name))
    if name in _OWN and not (listed and name in DEFAULT_ACTIONS):
        return _OWN[name]
    chooses = any(response.startswith(f"{name}/") for response in scene.domain.responses)
    if name in scene.domain.responses or (
        name.startswith("utter_") and (chooses or not listed or scene.domain.response_server)
    ):
        return lambda scene: scene.say(response_of(name, scene.reading, scene.domain.responses))
    return None


async def consult(scene: Scene, name: str, proposed: tuple[SlotSet, ...]) -> tuple[Event, ...]:
    """What an action says that is no step of its own: its words are told, its events are given back. One that
    could not be asked is on record, and the turn goes on without it.
    """
    try:
        reply = await scene.ports.act(_call(scene, name, proposed))
    except ActionRefused:
        return ()
    except ActionError as error:
        scene.tell(ActionFailed(at=scene.at, name=name, reason=error.reason))
        return ()
    scene.tell(*filter(None, (_dispatched(scene, response) for response in reply.responses)))
    return reply.events


async def run_remote(
    scene: Scene,
    name: str,
    *,
    policy: str = "",
    confidence: float = 1.0,
    record: bool = True,
    proposed: tuple[SlotSet, ...] = (),
) -> None:
    """Ask the action server; tell what it said and changed. `record=False` for a form's helpers, which are
    no step.

    `proposed` goes with the call as the newest events, for the action to judge, and is not told here.
    """
    try:
        reply = await scene.ports.act(_call(scene, name, proposed))
    except ActionRefused:
        scene.refused.add(name)
        scene.tell(ActionRejected(at=scene.at, name=name, policy=policy or None))
        return
    except ActionError as error:
        scene.tell(ActionFailed(at=scene.at, name=name, reason=error.reason))
        hand_over(scene, Reason.ACTION_FAILED, say="utter_action_failed")
        return
    if record:
        scene.run(name, policy, confidence=confidence)
    for response in reply.responses:
        if said := _dispatched(scene, response):
            scene.tell(said)
    scene.tell(*reply.events)


def _call(scene: Scene, name: str, proposed: tuple[SlotSet, ...]) -> ActionCall:
    events = (*scene.told, *proposed)
    return ActionCall(name=name, conversation=scene.conversation, events=events, key=_key(scene, name))


def _key(scene: Scene, name: str) -> str:
    """What names this call and no other, and names it again when the turn is decided anew.

    Hence the message and the call's place in the turn, and not the log's length, which has grown by then.
    A digest: the message's id is the customer's text as far as a header is concerned.
    """
    scene.calls += 1
    parts = (scene.conversation.id, scene.message.external_id, name, scene.calls)
    return hashlib.blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _dispatched(scene: Scene, response: Mapping[str, Any]) -> BotSaid | None:
    """One entry of the dispatcher: a named domain response overlaid by what the action gave itself."""
    name = response.get("response") or response.get("template")
    fields = {key: value for key, value in response.items() if key not in _DISPATCHED}
    base = scene.response(str(name), **fields) if name else None
    elsewhere = base is not None and scene.domain.response_server and not response.get("text")
    buttons = tuple(
        Button(str(item["title"]), str(item.get("payload", item["title"])))
        for item in response.get("buttons") or ()
        if isinstance(item, Mapping) and "title" in item
    )
    said = BotSaid(
        at=scene.at,
        text=response.get("text") or (base.text if base else None),
        buttons=(*(base.buttons if base else ()), *buttons),
        image=response.get("image") or (base.image if base else None),
        attachment=response.get("attachment") or (base.attachment if base else None),
        custom=response.get("custom") or (base.custom if base else None),
        elements=elements_in(response) or (base.elements if base else ()),
        origin=Origin.ACTION,
        response=str(name) if name else None,
        metadata={ARGUMENTS: fields} if elsewhere else {},
    )
    return said if elsewhere or said_json(said) else None


_DISPATCHED = frozenset(
    {"text", "buttons", "elements", "custom", "template", "response", "image", "attachment"}
)


def _deactivate(scene: Scene) -> None:
    scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=None), LoopSet(at=scene.at, name=None))


def _restart(scene: Scene) -> None:
    scene.tell(Restarted(at=scene.at))
    scene.say("utter_restart")


def _fall_back(scene: Scene) -> None:
    """A message that nothing can be done about is taken back, so that the next may follow the one before."""
    if not scene.domain.responses.get("utter_default") or not scene.say("utter_default"):
        ask_rephrase(scene)
    scene.tell(Rewound(at=scene.at))


def _back(scene: Scene) -> None:
    """Take back the wish and the message before it; a form then asks again what it asked there."""
    scene.say("utter_back")
    scene.tell(Rewound(at=scene.at, messages=2))


def _revert_fallback(scene: Scene) -> None:
    """The message stands for those that were only asked about, as Rasa 1's two-stage policy had it."""
    turns = [
        turn for turn in turns_of(scene.conversation.trail.acts) if turn and isinstance(turn[0], UserSaid)
    ]
    asked = list(takewhile(_only_asked, reversed(turns[:-1])))
    if asked:
        scene.tell(Rewound(at=scene.at, messages=len(asked) + 1, keeps_latest=True))


def _only_asked(turn: Sequence[Act]) -> bool:
    done = [act.name for act in turn if isinstance(act, ActionRun) and act.name != LISTEN]
    return bool(done) and done[-1] in (ASK_AFFIRMATION, ASK_REPHRASE)


def _pass_on(scene: Scene) -> None:
    asked = scene.intent in HUMAN_INTENTS
    hand_over(scene, Reason.CUSTOMER_REQUEST if asked else Reason.RULE)


def _repeat(scene: Scene) -> None:
    """Say again all that was said last, exactly, but now."""
    scene.tell(*(replace(said, at=scene.at) for said in scene.previous))
    if not scene.previous:
        scene.say("utter_ask_rephrase")


def start_session(scene: Scene) -> None:
    """A new session: slots are carried over if the domain says so, everything else begins anew (Rasa's order
    of events). What a flow collected and did not finish ends with it.
    """
    kept = dict(scene.conversation.slots) if scene.domain.session.carry_over else {}
    unfinished = (scene.domain.flows.get(frame.flow) for frame in scene.conversation.stack)
    left = {REQUESTED_SLOT}.union(*(flow.forgets for flow in unfinished if flow))
    scene.tell(SessionStarted(at=scene.at))
    for name, value in kept.items():
        if name not in left and value is not None:
            scene.set_slot(name, value)
    scene.run(LISTEN)


def _nothing(scene: Scene) -> None:
    """Listening is done by ending the turn; an intent that no story expects is only on record."""


# The engine's own actions. Each is pure bookkeeping and a sentence.
_OWN: dict[str, Callable[[Scene], None]] = {
    LISTEN: _nothing,
    DEACTIVATE_LOOP: _deactivate,
    RESTART: _restart,
    DEFAULT_FALLBACK: _fall_back,
    ASK_AFFIRMATION: ask_affirmation,
    ASK_REPHRASE: ask_rephrase,
    REVERT_FALLBACK: _revert_fallback,
    UNLIKELY_INTENT: _nothing,
    BACK: _back,
    HAND_OVER: _pass_on,
    REPEAT: _repeat,
    CAPABILITIES: tell_capabilities,
    SESSION_START: start_session,
}
