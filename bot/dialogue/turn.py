"""One turn: a message comes in, the events that it causes come out.

Pure: time and seed are in the message, everything outside is behind the ports. Same arguments, same events.
The steps are those of the design: read, decide, act until it listens. A failure on the way becomes an event
and a person.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bot.dialogue import acting, forms
from bot.dialogue.commands import (
    Answer,
    CancelFlow,
    CannotHandle,
    Clarify,
    Command,
    ContinueFlow,
    CorrectSlot,
    HandOver,
    Hold,
    SetSlot,
    StartFlow,
    describe,
)
from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import (
    ANSWER,
    CLARIFY,
    DEFAULT_FALLBACK,
    HUMAN_INTENTS,
    LISTEN,
    SESSION_START,
    Domain,
)
from bot.dialogue.events import (
    ActionRejected,
    ActionRun,
    BotSaid,
    Decided,
    Event,
    Failed,
    Origin,
    Reason,
    RedFlagged,
    UserSaid,
)
from bot.dialogue.handover import hand_over
from bot.dialogue.message import Button, InboundMessage
from bot.dialogue.policy import CHOICES, NEAR, View, decide, resolve
from bot.dialogue.ports import PortError, Ports, ReadError, ReadRequest, Wording, WordRequest
from bot.dialogue.reading import Match, Reading, Verdict
from bot.dialogue.rules import predict
from bot.dialogue.scene import Scene
from bot.dialogue.slots import extract
from bot.dialogue.text import normalise, parse_payload
from nlu.red_flags import find_red_flags

MOST_STEPS = 10


async def turn(
    domain: Domain, conversation: Conversation, message: InboundMessage, ports: Ports
) -> AsyncIterator[Event]:
    """The events of one message, each as soon as it has happened."""
    scene = Scene(domain, conversation, message, ports, previous=conversation.said)
    _open_session(scene)
    view = await _hear(scene)
    for event in _handed_out(scene):
        yield event
    decision = decide(view)
    scene.tell(Decided(at=scene.at, row=decision.row, commands=tuple(describe(c) for c in decision.commands)))
    filled = _fill(scene, view, decision.commands)
    for command in decision.commands:
        await _carry_out(scene, command, filled)
        for event in _handed_out(scene):
            yield event
    for _ in range(MOST_STEPS):
        if not await _step(scene, filled):
            break
        for event in _handed_out(scene):
            yield event
    else:
        scene.tell(Failed(at=scene.at, part="turn", reason="step_limit"))
        hand_over(scene, Reason.STEP_LIMIT)
    _break_silence(scene, decision.row)
    scene.run(LISTEN)
    for event in _handed_out(scene):
        yield event


def _handed_out(scene: Scene) -> list[Event]:
    events = list(scene.fresh)
    scene.fresh.clear()
    return events


def _open_session(scene: Scene) -> None:
    state, expiry = scene.conversation, scene.domain.session.expiry
    expired = expiry > 0 and scene.at - state.last_active > expiry
    if not state.started or (expired and state.holder is Holder.BOT):
        scene.run(SESSION_START)
        acting.start_session(scene)


async def _hear(scene: Scene) -> View:
    """Read the message and put it on record; what the policy may look at."""
    text = normalise(scene.message.text)
    flags = find_red_flags(text)
    failed = False
    if scene.conversation.holder is Holder.BOT:
        try:
            scene.reading = await _read(scene, text)
        except ReadError as error:
            failed = True
            scene.tell(Failed(at=scene.at, part="read", reason=error.reason))
    scene.intent, candidates = resolve(scene.reading, scene.domain.thresholds)
    said = UserSaid(
        at=scene.at,
        text=text,
        message_id=scene.message.external_id,
        channel=scene.message.channel,
        reading=scene.reading if scene.reading != Reading() else None,
        metadata=scene.message.metadata,
    )
    scene.tell(said)
    if flags:
        scene.tell(RedFlagged(at=scene.at, flags=flags))
    if not failed:
        scene.set_language(scene.reading.language if scene.reading != Reading() else scene.language)
    filled = extract(
        scene.domain, scene.conversation, text=text, intent=scene.intent, entities=scene.reading.entities
    )
    return View(
        domain=scene.domain,
        conversation=scene.conversation,
        reading=scene.reading,
        text=text,
        intent=scene.intent,
        candidates=candidates,
        filled=filled,
        flags=flags,
        unread=failed,
    )


async def _read(scene: Scene, text: str) -> Reading:
    """A payload that was offered is taken at its word; everything else is read by the models."""
    payload = parse_payload(text)
    if payload and (scene.message.trusted or text in scene.conversation.offered):
        return Reading(
            verdicts=(Verdict(payload.intent, 1.0),),
            prediction_set=(payload.intent,),
            entities=payload.entities,
            language=scene.language,
        )
    return await scene.ports.read(ReadRequest(text, scene.conversation.language))


def _fill(scene: Scene, view: View, commands: tuple[Command, ...]) -> dict[str, Any]:
    """Set what the message filled. A running form's slots only by the commands: words meant otherwise are no
    values.
    """
    required = view.form.required_slots if view.form else ()
    filled = {name: value for name, value in (view.filled or {}).items() if name not in required}
    filled |= {c.name: c.value for c in commands if isinstance(c, (SetSlot, CorrectSlot))}
    for name, value in filled.items():
        scene.set_slot(name, value)
    return filled


async def _carry_out(scene: Scene, command: Command, filled: dict[str, Any]) -> None:
    match command:
        case ContinueFlow(flow):
            await forms.step(scene, scene.domain.forms[flow], filled)
        case StartFlow(intent=intent):
            scene.intent = intent
            _interrupt(scene)
        case CancelFlow():
            _interrupt(scene)
        case Answer(matches):
            await _answer(scene, matches)
        case Clarify(intents):
            _clarify(scene, intents)
        case CannotHandle():
            await acting.run_action(scene, DEFAULT_FALLBACK, "fallback")
        case HandOver(reason):
            scene.run("action_hand_over", "policy")
            flagged = reason is Reason.RED_FLAG
            hand_over(scene, reason, say="utter_red_flag" if flagged else "utter_handed_over")
        case Hold():
            _hold(scene)
        case _:
            pass  # slots are set by _fill; the rules that StartFlow and CancelFlow found are stepped below


def _interrupt(scene: Scene) -> None:
    """A running form lets something else go first; it is Rasa's form that rejects."""
    if scene.conversation.loop:
        scene.tell(ActionRejected(at=scene.at, name=scene.conversation.loop, policy="form"))


