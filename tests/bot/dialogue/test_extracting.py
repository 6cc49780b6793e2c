"""Slots that actions fill: custom mappings, and the validation of all that a message gave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.dialogue.domain import MappingCondition, MappingType, Slot, SlotMapping, SlotType
from bot.dialogue.events import ActionFailed, BotSaid, SlotSet
from bot.dialogue.ports import ActionCall, ActionError, ActionReply
from bot.dialogue.reading import Entity
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, reading

WISH = Slot("wish", SlotType.ANY, mappings=(SlotMapping(MappingType.CUSTOM, action="action_wish"),))
CITY = Slot("city", SlotType.TEXT, mappings=(SlotMapping(MappingType.FROM_ENTITY, entity="city"),))
WORDS = {**UNDERSTOOD, "in wien": reading("greet", entities=(Entity("city", "wien"),))}


def set_to(**values: Any) -> ActionReply:
    return ActionReply(tuple(SlotSet(at=0.0, name=name, value=value) for name, value in values.items()))


def talk(actions: dict[str, Any], *slots: Slot) -> Talk:
    made = {slot.name: slot for slot in slots}
    domain = replace(DOMAIN, slots={**DOMAIN.slots, **made}, actions=DOMAIN.actions | set(actions))
    return Talk(Ends(WORDS, actions=actions), domain)


async def test_the_action_of_a_custom_mapping_fills_its_slot() -> None:
    conversation = talk({"action_wish": lambda call: set_to(wish=["tea"])}, WISH)
    await conversation.say("hi")
    assert conversation.state.slots["wish"] == ["tea"]


async def test_it_is_asked_once_a_message_and_only_where_its_conditions_hold() -> None:
    elsewhere = MappingCondition("loan_form", "amount")
    only = SlotMapping(MappingType.CUSTOM, action="action_loan", conditions=(elsewhere,))
    second = replace(WISH, name="second")
    conversation = talk(
        {"action_wish": lambda call: set_to(), "action_loan": lambda call: set_to()},
        WISH, second, Slot("loaned", mappings=(only,)),
    )  # fmt: skip
    await conversation.say("hi")
    assert [call.name for call in conversation.ends.calls] == ["action_wish"]


async def test_what_was_found_is_judged_together() -> None:
    def judge(call: ActionCall) -> ActionReply:
        found = {event.name: event.value for event in call.events[-1:] if isinstance(event, SlotSet)}
        return set_to(**{name: value.title() for name, value in found.items()})

    conversation = talk({"action_validate_slot_mappings": judge}, CITY)
    await conversation.say("in wien")
    assert conversation.state.slots["city"] == "Wien"


async def test_what_the_validation_refuses_is_not_filled() -> None:
    conversation = talk({"action_validate_slot_mappings": lambda call: set_to(city=None)}, CITY)
    await conversation.say("in wien")
    assert conversation.state.slots.get("city") is None


async def test_an_action_that_fails_leaves_the_message_to_be_answered() -> None:
    def fail(call: ActionCall) -> ActionReply:
        raise ActionError("timeout")

    events = await talk({"action_wish": fail}, WISH).say("hi")
    assert [event.reason for event in events if isinstance(event, ActionFailed)] == ["timeout"]
    assert [event.text for event in events if isinstance(event, BotSaid)] == ["Hello {name}"]
