"""Forms: activation, filling, validation, asking and the end, as Rasa's FormAction steps them.

Source of the behaviour: rasa.core.actions.forms and loops (3.6). Validation is the project's action
`validate_<form>`, asked through the act port; everything else is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.dialogue.acting import run_remote
from bot.dialogue.events import ActionFailed, LoopSet, SlotSet
from bot.dialogue.flow import Form
from bot.dialogue.names import REQUESTED_SLOT
from bot.dialogue.scene import Scene
from bot.dialogue.slots import trigger_values


async def step(scene: Scene, form: Form, filled: dict[str, Any], *, yields: bool = False) -> bool:
    """Run the form once: activate it if need be, validate what was `filled` by this message, ask for the
    next slot. With `yields`, where the message has another meaning to try: False once all that was filled is
    refused, and the refusal is not told.
    """
    mark = scene.mark()
    scene.run(form.name, "form")
    running = scene.conversation.loop == form.name
    asked = scene.conversation.requested_slot if running else None
    candidates = {name: value for name, value in filled.items() if name in (*form.required_slots, asked)}
    if not running:
        candidates = {**trigger_values(scene.domain, form, scene.intent), **candidates}
        _forget(scene, form, candidates)
        scene.tell(LoopSet(at=scene.at, name=form.name))
        given = {
            name: scene.conversation.slots[name]
            for name in form.required_slots
            if scene.conversation.slots.get(name) is not None
        }
        candidates = {**given, **candidates}
    wanted = await validate(scene, form, candidates)
    if yields and _all_refused(scene, form, candidates):
        scene.rewind(mark)
        return False
    if scene.conversation.loop != form.name or scene.conversation.holder != "bot":
        return True  # the validation ended the form or handed the conversation over
    await _go_on(scene, form, wanted)
    return True


def _all_refused(scene: Scene, form: Form, candidates: dict[str, Any]) -> bool:
    state = scene.conversation
    running = state.loop == form.name and state.holder == "bot"
    return running and bool(candidates) and all(state.slots.get(name) is None for name in candidates)


def _forget(scene: Scene, form: Form, said: dict[str, Any]) -> None:
    """A form that is wanted again once it was finished begins anew: what its last run filled is emptied,
    unless the message `said` it.

    Rasa would end it at once with the old values. That is kept where the project has its own way: where a
    slot was emptied already, and where another intent than the run's brings a value (a correction). What
    was known before the run, or set after it, stays.
    """
    slots, run = scene.conversation.slots, scene.conversation.finished.get(form.name)
    full = all(name in said or slots.get(name) is not None for name in form.required_slots)
    if run is None or not full or (said and scene.intent != run.intent):
        return
    for name in form.required_slots:
        if name not in said and name in run.slots and slots.get(name) == run.slots[name]:
            slot = scene.domain.slots.get(name)
            scene.tell(SlotSet(at=scene.at, name=name, value=slot.initial if slot else None))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The slot that the project's validation wants asked next; None: it has all that it needs."""

    slot: str | None


async def validate(scene: Scene, form: Form, candidates: dict[str, Any]) -> Wanted | None:
    """Let the project judge the values; what it wants asked next, if it says. It is asked without values too:
    which slots the form needs may depend on what was said.
    """
    action = f"validate_{form.name}"
    for name, value in candidates.items():
        scene.set_slot(name, value)
    before = len(scene.told)
    if action in scene.domain.actions:
        # rasa-sdk takes the values to judge from the slot events that end the log it is sent.
        proposed = tuple(SlotSet(at=scene.at, name=name, value=value) for name, value in candidates.items())
        await run_remote(scene, action, record=False, proposed=proposed)
    if any(isinstance(event, ActionFailed) for event in scene.told[before:]):
        # Nobody judged them: asked for again when the bot has the conversation back.
        for name in candidates:
            scene.set_slot(name, None)
    wanted = [e for e in scene.told[before:] if isinstance(e, SlotSet) and e.name == REQUESTED_SLOT]
    return Wanted(wanted[-1].value) if wanted else None


def _next(scene: Scene, form: Form, wanted: Wanted | None) -> str | None:
    """The slot to ask for, None where the form is complete."""
    if wanted:
        return wanted.slot
    empty = (name for name in form.required_slots if scene.conversation.slots.get(name) is None)
    return next(empty, None)


async def _go_on(scene: Scene, form: Form, wanted: Wanted | None) -> None:
    slot = _next(scene, form, wanted)
    if slot:
        await ask(scene, form, slot)
    else:
        scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=None), LoopSet(at=scene.at, name=None))


async def ask(scene: Scene, form: Form, slot: str, *, utter: str | None = None) -> bool:
    """Ask for one slot: as `utter` says, by the form's own wording, the slot's, or the project's asking
    action. False where there is none of these; the slot is the one that is asked for all the same.
    """
    actions = (f"action_ask_{form.name}_{slot}", f"action_ask_{slot}")
    action = next((name for name in actions if name in scene.domain.actions), None)
    if action and not utter:
        await run_remote(scene, action, record=False)
    said = action or any(scene.say(name) for name in _wordings(form, slot, utter))
    scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=slot))
    return bool(said)


def _wordings(form: Form, slot: str, utter: str | None) -> Iterator[str]:
    yield from (utter,) if utter else ()
    yield from (f"utter_ask_{form.name}_{slot}", f"utter_ask_{slot}")


async def resume(scene: Scene, form: Form) -> None:
    """After something else was answered: a short reminder, then the question that waits. What was done
    meanwhile may have changed which that is, and so may the project's validation.
    """
    scene.run(form.name, "form")
    wanted = await validate(scene, form, {})
    if scene.conversation.loop != form.name or scene.conversation.holder != "bot":
        return
    waiting = scene.conversation.requested_slot
    asked = waiting if wanted is None and waiting else _next(scene, form, wanted)
    if asked:
        scene.say("utter_form_resume")
        await ask(scene, form, asked)
    else:
        await _go_on(scene, form, wanted)
