"""Running actions: the engine's own, the domain's responses, and the project's over the act port.

A failure here becomes an event, a sentence for the customer and a person; never silence. Action protocol:
rasa_sdk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.dialogue.events import (
    ActionFailed,
    ActionRejected,
    BotSaid,
    LoopSet,
    Origin,
    Reason,
    Restarted,
    SessionStarted,
    SlotSet,
)
from bot.dialogue.handover import hand_over
from bot.dialogue.message import Button
from bot.dialogue.names import (
    DEACTIVATE_LOOP,
    DEFAULT_FALLBACK,
    HAND_OVER,
    HUMAN_INTENTS,
    LISTEN,
    REPEAT,
    REQUESTED_SLOT,
    RESTART,
    SESSION_START,
)
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused
from bot.dialogue.scene import Scene


async def run_action(scene: Scene, name: str, policy: str) -> None:
    """Run one action by name, whoever it belongs to."""
    if own := _OWN.get(name):
        scene.run(name, policy)
        own(scene)
    elif name in scene.domain.responses or (name.startswith("utter_") and name not in scene.domain.actions):
        scene.run(name, policy)
        scene.say(name)
    else:
        await run_remote(scene, name, policy=policy)


async def run_remote(
    scene: Scene, name: str, *, policy: str = "", record: bool = True, proposed: tuple[SlotSet, ...] = ()
) -> None:
    """Ask the action server; tell what it said and changed. `record=False` for a form's helpers, which are
    no step.

    `proposed` goes with the call as the newest events, for the action to judge, and is not told here.
    """
    call = ActionCall(
        name=name,
        conversation=scene.conversation,
        events=(*scene.told, *proposed),
        key=_key(scene, name),
    )
    try:
        reply = await scene.ports.act(call)
    except ActionRefused:
        scene.refused.add(name)
        scene.tell(ActionRejected(at=scene.at, name=name, policy=policy or None))
        return
    except ActionError as error:
        scene.tell(ActionFailed(at=scene.at, name=name, reason=error.reason))
        hand_over(scene, Reason.ACTION_FAILED, say="utter_action_failed")
        return
    if record:
        scene.run(name, policy)
    for response in reply.responses:
        said = _dispatched(scene, response)
        if said is not None:
            scene.tell(said)
    scene.tell(*reply.events)


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
    base = (
        scene.response(str(name), **{k: v for k, v in response.items() if k not in _DISPATCHED})
        if name
        else None
    )
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
        origin=Origin.ACTION,
        response=str(name) if name else None,
    )
    return said if any((said.text, said.buttons, said.image, said.attachment, said.custom)) else None


_DISPATCHED = frozenset(
    {"text", "buttons", "elements", "custom", "template", "response", "image", "attachment"}
)


def _deactivate(scene: Scene) -> None:
    scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=None), LoopSet(at=scene.at, name=None))


def _restart(scene: Scene) -> None:
    scene.tell(Restarted(at=scene.at))
    scene.say("utter_restart")


def _ask_again(scene: Scene) -> None:
    if not scene.domain.responses.get("utter_default") or not scene.say("utter_default"):
        scene.say("utter_ask_rephrase")


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
    of events).
    """
    kept = dict(scene.conversation.slots) if scene.domain.session.carry_over else {}
    scene.tell(SessionStarted(at=scene.at))
    initial = {slot.name: slot.initial for slot in scene.domain.slots.values() if slot.initial is not None}
    for name, value in {**initial, **kept}.items():
        if name != REQUESTED_SLOT and value is not None:
            scene.set_slot(name, value)
    scene.run(LISTEN)


def _nothing(scene: Scene) -> None:
    """Listening is done by ending the turn."""


# The engine's own actions. Each is pure bookkeeping and a sentence.
_OWN: dict[str, Callable[[Scene], None]] = {
    LISTEN: _nothing,
    DEACTIVATE_LOOP: _deactivate,
    RESTART: _restart,
    DEFAULT_FALLBACK: _ask_again,
    HAND_OVER: _pass_on,
    REPEAT: _repeat,
    SESSION_START: start_session,
}
