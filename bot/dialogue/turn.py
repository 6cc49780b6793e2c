"""One turn: a message comes in, the events that it causes come out.

Pure: time and seed are in the message, everything outside is behind the ports. Same arguments, same events.
The steps are those of the design: read, decide, act until it listens. A failure on the way becomes an event
and a person.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bot.dialogue import acting, flows, forms, two_stage
from bot.dialogue.asking import ask_rephrase, clarify
from bot.dialogue.commands import (
    Answer,
    AskAgain,
    BeginFlow,
    CancelFlow,
    CannotHandle,
    Clarify,
    Command,
    ContinueFlow,
    CorrectSlot,
    HandOver,
    Hold,
    Run,
    SetSlot,
    StartFlow,
    Understood,
    describe,
)
from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import (
    ActionRejected,
    BotSaid,
    Decided,
    Event,
    Failed,
    Origin,
    Reason,
    SlotSet,
)
from bot.dialogue.handover import hand_over
from bot.dialogue.hearing import hear, open_session
from bot.dialogue.message import InboundMessage
from bot.dialogue.names import ANSWER, DEACTIVATE_LOOP, LISTEN, TWO_STAGE_FALLBACK
from bot.dialogue.next_action import onward
from bot.dialogue.offer import offer_person
from bot.dialogue.policy import decide
from bot.dialogue.ports import PortError, Ports, Wording, WordRequest
from bot.dialogue.reading import Match
from bot.dialogue.scene import Scene
from bot.dialogue.second import second_choice
from bot.dialogue.view import Decision, View

MOST_STEPS = 10


async def turn(
    domain: Domain, conversation: Conversation, message: InboundMessage, ports: Ports
) -> AsyncIterator[Event]:
    """The events of one message, each as soon as it has happened."""
    scene = Scene(domain, conversation, message, ports, previous=conversation.said)
    await open_session(scene)
    view = await hear(scene)
    for event in _handed_out(scene):
        yield event
    decision: Decision | None = decide(view)
    while decision:
        row, commands = decision.row, decision.commands
        scene.tell(Decided(at=scene.at, row=row, commands=tuple(describe(c) for c in commands)))
        if Understood() in commands:
            two_stage.end(scene)
        filled, other, taken = fill(scene, view, commands), second_choice(view, decision), True
        for command in commands:
            taken = await carry_out(scene, command, filled, yields=other is not None)
            for event in _handed_out(scene):
                yield event
        if not taken:
            filled = _take_back(scene, view, filled)
        decision = None if taken else other
    for _ in range(MOST_STEPS):
        if row == "external" or not await _step(scene, filled):
            break
        for event in _handed_out(scene):
            yield event
    else:
        _cut_short(scene)
    if Hold() not in commands:
        _break_silence(scene)
    if view.angry:
        offer_person(scene)
    scene.run(LISTEN)
    for event in _handed_out(scene):
        yield event


def _handed_out(scene: Scene) -> list[Event]:
    events = list(scene.fresh)
    scene.fresh.clear()
    return events


def fill(scene: Scene, view: View, commands: tuple[Command, ...]) -> dict[str, Any]:
    """Set what the message filled. A running form's slots only by the commands: words meant otherwise are no
    values.
    """
    filled = {name: value for name, value in view.filled.items() if name not in view.expects}
    filled |= {c.name: c.value for c in commands if isinstance(c, (SetSlot, CorrectSlot))}
    # Told again where it is known already: a story that begins with this message knows nothing of before.
    scene.tell(*(SlotSet(at=scene.at, name=name, value=value) for name, value in filled.items()))
    return filled


def _take_back(scene: Scene, view: View, filled: dict[str, Any]) -> dict[str, Any]:
    """Slots of the form hold again what they held before its validation refused what the message gave; the
    rest of what was filled.
    """
    for name in filled:
        if name in view.expects:
            scene.set_slot(name, view.conversation.slots.get(name))
    return {name: value for name, value in filled.items() if name not in view.expects}


async def carry_out(scene: Scene, command: Command, filled: dict[str, Any], *, yields: bool) -> bool:
    """False where a form refused what the message was taken for, and `yields` to its other meaning."""
    match command:
        case ContinueFlow(flow) if flow == TWO_STAGE_FALLBACK:
            await two_stage.step(scene)
        case ContinueFlow(flow) if flow in scene.domain.flows:
            return await flows.step(scene, scene.domain.flows[flow], filled, yields=yields)
        case AskAgain():
            await flows.put_again(scene)
        case ContinueFlow(flow):
            return await forms.step(scene, scene.domain.forms[flow], filled, yields=yields)
        case StartFlow(intent=intent):
            scene.intent = intent
            _interrupt(scene)
        case BeginFlow(flow=flow, intent=intent):
            scene.intent = intent
            _interrupt(scene)
            await flows.start(scene, scene.domain.flows[flow], filled)
        case CancelFlow(flow=flow, rule=None):
            await flows.cancel(scene)
        case CancelFlow(rule=rule):
            _interrupt(scene)
            await acting.run_action(scene, DEACTIVATE_LOOP, f"rule: {rule}")
        case Answer(matches):
            await _answer(scene, matches)
        case Clarify(intents):
            clarify(scene, intents)
        case CannotHandle():
            await acting.run_action(scene, scene.domain.fallback, "fallback")
        case HandOver(reason):
            scene.run("action_hand_over", "policy")
            flagged = reason is Reason.RED_FLAG
            hand_over(scene, reason, say="utter_red_flag" if flagged else "utter_handed_over")
        case Run(action):
            await acting.run_action(scene, action, "policy")
        case Hold():
            _hold(scene)
        case _:
            pass  # slots are set by `fill`
    return True


def _interrupt(scene: Scene) -> None:
    """A running form lets something else go first; it is Rasa's form that rejects."""
    if scene.conversation.loop:
        scene.tell(ActionRejected(at=scene.at, name=scene.conversation.loop, policy="form"))


