"""Flows: begins them, walks their steps, and mends them.

A correction goes back to where the value was asked, what came in between comes back to its question, and
stopping stops. What a flow collects is judged like a form's slots: by the project's action `validate_<flow>`,
by the slot's type and by the flow's own rejections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.dialogue import acting, forms
from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import Failed, FlowEnded, FlowMoved, FlowStarted, LoopSet, Reason, SlotSet
from bot.dialogue.flow import CANCEL, END, Act, Call, Collect, Flow, FlowStep, Link, SetSlots
from bot.dialogue.handover import hand_over
from bot.dialogue.names import REQUESTED_SLOT
from bot.dialogue.questions import ask_to_confirm, put, unclear
from bot.dialogue.scene import Scene
from bot.dialogue.values import fitting

MOST_STEPS = 100  # of flows in one turn, most of which only choose a way
MOST_ACTIONS = 10  # as Rasa has it for a turn


def triggered(domain: Domain, state: Conversation, intent: str | None, confidence: float) -> Flow | None:
    """The flow that a message begins; none that runs already."""
    running = {frame.flow for frame in state.stack}
    for flow in domain.flows.values():
        begins = any(t.intent == intent and confidence >= t.least for t in flow.triggers)
        if begins and flow.name not in running and (flow.guard is None or flow.guard.holds(state.slots)):
            return flow
    return None


async def start(scene: Scene, flow: Flow, filled: dict[str, Any]) -> None:
    """Begin it with what the message told already; what runs now is gone on with after it."""
    _push(scene, flow, called=False)
    stands = scene.conversation.stack
    await _judge(scene, flow, filled)
    if scene.conversation.stack == stands:
        await _walk(scene, flow.begins)


async def step(scene: Scene, flow: Flow, filled: dict[str, Any], *, yields: bool = False) -> bool:
    """Go on with what this message filled. With `yields`, where the message has another meaning to try: False
    once all that was filled is refused, and the refusal is not told.
    """
    mark, before = scene.mark(), _before(scene.conversation)
    asked, stands = scene.conversation.requested_slot, scene.conversation.stack
    known = await _judge(scene, flow, filled)
    if scene.conversation.stack != stands:
        return True  # the validation ended the flow, or took back what was said
    if yields and known and not any(known.values()):
        scene.rewind(mark)
        return False
    now = scene.conversation.slots
    changed = {n for n in known if n != asked and before.get(n) not in (None, now.get(n))}
    place = stands[-1].step
    if changed:
        if all(known.values()):
            scene.say("utter_flow_corrected")
            _leave_way(scene, flow, before)
        place = _asking(flow, changed, place)
        _forget_confirmations(scene, flow)
    await _walk(scene, place)
    return True


def _before(state: Conversation) -> Mapping[str, Any]:
    """The slots before the message: what it gave is told already as the flow goes on."""
    return state.past[-1].slots if state.past else {}


async def ask_again(scene: Scene) -> bool:
    """The running form or flow puts its question again; False where none runs."""
    state = scene.conversation
    loop, waits = state.loop or "", state.waiting
    if waits:
        if loop != waits:  # a form came between, and is over
            scene.tell(LoopSet(at=scene.at, name=waits))
        await resume(scene)
    elif form := scene.domain.forms.get(loop):
        await forms.resume(scene, form)
    else:
        return False
    return True


async def put_again(scene: Scene) -> None:
    """The question once more after a message that was not understood: in one message with what says so."""
    frame = scene.conversation.stack[-1]
    scene.lead = unclear(scene, scene.domain.flows[frame.flow])
    await _walk(scene, frame.step)
    if scene.lead:  # nothing was said that it could begin
        scene.tell(scene.lead)


async def resume(scene: Scene) -> None:
    """After something else was answered: a short reminder, then the question that waits."""
    scene.say("utter_form_resume")
    await _walk(scene, scene.conversation.stack[-1].step)


async def cancel(scene: Scene) -> None:
    """Stop the running flow, and those that called it; what it interrupted goes on."""
    called = True
    while called and scene.conversation.stack:
        frame = scene.conversation.stack[-1]
        called = frame.called
        _end(scene, scene.domain.flows[frame.flow], cancelled=True)
    scene.say("utter_cancelled")
    if scene.conversation.stack:
        await resume(scene)


def _push(scene: Scene, flow: Flow, *, called: bool) -> None:
    scene.tell(
        FlowStarted(at=scene.at, flow=flow.name, step=flow.begins, called=called),
        LoopSet(at=scene.at, name=flow.name),
    )


async def _judge(scene: Scene, flow: Flow, filled: dict[str, Any]) -> dict[str, bool]:
    """Set what the flow collects; of each value, whether it is taken."""
    given = {name: value for name, value in filled.items() if name in flow.form.required_slots}
    slots = scene.domain.slots
    fits = {name: fitting(slots[name], value) if name in slots else value for name, value in given.items()}
    for name, value in fits.items():
        scene.set_slot(name, value)
    await forms.validate(scene, flow.form, {name: value for name, value in fits.items() if value is not None})
    for collect in flow.collects:
        for rejection in collect.rejections if fits.get(collect.slot) is not None else ():
            if rejection.condition.holds(scene.conversation.slots):
                scene.set_slot(collect.slot, None)
                scene.say(rejection.utter or "utter_flow_rejected")
                break
    return {name: scene.conversation.slots.get(name) is not None for name in given}


def _asking(flow: Flow, slots: set[str], place: str) -> str:
    """The first step that asks for one of these slots, if it comes before `place`; else that."""
    for step in flow.steps.values():
        if step.id == place:
            break
        if isinstance(step.does, Collect) and step.does.slot in slots:
            return step.id
    return place


def _leave_way(scene: Scene, flow: Flow, before: Mapping[str, Any]) -> None:
    """What was told on a way that is not taken any more is not told."""
    left = set(flow.way(before)) - set(flow.way(scene.conversation.slots))
    for name in (name for name in flow.forgets if name in left):
        scene.set_slot(name, None)


def _forget_confirmations(scene: Scene, flow: Flow) -> None:
    for name in flow.confirmations:
        scene.set_slot(name, None)


async def _walk(scene: Scene, place: str) -> None:
    """Do step after step until the flow asks something or nothing is left to do."""
    for _ in range(MOST_STEPS):
        state = scene.conversation
        if not state.stack or state.holder is not Holder.BOT or state.paused:
            return
        flow = scene.domain.flows[state.stack[-1].flow]
        if place == CANCEL:
            await cancel(scene)
            return
        if place == END:
            called = state.stack[-1].called
            _end(scene, flow)
            if not scene.conversation.stack:
                return
            place = _after(scene) if called else scene.conversation.stack[-1].step
            if not called:
                scene.say("utter_form_resume")
            continue
        following = await _do(scene, flow, flow.steps[place])
        if following is None:
            return
        place = following
    scene.tell(Failed(at=scene.at, part="turn", reason="step_limit"))
    hand_over(scene, Reason.STEP_LIMIT)


def _after(scene: Scene) -> str:
    """Where the flow goes on that called the one that ended."""
    frame = scene.conversation.stack[-1]
    flow = scene.domain.flows[frame.flow]
    return _way(scene, flow.steps[frame.step])


def _way(scene: Scene, step: FlowStep) -> str:
    for way in step.ways:
        if way.condition is None or way.condition.holds(scene.conversation.slots):
            return way.to
    return END


async def _do(scene: Scene, flow: Flow, step: FlowStep) -> str | None:
    """The step that follows; None where the flow waits for the customer or somebody else has the word."""
    match step.does:
        case Collect():
            return await _collect(scene, flow, step, step.does)
        case Act(action):
            return await _act(scene, flow, step, action)
        case SetSlots(values):
            for name, value in values.items():
                scene.set_slot(name, value)
        case Call(name):
            _settle(scene, step.id)
            _push(scene, scene.domain.flows[name], called=True)
            return scene.domain.flows[name].begins
        case Link(name):
            called = scene.conversation.stack[-1].called
            _end(scene, flow)
            _push(scene, scene.domain.flows[name], called=called)
            return scene.domain.flows[name].begins
        case _:
            pass
    return _way(scene, step)


async def _collect(scene: Scene, flow: Flow, step: FlowStep, collect: Collect) -> str | None:
    state = scene.conversation
    waited = state.stack[-1].step == step.id and state.requested_slot == collect.slot
    if collect.anew and not waited:
        scene.set_slot(collect.slot, None)
    if scene.conversation.slots.get(collect.slot) is not None:
        return _way(scene, step)
    _settle(scene, step.id)
    scene.run(flow.name, "flow")
    if collect.confirms:
        ask_to_confirm(scene, flow, collect)
    elif not await forms.ask(scene, flow.form, collect.slot, utter=collect.utter):
        put(scene, collect.slot)
    return None


async def _act(scene: Scene, flow: Flow, step: FlowStep, action: str) -> str | None:
    if len(scene.acted) >= MOST_ACTIONS:
        scene.tell(Failed(at=scene.at, part="turn", reason="step_limit"))
        hand_over(scene, Reason.STEP_LIMIT)
        return None
    _settle(scene, step.id)
    stands = scene.conversation.stack
    await acting.run_action(scene, action, f"flow: {flow.name}")
    if action in scene.refused and scene.conversation.holder is Holder.BOT:
        hand_over(scene, Reason.ACTION_FAILED, say="utter_action_failed")
    state = scene.conversation
    if state.stack != stands:
        return None  # the action ended the flow, or took back what was said
    if state.holder is not Holder.BOT:
        _leave_behind(scene, _way(scene, step))
        return None
    return None if state.paused else _way(scene, step)


def _leave_behind(scene: Scene, place: str) -> None:
    """A person has the conversation now: what fetched them is not done again when they give it back."""
    called = True
    while place in (END, CANCEL) and called:
        called = scene.conversation.stack[-1].called
        _forget(scene, scene.domain.flows[scene.conversation.stack[-1].flow])
        if called:
            place = _after(scene)
    if called:
        _settle(scene, place)


def _settle(scene: Scene, place: str) -> None:
    """Put on record where the running flow stands."""
    if scene.conversation.stack[-1].step != place:
        scene.tell(FlowMoved(at=scene.at, step=place))


def _end(scene: Scene, flow: Flow, *, cancelled: bool = False) -> None:
    scene.run(flow.name, "flow")
    _forget(scene, flow, cancelled=cancelled)


def _forget(scene: Scene, flow: Flow, *, cancelled: bool = False) -> None:
    """It is over, and so is what it collected, unless the flow says otherwise."""
    frame = scene.conversation.stack[-1]
    for name in flow.forgets:
        slot = scene.domain.slots.get(name)
        scene.set_slot(name, slot.initial if slot else None)
    scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=None))
    scene.tell(FlowEnded(at=scene.at, flow=flow.name, cancelled=cancelled))
    below = scene.conversation.stack
    scene.tell(LoopSet(at=scene.at, name=below[-1].flow if below else frame.under))
