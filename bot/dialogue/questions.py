"""Questions that flows put where the project has no words of its own, and the summary before something is
done.

Knows slots and phrases; decides nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.dialogue.domain import Slot, SlotType
from bot.dialogue.events import BotSaid, SlotSet
from bot.dialogue.flow import Collect, Flow
from bot.dialogue.message import Button
from bot.dialogue.names import REQUESTED_SLOT
from bot.dialogue.offer import person_button
from bot.dialogue.responses import shown
from bot.dialogue.scene import Scene

MOST_CHOICES = 10
_EXPECTS = {SlotType.FLOAT: "utter_flow_expects_number", SlotType.BOOL: "utter_flow_expects_yes_or_no"}


def put(scene: Scene, name: str) -> None:
    """Ask for a slot by its name, with its values or a yes and a no to press."""
    said = scene.response("utter_ask_for", slot=readable(name))
    text = said.text if said else None
    scene.tell(BotSaid(at=scene.at, text=text, buttons=_choices(scene, scene.domain.slots.get(name))))
    scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=name))


def ask_to_confirm(scene: Scene, flow: Flow, collect: Collect) -> None:
    """All that was told, and whether the thing shall be done."""
    own = scene.response(collect.utter) if collect.utter else None
    said = own or scene.response(
        "utter_flow_confirm", summary=_summary(scene, flow), flow=flow.title(scene.language)
    )
    text, buttons = (said.text, said.buttons) if said else (None, ())
    buttons = buttons or _choices(scene, scene.domain.slots.get(collect.slot))
    scene.tell(BotSaid(at=scene.at, text=text, buttons=buttons, response=said.response if said else None))
    scene.tell(SlotSet(at=scene.at, name=REQUESTED_SLOT, value=collect.slot))


def unclear(scene: Scene, flow: Flow) -> BotSaid | None:
    """That a message was not understood where a flow asks something, what is expected there, and a way to a
    person.
    """
    asked = scene.conversation.requested_slot or ""
    slot = scene.domain.slots.get(asked)
    name = _EXPECTS.get(slot.type if slot else SlotType.ANY, "utter_flow_unclear")
    said = scene.response("utter_flow_expects_go_ahead" if asked in flow.confirmations else name)
    person = person_button(scene)
    return replace(said, buttons=(person,)) if said and person else said


def readable(name: str) -> str:
    """`amount_of_money` as `amount of money`."""
    return name.replace("_", " ").strip()


def _summary(scene: Scene, flow: Flow) -> str:
    slots = scene.conversation.slots
    told = dict.fromkeys(collect.slot for collect in flow.collects if not collect.confirms)
    return "".join(
        f"\n{readable(name)}: {_told(scene, slots[name])}" for name in told if slots.get(name) is not None
    )


def _told(scene: Scene, value: Any) -> str:
    """A value as the summary tells it: a yes and a no are words of the customer's language."""
    said = scene.response("utter_yes" if value else "utter_no") if isinstance(value, bool) else None
    return said.text if said and said.text else shown(value)


def _choices(scene: Scene, slot: Slot | None) -> tuple[Button, ...]:
    if slot is None or slot.type not in (SlotType.BOOL, SlotType.CATEGORICAL):
        return ()
    if slot.type is SlotType.CATEGORICAL:
        return tuple(Button(value, value) for value in slot.values[:MOST_CHOICES])
    words = (scene.response(name) for name in ("utter_yes", "utter_no"))
    return tuple(Button(said.text, said.text) for said in words if said and said.text)