async def _step(scene: Scene, filled: dict[str, Any]) -> bool:
    """Run the next action, if there is one."""
    state = scene.conversation
    if state.holder is not Holder.BOT or state.paused:
        return False
    if state.followup:
        await _run(scene, state.followup, "followup", filled)
        return True
    prediction = predict(scene.domain, state, scene.intent, scene.entity_names)
    if prediction and prediction.action and prediction.action != LISTEN:
        await _run(scene, prediction.action, f"rule: {prediction.rule.name}", filled)
        return True
    acts = [mark.name for mark in state.marks if isinstance(mark, ActionRun)]
    if state.loop and state.loop in scene.domain.forms and acts[-1:] != [state.loop]:
        await forms.resume(scene, scene.domain.forms[state.loop])
        return True
    return False


async def _run(scene: Scene, name: str, policy: str, filled: dict[str, Any]) -> None:
    if form := scene.domain.forms.get(name):
        await forms.step(scene, form, filled)
    else:
        await acting.run_action(scene, name, policy)


async def _answer(scene: Scene, matches: tuple[Match, ...]) -> None:
    scene.run(ANSWER, "answer")
    best = matches[0]
    try:
        wording = await scene.ports.word(WordRequest(matches, scene.conversation.lines, scene.language))
    except PortError as error:
        scene.tell(Failed(at=scene.at, part="word", reason=error.reason))
        wording = Wording(best.text, best.answer_id, Origin.ANSWER)
    source = next((match for match in matches if match.answer_id == wording.answer_id), best)
    scene.tell(
        BotSaid(
            at=scene.at,
            text=wording.text,
            origin=wording.origin,
            answer_id=wording.answer_id,
            bundle=scene.reading.bundle,
            metadata={"score": source.score, "variant": source.variant, **wording.checks},
        )
    )


def _clarify(scene: Scene, intents: tuple[str, ...]) -> None:
    """Ask which was meant; a press on a button comes back as its payload or as the stored question itself."""
    scene.run(CLARIFY, "clarify")
    said = scene.response("utter_clarify")
    limit = scene.domain.thresholds.answer - NEAR
    buttons = [Button(scene.domain.title(intent, scene.language), f"/{intent}") for intent in intents]
    buttons += [Button(m.variant, m.variant) for m in scene.reading.matches if m.score >= limit]
    person = HUMAN_INTENTS & {intent for rule in scene.domain.rules for intent in rule.intents}
    title = scene.response("utter_talk_to_human")
    if person and title and title.text:
        buttons = [*buttons[:CHOICES], Button(title.text, f"/{min(person)}")]
    scene.tell(
        BotSaid(
            at=scene.at,
            text=said.text if said else None,
            buttons=tuple(buttons[: CHOICES + 1]),
            origin=Origin.CLARIFICATION,
            response="utter_clarify",
            bundle=scene.reading.bundle,
        )
    )


def _hold(scene: Scene) -> None:
    """A waiting customer hears once that the message was received; beside an agent the bot is silent."""
    told_already = any(said.response == "utter_held" for said in scene.previous)
    if scene.conversation.holder is Holder.QUEUE and not told_already:
        scene.say("utter_held")


def _break_silence(scene: Scene, row: str) -> None:
    """Nobody is left without a word: what ends without one asks the customer to say it differently."""
    answered = any(isinstance(event, BotSaid) for event in scene.told)
    if (
        not answered
        and row != "held"
        and scene.conversation.holder is Holder.BOT
        and not scene.conversation.paused
    ):
        scene.say("utter_ask_rephrase")
