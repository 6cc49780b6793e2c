"""Taking a message in: a session is opened, the text is read and put on record, and the policy gets its view.

Knows what counts as understood; decides nothing about the answer (policy does).
"""

from __future__ import annotations

from bot.dialogue.acting import consult, start_session
from bot.dialogue.conversation import Holder
from bot.dialogue.events import Failed, FlowEnded, LoopSet, RedFlagged, SessionStarted, SlotSet, UserSaid
from bot.dialogue.external_message import kept_metadata, named
from bot.dialogue.extracting import found_in
from bot.dialogue.greeting import offers
from bot.dialogue.names import BUILT_IN_INTENTS, REQUESTED_SLOT, SESSION_START
from bot.dialogue.ports import ReadError, ReadRequest
from bot.dialogue.reading import Reading, Verdict
from bot.dialogue.resolving import resolve
from bot.dialogue.scene import Scene
from bot.dialogue.selection import base_of, gathered, selected
from bot.dialogue.text import Payload, normalise, parse_payload
from bot.dialogue.view import View
from bot.dialogue.viewing import standing, view_of
from nlu.red_flags import find_red_flags


async def open_session(scene: Scene) -> None:
    """Begin a session if none has begun, or if the last one expired while the bot had the conversation."""
    state, expiry = scene.conversation, scene.domain.session.expiry
    expired = expiry > 0 and scene.at - state.last_active > expiry
    if not state.started or (expired and state.holder is Holder.BOT):
        scene.run(SESSION_START, "session")
        if SESSION_START in scene.domain.actions:
            scene.tell(*await consult(scene, SESSION_START, ()))
        if not any(isinstance(event, SessionStarted) for event in scene.told):
            start_session(scene)  # the project has no action of its own, or it failed
    _leave_unknown_flows(scene)


def _leave_unknown_flows(scene: Scene) -> None:
    """A flow, or the step it stands at, that was taken out of the project meanwhile ends, and so do those
    that came after it.
    """
    known, stack = scene.domain.flows, scene.conversation.stack
    lost = (
        n
        for n, frame in enumerate(stack)
        if frame.flow not in known or frame.step not in known[frame.flow].steps
    )
    left = stack[next(lost, len(stack)) :]
    for frame in reversed(left):
        scene.tell(FlowEnded(at=scene.at, flow=frame.flow, cancelled=True))
    if scene.conversation.loop in {frame.flow for frame in left}:
        below = scene.conversation.stack[-1].flow if scene.conversation.stack else left[0].under
        scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=None), LoopSet(at=scene.at, name=below))


async def hear(scene: Scene) -> View:
    """Read the message and put it on record; what the policy may look at."""
    text, external = normalise(scene.message.text), scene.message.external
    flags = find_red_flags(text) if text and not external else ()
    failed = False
    if external:
        scene.reading = _certain(named(scene.message), scene.language)
    elif text and scene.conversation.holder is Holder.BOT:
        try:
            scene.reading = await _read(scene, text)
        except ReadError as error:
            failed = True
            scene.tell(Failed(at=scene.at, part="read", reason=error.reason))
    scene.intent, _ = resolve(scene.reading, scene.domain.thresholds)
    said = UserSaid(
        at=scene.at,
        text=text,
        message_id=scene.message.external_id,
        channel=scene.message.channel,
        reading=scene.reading if scene.reading != Reading() else None,
        metadata=kept_metadata(scene.message),
    )
    scene.tell(said)
    if flags:
        scene.tell(RedFlagged(at=scene.at, flags=flags))
    if not failed and not external:
        scene.set_language(scene.reading.language if scene.reading != Reading() else scene.language)
    state = standing(scene.conversation)
    filled = await found_in(scene, state, text) if text and state.holder is Holder.BOT else {}
    ask = scene.ports.foresee
    return view_of(scene.domain, scene.conversation, filled, flags=flags, unread=failed, ask=ask)


async def _read(scene: Scene, text: str) -> Reading:
    """A payload that was offered is taken at its word; everything else is read by the models, and so is a
    payload with an intent that the domain does not know.
    """
    payload = parse_payload(text)
    known = payload and base_of(payload.intent) in scene.domain.intents | BUILT_IN_INTENTS
    if payload and known and (scene.message.trusted or text in _offered(scene)):
        return _certain(payload, _wished(scene))
    return await scene.ports.read(ReadRequest(text, scene.conversation.language, scene.at))


def _certain(payload: Payload, language: str) -> Reading:
    verdicts = (Verdict(payload.intent, 1.0),)
    return Reading(
        verdicts=gathered(verdicts),
        selected=selected(verdicts),
        prediction_set=(payload.intent,),
        entities=payload.entities,
        language=language,
    )


def _offered(scene: Scene) -> frozenset[str]:
    """What the customer could press: before the first message the greeting, which is on no record."""
    state = scene.conversation
    return state.offered if state.user_messages else state.offered | offers(scene.domain)


def _wished(scene: Scene) -> str:
    """The conversation's language; before one is known, that of the page on which the choice was pressed."""
    page = scene.message.metadata.get("language")
    known = scene.conversation.language
    return page if known is None and page in scene.domain.languages else scene.language
