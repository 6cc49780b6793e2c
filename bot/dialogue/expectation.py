"""What a running form or flow expects: its rows of the policy table.

A value for what was asked, a correction, an end; and when words that could be a value are rather something
else. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.dialogue.commands import AskAgain, CancelFlow, Command, ContinueFlow, CorrectSlot, SetSlot, StartFlow
from bot.dialogue.domain import Slot, SlotType
from bot.dialogue.flow import Flow
from bot.dialogue.mending import detoured, mended, objected, plain, told_of_others
from bot.dialogue.names import DEACTIVATE_LOOP, OUT_OF_SCOPE_INTENTS, STOP_INTENTS
from bot.dialogue.phrases import STOP_WORDS
from bot.dialogue.rules import Prediction
from bot.dialogue.values import fitting, folded
from bot.dialogue.view import View

CERTAIN = 0.85  # from here a text is taken for the stored question, whatever else it could be
ENOUGH_WORDS = 3  # with fewer, words that could be a value are one
_QUESTION_MARKS = ("?", "？", "吗", "呢", "么")
_HAN = re.compile("[\u3400-\u9fff]")
NUMERALS = frozenset("0123456789零〇一二两三四五六七八九十百千万亿半")


def cancelled(view: View) -> tuple[Command, ...]:
    """Never mind: a rule written for this very form ends it; a flow can always be stopped."""
    form, ruled = view.form, _ruled_in_form(view)
    if view.flow and not ruled and (view.intent in STOP_INTENTS or folded(view.text) in STOP_WORDS):
        return (CancelFlow(view.flow.name),)
    ends = ruled is not None and ruled.action == DEACTIVATE_LOOP
    return (CancelFlow(form.name, ruled.rule.name),) if form and ruled and ends else ()


def provided_for(view: View) -> tuple[Command, ...]:
    """A rule written for this very form (say it again, why do you ask) goes before the form's expectation."""
    ruled = _ruled_in_form(view)
    return (StartFlow(ruled.rule.name, view.intent),) if ruled and view.intent else ()


def _ruled_in_form(view: View) -> Prediction | None:
    """What the rules say, if the one that says it is for the running form and for this intent."""
    if view.form is None or view.ruled is None or _gives_the_number(view):
        return None
    rule = view.ruled.rule
    return view.ruled if rule.loop == view.form.name and view.intent in rule.intents else None


def _gives_the_number(view: View) -> bool:
    """Whether a bare number is said where one is asked for: no model knows better what it means."""
    asked = view.conversation.requested_slot or ""
    slot = view.domain.slots.get(asked)
    if slot is None or slot.type is not SlotType.FLOAT or set(folded(view.text)) - NUMERALS - {".", ","}:
        return False
    return fitting(slot, view.text) is not None


def expected(view: View) -> tuple[Command, ...]:
    """The running form gets what it asked for, or a correction of what it has."""
    form, asked = view.form, view.conversation.requested_slot
    if form is None:
        return ()
    if view.flow and asked and (mends := _mends(view, view.flow, asked)):
        return mends
    told = view.filled.items()
    filled = {name: value for name, value in told if name in view.expects and value is not None}
    if view.flow and asked in filled and not _is_meant(view, view.flow, asked, filled):
        del filled[asked]
    if asked in filled and _digresses(view, asked):
        filled.pop(asked)
    commands: list[Command] = [
        CorrectSlot(name, value)
        if view.conversation.slots.get(name) is not None and name != asked
        else SetSlot(name, value)
        for name, value in filled.items()
    ]
    return (*commands, ContinueFlow(form.name)) if commands else ()


def _mends(view: View, flow: Flow, asked: str) -> tuple[Command, ...]:
    """What the message corrects of what the flow was told, beside what the slots' mappings say."""
    if view.pressed and not view.reading.entities:
        return ()
    if asked in flow.confirmations:
        mends = mended(view, flow)
    else:
        mends = objected(view, flow, asked) or detoured(view, flow, asked)
    return (*mends, ContinueFlow(flow.name)) if mends and AskAgain(flow.name) not in mends else mends


def _is_meant(view: View, flow: Flow, asked: str, filled: Mapping[str, Any]) -> bool:
    """Whether what could fill the slot that a flow asks for is meant for it: no button's payload, and no
    other slot's value; to a confirmation, a plain answer.
    """
    if asked in flow.confirmations:
        return plain(view, view.domain.slots[asked], filled[asked])
    payload = view.pressed and filled[asked] == view.text
    return not payload and not told_of_others(view, asked, filled)


def _digresses(view: View, asked: str) -> bool:
    """Whether a text that could fill the slot asked for is rather a question or another wish.

    Only texts that cannot well be the value count: a question with a stored answer, or words where a number
    is due while the reading is sure of something the bot can do. Else the form's expectation is believed,
    until its validation refuses the value (bot.dialogue.second).
    """
    slot = view.domain.slots.get(asked)
    if slot and view.flow:
        return _leaves_the_flow(view, slot)
    if slot is None or any(mapping.entity for mapping in slot.mappings):
        return False
    if view.reading.matches and view.reading.matches[0].score >= CERTAIN:
        return True
    asks = view.text.rstrip().endswith(_QUESTION_MARKS)
    numeric = slot.type is SlotType.FLOAT and not NUMERALS & set(view.text)
    if view.near_tied and (asks or numeric):
        return True
    return (asks or numeric) and view.ruled is not None and view.intent in view.ruled.rule.intents


def chosen(view: View) -> tuple[Command, ...]:
    """A press on a button of which nothing follows here: the flow puts its question again."""
    if view.flow is None or not view.pressed or view.intent in OUT_OF_SCOPE_INTENTS:
        return ()
    return (ContinueFlow(view.flow.name),)


def wanted_again(view: View) -> bool:
    """Whether the message wishes for the very flow that runs."""
    triggers = view.flow.triggers if view.flow else ()
    sure = view.reading.confidence
    return any(trigger.intent == view.intent and sure >= trigger.least for trigger in triggers)


def _leaves_the_flow(view: View, slot: Slot) -> bool:
    """Words that are no value of the slot's type; a question with a stored answer, unless a word or two are
    just such a value or its entity is among them; and where any words would do, several that surely begin
    something else.
    """
    if fitting(slot, view.filled.get(slot.name)) is None:
        return True
    asks = view.text.rstrip().endswith(_QUESTION_MARKS)
    if not asks and _is_told_by_entity(view, slot):
        return False
    free = slot.type in (SlotType.TEXT, SlotType.ANY)
    several = _words(view.text) >= ENOUGH_WORDS
    if view.reading.matches and view.reading.matches[0].score >= CERTAIN:
        return free or several or asks
    ruled = view.ruled is not None and view.intent in view.ruled.rule.intents
    wants = ruled or view.begins is not None or wanted_again(view)
    return free and wants and view.reading.confidence >= CERTAIN and several


def _is_told_by_entity(view: View, slot: Slot) -> bool:
    named = {mapping.entity for mapping in slot.mappings}
    return any(entity.name in named for entity in view.reading.entities)


def _words(text: str) -> float:
    """How many words a text has; two Chinese characters are counted as one."""
    return len(_HAN.sub(" ", text).split()) + len(_HAN.findall(text)) / 2
