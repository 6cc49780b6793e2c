"""What the operator's programs ask of a conversation: to add events or put others in their place, to run one
action, to note a message without answering it, to bring in an intent.

Knows how such a request travels, in the metadata of a trusted message, and which events come of it; a
customer's message is the turn's. Pure. Source of the behaviour: rasa.server and rasa.core.processor (3.6).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.dialogue import flows, two_stage
from bot.dialogue.acting import start_session
from bot.dialogue.commands import (
    Command,
    ContinueFlow,
    CorrectSlot,
    Hold,
    SetSlot,
    StartFlow,
    Understood,
    describe,
)
from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, Decided, Event, Restarted, SessionStarted, UserSaid
from bot.dialogue.extracting import found_in
from bot.dialogue.hearing import hear, open_session
from bot.dialogue.message import OUTSIDE, InboundMessage
from bot.dialogue.names import SESSION_START
from bot.dialogue.next_action import next_action
from bot.dialogue.parse_data import parse_data_to_reading
from bot.dialogue.policy import decide
from bot.dialogue.ports import Ports, ReadRequest
from bot.dialogue.reading import Reading
from bot.dialogue.resolving import resolve
from bot.dialogue.scene import Scene
from bot.dialogue.turn import carry_out, fill, run, turn
from bot.dialogue.viewing import standing, view_again
from bot.dialogue.wire import from_json
from bot.dialogue.worded import worded

Json = Mapping[str, Any]

_SPEAKS = ("execute", "trigger")  # requests because of which the bot may say something new


def adding(events: Sequence[Json]) -> dict[str, Any]:
    """The request to add events, as Rasa's JSON has them, at the log's end."""
    return {"do": "add", "events": list(events)}


def replacing(events: Sequence[Json]) -> dict[str, Any]:
    """The request to go on as if only these events had been: a restart is put on record, then they are."""
    return {"do": "replace", "events": list(events)}


def executing(action: str, policy: str | None, confidence: float | None) -> dict[str, Any]:
    """The request to run one action, and no more."""
    return {"do": "execute", "action": action, "policy": policy, "confidence": confidence}


def noting(parse_data: Json | None) -> dict[str, Any]:
    """The request to put the message on record and answer nothing; read as `parse_data` says, if it does."""
    return {"do": "note", "parse_data": dict(parse_data) if parse_data else None}


def triggering() -> dict[str, Any]:
    """The request to act on what an external message names (bot.dialogue.external_message)."""
    return {"do": "trigger"}


def asked_of(message: InboundMessage) -> Json | None:
    """What the message asks for in an operator's name; None for a customer's own."""
    asked = message.metadata.get(OUTSIDE) if message.trusted else None
    return asked if isinstance(asked, Mapping) else None


def is_sent(message: InboundMessage) -> bool:
    """Whether what is said because of the message goes out over its platform."""
    asked = asked_of(message)
    return asked is None or bool(asked.get("send"))


async def respond(
    domain: Domain, conversation: Conversation, message: InboundMessage, ports: Ports
) -> AsyncIterator[Event]:
    """The events of one message, a customer's or an operator's program's."""
    asked = asked_of(message)
    events = turn(domain, conversation, message, ports)
    if asked is not None:
        plain = {key: value for key, value in message.metadata.items() if key != OUTSIDE}
        events = _done(domain, conversation, replace(message, metadata=plain), ports, asked)
    if asked is None or asked["do"] in _SPEAKS:
        events = worded(events, domain, conversation, ports, channel=message.channel)
    async for event in events:
        yield event


def opening(domain: Domain, conversation_id: str, *, at: float) -> list[Event]:
    """How a conversation that nobody has begun would begin at `at`, in seconds since the epoch, were it not
    for an action of the project's own.
    """
    message = InboundMessage(conversation_id, "", conversation_id, "", "", at)
    scene = Scene(domain, Conversation(conversation_id), message, _NO_PORTS)
    scene.run(SESSION_START, "session")
    start_session(scene)
    return scene.told


async def _unasked(_: Any) -> Any:
    raise AssertionError("whoever only looks asks for nothing")


_NO_PORTS = Ports(read=_unasked, act=_unasked, word=_unasked)


async def _done(
    domain: Domain, conversation: Conversation, message: InboundMessage, ports: Ports, asked: Json
) -> AsyncIterator[Event]:
    if asked["do"] == "trigger":
        async for event in turn(domain, conversation, message, ports):
            yield event
        return
    if reading := parse_data_to_reading(asked.get("parse_data") or {}):
        ports = replace(ports, read=_given(reading))
    scene = Scene(domain, conversation, message, ports, previous=conversation.said)
    await _WORK[asked["do"]](scene, asked)
    for event in scene.told:
        yield event


