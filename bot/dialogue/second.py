"""What a message can mean besides, once the form refused what it was taken for first.

Knows the same view as the policy; carries nothing out. Pure.
"""

from __future__ import annotations

from bot.dialogue.commands import Answer, ContinueFlow, CorrectSlot, SetSlot, StartFlow
from bot.dialogue.domain import MappingType, SlotType
from bot.dialogue.expectation import NUMERALS
from bot.dialogue.names import OUT_OF_SCOPE_INTENTS
from bot.dialogue.view import Decision, View

ROW = "second_choice"


def second_choice(view: View, first: Decision) -> Decision | None:
    """The next best decision; None: what the form's validation said stands.

    A refused correction may be the value that was asked for ("it came to 340"); a refused value may be a
    question without its mark, or another wish.
    """
    form, asked = view.form, view.conversation.requested_slot
    if form is None or asked is None or view.external or ContinueFlow(form.name) not in first.commands:
        return None
    if any(isinstance(command, CorrectSlot) and command.value is None for command in first.commands):
        return None
    corrects = any(isinstance(command, CorrectSlot) for command in first.commands)
    only = not any(isinstance(command, SetSlot) for command in first.commands)
    if corrects and only and _is_read_from_words(view, asked):
        return Decision(ROW, (SetSlot(asked, view.text), ContinueFlow(form.name)))
    ruled = view.ruled
    if (
        ruled
        and ruled.action
        and view.intent in ruled.rule.intents
        and view.intent not in OUT_OF_SCOPE_INTENTS
    ):
        return Decision(ROW, (StartFlow(ruled.rule.name, view.intent),))
    if not view.near_tied or _numbers_meet(view, asked):
        return None
    return Decision(ROW, (Answer(view.near_tied),))


def _numbers_meet(view: View, name: str) -> bool:
    """A number where one was asked for is a wrong value, near as it may lie to a question with numbers."""
    slot = view.domain.slots.get(name)
    return slot is not None and slot.type is SlotType.FLOAT and bool(NUMERALS & set(view.text))


def _is_read_from_words(view: View, name: str) -> bool:
    """Whether the slot takes a number, a choice or a yes out of the text: free text would take anything."""
    slot = view.domain.slots.get(name)
    confirms = view.flow is not None and name in view.flow.confirmations
    return (
        slot is not None
        and not confirms
        and slot.type in (SlotType.FLOAT, SlotType.CATEGORICAL, SlotType.BOOL)
        and any(mapping.type is MappingType.FROM_TEXT for mapping in slot.mappings)
    )
