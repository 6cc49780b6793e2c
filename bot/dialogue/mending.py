"""What a message says where a flow asks whether to go ahead: a plain answer, another value for what was told,
or that something told is wrong.

Knows the view, as a row of the policy table does; carries nothing out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from bot.dialogue.commands import AskAgain, Command, CorrectSlot, SetSlot
from bot.dialogue.conversation import changed
from bot.dialogue.domain import Slot, SlotType
from bot.dialogue.flow import Flow
from bot.dialogue.names import AFFIRM_INTENTS, DENY_INTENTS, REQUESTED_SLOT
from bot.dialogue.naming import named
from bot.dialogue.objection import Objection, objection
from bot.dialogue.reading import Entity
from bot.dialogue.responses import shown
from bot.dialogue.slots import extract
from bot.dialogue.values import fitting, folded, stands_in
from bot.dialogue.view import View

CLARIFIED = "clarify"  # the row of a question with buttons
SURE = 0.85  # of a yes or a no that the words alone do not say


def mended(view: View, flow: Flow) -> tuple[Command, ...]:
    """What is to be changed, or asked for again, before anything is confirmed; nothing where the message says
    nothing of the kind.
    """
    said, told = objection(view.text), _told(view, flow)
    meant = _by_mapping(view, told, ())
    leads = not meant and _leads_away(view, said)
    known = [view.conversation.slots.get(name) for name in told]
    entities = tuple(entity for entity in view.reading.entities if entity.value not in known)  # "B, not A"
    new = _new(view, _by_mapping(view, told, entities, view.filled), flow)
    if not new.keys() - meant.keys():
        new |= _by_words(view, said, told) if said.denies or not leads else {}
    if new:
        return tuple(_command(view, *each) for each in _with_detours(told, new).items())
    if said.gives_up or not (said.denies or (said.other and not leads)):
        return ()
    name = _named_by_value(view, told, said) or named(
        view.domain, flow, tuple(told), said.rest, by_name=not said.other
    )
    if name is None and said.other and len(told) == 1:
        (name,) = told
    if name is None:
        return (AskAgain(flow.name),) if said.other and said.denies else ()
    reopened = _reopened(view, flow, told, name, wrong=said.other)
    return tuple(_command(view, *each) for each in reopened.items())


def detoured(view: View, flow: Flow, asked: str) -> tuple[Command, ...]:
    """To a yes-or-no question, the value that the flow would ask for after one of the answers, or that it is
    to be another: an address, where it was asked whether the one on record will do.
    """
    slot, slots, said = view.domain.slots.get(asked), view.conversation.slots, objection(view.text)
    if slot is None or slot.type is not SlotType.BOOL or (not said.denies and _leads_away(view, said)):
        return ()
    ways = {answer: flow.way({**slots, asked: answer}) for answer in (False, True)}
    known = view.domain.slots.keys() - flow.confirmations
    told = {
        name: {asked: answer}
        for answer, way in ways.items()
        for name in way
        if name not in ways[not answer] and name in known and slots.get(name) is None
    }
    new = _by_mapping(view, told, view.reading.entities) or _by_words(view, said, told)
    if not new and told and said.other and not said.gives_up:  # "to another one"
        answers = {answer for detour in told.values() for answer in detour.values()}
        about = any(named(view.domain, flow, (name,), said.rest) for name in (asked, *told))
        return (SetSlot(asked, answers.pop()),) if about and len(answers) == 1 else ()
    return tuple(_command(view, *each) for each in _with_detours(told, new).items()) if new else ()


def objected(view: View, flow: Flow, asked: str) -> tuple[Command, ...]:
    """What was told before is wrong, said where something else is asked for ("no, the number is wrong")."""
    said, slots = objection(view.text), view.domain.slots
    if not (said.denies and said.other) or said.gives_up or asked not in slots:
        return ()
    known = (name for name in _told(view, flow) if view.conversation.slots.get(name) is not None)
    told = tuple(name for name in known if name != asked and slots[name].type is not SlotType.BOOL)
    name = named(view.domain, flow, (*told, asked), said.rest)
    return (CorrectSlot(name, None),) if name and name in told else ()


def told_of_others(view: View, asked: str, filled: Mapping[str, Any]) -> bool:
    """Whether words that could fill the slot asked for are rather the value of another: all of them, or after
    a no.
    """
    others = [value for name, value in filled.items() if name != asked]
    if not others or filled[asked] != view.text:
        return False
    return folded(view.text) in map(folded, others) or objection(view.text).denies


def plain(view: View, slot: Slot, value: Any) -> bool:
    """Whether a yes or a no to the confirmation is one: by its words, or by a reading that is sure of it.
    "Yes, but" is none, and nor is a yes to a choice that was offered in between.
    """
    if value is True and view.conversation.steps[-1:] == (CLARIFIED,):
        return False
    if fitting(slot, view.text) is not None:
        return True
    return view.reading.confidence >= SURE and not (value is True and objection(view.text).denies)


def _named_by_value(view: View, told: Iterable[str], said: Objection) -> str | None:
    """The slot whose value is objected to: "not Anna"."""
    slots, rest = view.conversation.slots, folded(said.rest)
    texts = {name: folded(shown(slots[name])) for name in told if isinstance(slots.get(name), (str, float))}
    return next((name for name, text in texts.items() if text and stands_in(text, rest)), None)


def _command(view: View, name: str, value: Any) -> Command:
    filled = view.conversation.slots.get(name) is not None
    return CorrectSlot(name, value) if filled else SetSlot(name, value)


def _told(view: View, flow: Flow) -> dict[str, dict[str, Any]]:
    """The slots that may be meant, in the flow's order, each with what changes besides: those that were told,
    and those that another answer to a yes-or-no question would have the flow ask for.
    """
    slots = view.conversation.slots
    way = [name for name in flow.way(slots) if name in view.domain.slots and name not in flow.confirmations]
    told: dict[str, dict[str, Any]] = {name: {} for name in way if slots.get(name) is not None}
    for name in tuple(told):
        for other, detour in _detours(view, flow, name):
            told.setdefault(other, detour)
    order = flow.form.required_slots
    return dict(sorted(told.items(), key=lambda item: order.index(item[0])))


def _detours(view: View, flow: Flow, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the flow would ask for besides with the other answer to a yes-or-no question."""
    slots = view.conversation.slots
    if view.domain.slots[name].type is SlotType.BOOL:
        detour = {name: not slots[name]}
        more = set(flow.way({**slots, **detour})) - {*flow.way(slots), *flow.confirmations}
        yield from ((other, detour) for other in more if other in view.domain.slots)