def _given(reading: Reading) -> Callable[[ReadRequest], Awaitable[Reading]]:
    async def read(_: ReadRequest) -> Reading:
        return reading

    return read


async def _add(scene: Scene, asked: Json) -> None:
    events = _events(scene, asked)
    if not scene.conversation.started and not _begins_session(events[0]):
        await open_session(scene)
    scene.tell(*events)


async def _replace(scene: Scene, asked: Json) -> None:
    """The log is never cut: what was before stays on record, before a restart."""
    if scene.conversation.seq:
        scene.tell(Restarted(at=scene.at))
    scene.tell(*_events(scene, asked))


def _events(scene: Scene, asked: Json) -> list[Event]:
    """What was given, with a name for each message that came without: reviews ask for it."""
    events = [from_json(data, at=scene.at) for data in asked["events"]]
    return [
        replace(event, message_id=f"{scene.message.external_id}:{place}")
        if isinstance(event, UserSaid) and not event.message_id
        else event
        for place, event in enumerate(events)
    ]


def _begins_session(event: Event) -> bool:
    return isinstance(event, SessionStarted) or (isinstance(event, ActionRun) and event.name == SESSION_START)


async def _note(scene: Scene, asked: Json) -> None:
    await open_session(scene)
    view = await hear(scene)
    fill(scene, view, ())


async def _execute(scene: Scene, asked: Json) -> None:
    """While a person has the conversation the bot does nothing in it, whoever asks."""
    await open_session(scene)
    if scene.conversation.holder is not Holder.BOT:
        scene.tell(Decided(at=scene.at, row="held"))
        return
    begun, name = len(scene.told), str(asked["action"])
    command, filled = await _wanted(scene, name)
    match command:
        case Understood():
            two_stage.end(scene)
        case StartFlow() | Hold() | None:  # these say what is done first or not at all, and name no action
            if command:
                await carry_out(scene, command, filled, yields=False)
            await _run(scene, name, asked["policy"] or "outside", filled)
        case _:
            await carry_out(scene, command, filled, yields=False)
    _sign(scene, begun, asked)


async def _wanted(scene: Scene, name: str) -> tuple[Command | None, dict[str, Any]]:
    """What the policy makes of a message that nothing was done about yet, if `name` is the action that comes
    of it; and what the message fills.
    """
    text, state = _recollect(scene), scene.conversation
    ask = scene.ports.foresee
    if next_action(scene.domain, state, ask=ask).row is None:
        return None, {}
    found = await found_in(scene, standing(state), text) if text else {}
    view = view_again(scene.domain, state, found, ask=ask)
    decision = decide(view)
    commands = [c for c in decision.commands if not isinstance(c, (SetSlot, CorrectSlot))]
    taken = any(isinstance(c, ContinueFlow) for c in commands)
    wanted = next_action(scene.domain, state, taken=taken, ask=ask).action == name
    if wanted and decision.row != "held":  # on record that would say that nothing was done
        described = tuple(describe(c) for c in decision.commands)
        scene.tell(Decided(at=scene.at, row=decision.row, commands=described))
    return commands[0] if wanted and commands else None, fill(scene, view, decision.commands)


def _recollect(scene: Scene) -> str:
    """The reading and intent of the latest message, though another request put that on record; its text."""
    said = scene.conversation.latest
    scene.reading = said.reading if said and said.reading else Reading()
    scene.intent, _ = resolve(scene.reading, scene.domain.thresholds)
    return said.text if said else ""


async def _run(scene: Scene, name: str, policy: str, filled: dict[str, Any]) -> None:
    """Run an action, a form or a flow by name."""
    if flow := scene.domain.flows.get(name):
        runs = scene.conversation.loop == name
        await (flows.ask_again(scene) if runs else flows.start(scene, flow, filled))
    else:
        await run(scene, name, policy, filled)


def _sign(scene: Scene, begun: int, asked: Json) -> None:
    """The action's record names the policy and confidence that the caller gives."""
    for place, event in enumerate(scene.told[begun:], start=begun):
        if isinstance(event, ActionRun) and event.name == asked["action"]:
            policy = asked["policy"] or event.policy
            scene.told[place] = replace(event, policy=policy, confidence=asked["confidence"])
            return


_WORK: dict[str, Callable[[Scene, Json], Awaitable[None]]] = {
    "add": _add,
    "replace": _replace,
    "execute": _execute,
    "note": _note,
}