async def _step(scene: Scene, filled: dict[str, Any]) -> bool:
    """Run the next action, if there is one."""
    following = onward(
        scene.domain,
        scene.conversation,
        scene.intent,
        scene.reading.entities,
        refused=scene.refused,
        acted=scene.acted,
        taken_back=scene.taken_back,
        ask=scene.ports.foresee,
    )
    if following.action == LISTEN:
        return False
    if following.resumes:
        return await flows.ask_again(scene)
    await run(scene, following.action, following.policy, filled, confidence=following.confidence)
    return True


def _cut_short(scene: Scene) -> None:
    """The most steps a turn may take were taken: a person goes on, unless the last one handed over."""
    if scene.conversation.holder is Holder.BOT:
        scene.tell(Failed(at=scene.at, part="turn", reason="step_limit"))
        hand_over(scene, Reason.STEP_LIMIT)


async def run(
    scene: Scene, name: str, policy: str, filled: dict[str, Any], *, confidence: float = 1.0
) -> None:
    """Run a form or an action by name; `filled` is what the message gave."""
    if form := scene.domain.forms.get(name):
        await forms.step(scene, form, filled)
    elif name == TWO_STAGE_FALLBACK and name not in scene.domain.actions:
        await two_stage.step(scene)
    else:
        await acting.run_action(scene, name, policy, confidence=confidence)


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


def _hold(scene: Scene) -> None:
    """A waiting customer hears once that the message was received; beside an agent the bot is silent."""
    state = scene.conversation
    if state.holder is Holder.QUEUE and not state.held_told and not scene.message.external:
        scene.say("utter_held")


def _break_silence(scene: Scene) -> None:
    """Nobody who wrote is left without a word: what ends without one asks to say it differently."""
    state = scene.conversation
    answered = scene.message.external or any(isinstance(event, BotSaid) for event in scene.told)
    if not answered and state.holder is Holder.BOT and not state.paused:
        ask_rephrase(scene)