def _by_mapping(
    view: View,
    told: Iterable[str],
    entities: tuple[Entity, ...],
    filled: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Values by the slots' own mappings, of entities and intents, as if each were asked for, beside what is
    `filled`. A yes or a no is for the confirmation.
    """
    intent = None if view.intent in AFFIRM_INTENTS | DENY_INTENTS else view.intent
    found = {name: filled[name] for name in told if filled.get(name) is not None}
    for name in told:
        asked = changed(view.conversation, slots={**view.conversation.slots, REQUESTED_SLOT: name})
        values = extract(view.domain, asked, text="", intent=intent, entities=entities)
        found.update({name: values[name]} if name in values else {})
    return found


def _new(view: View, found: dict[str, Any], flow: Flow) -> dict[str, Any]:
    """The values that are other than before; of two slots that take one value, the message names the right
    one.
    """
    new = {name: value for name, value in found.items() if _is_new(view, name, value)}
    shared = tuple(name for name in new if list(new.values()).count(new[name]) > 1)
    meant = named(view.domain, flow, shared, view.text) if shared else None
    return {name: value for name, value in new.items() if name not in shared or name == meant}


def _is_new(view: View, name: str, value: Any) -> bool:
    slot = view.domain.slots[name]
    fits = fitting(slot, value)
    return fits is not None and fits != fitting(slot, view.conversation.slots.get(name))


def _by_words(view: View, said: Objection, told: Iterable[str]) -> dict[str, Any]:
    """A new value in plain words, if it fits just one slot: a number, a choice, or a text that no entity
    tells.
    """
    slots = [view.domain.slots[name] for name in told]
    free = [slot for slot in slots if not any(mapping.entity for mapping in slot.mappings)]
    for types, among, is_one in (
        ((SlotType.FLOAT,), slots, said.is_number),
        ((SlotType.CATEGORICAL,), slots, bool(said.words)),
        ((SlotType.TEXT, SlotType.ANY), free, said.is_text),
    ):
        fits = [s.name for s in among if s.type in types and is_one and fitting(s, said.words) is not None]
        if fits:
            return {n: said.words for n in fits if _is_new(view, n, said.words)} if len(fits) == 1 else {}
    return {}


def _with_detours(told: dict[str, dict[str, Any]], new: dict[str, Any]) -> dict[str, Any]:
    besides = {name: value for each in new for name, value in told[each].items()}
    return {**besides, **new}


def _reopened(
    view: View, flow: Flow, told: dict[str, dict[str, Any]], name: str, *, wrong: bool
) -> dict[str, Any]:
    """A slot that is to be another: a yes becomes a no, what was not asked for is asked now, and all else is
    asked for again. Where a no has been told more about (another address), that is what is `wrong`.
    """
    if told[name]:
        return told[name]
    slots = view.conversation.slots
    if view.domain.slots[name].type is not SlotType.BOOL:
        return {name: None}
    other = {name: not slots[name]}
    lost = [each for each in told if each in set(flow.way(slots)) - set(flow.way({**slots, **other}))]
    return {lost[-1]: None} if wrong and lost else other


def _leads_away(view: View, said: Objection) -> bool:
    """Whether the message rather asks something, or surely begins something else."""
    rules = view.ruled is not None and view.intent in view.ruled.rule.intents
    sure = view.reading.confidence >= SURE and (rules or view.begins is not None)
    near = view.near_tied and (not said.wrong or view.near_tied[0].score >= SURE)
    return bool(near) or sure or (said.asks and not said.by)
