"""Plays conversation tests live: only the customer's words go in, the bot's own reading and actions drive it,
and what it did is compared with what the test expects.

Knows the turn and the test's steps; keeps nothing in a store. Read by bot.project.tests_file from Rasa's
test files.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bot.bot import Bot
from bot.dialogue.conversation import Conversation
from bot.dialogue.events import ActionRun, BotSaid, Event, LoopSet, Rewound, SlotSet, UserSaid
from bot.dialogue.fold import apply, fold
from bot.dialogue.message import InboundMessage
from bot.dialogue.names import EXTRACT_SLOTS, LISTEN, SESSION_START
from bot.dialogue.ports import ActionCall, ActionError, ActionReply, Ports
from bot.dialogue.reading import Reading
from bot.dialogue.selection import base_of, is_selection
from bot.dialogue.turn import turn
from bot.played import SECONDS_BETWEEN, START, Failure, Played, given, opening, taken_for
from bot.project.tests_file import (
    ConversationStep,
    ConversationTest,
    ExpectedAction,
    ExpectedLoop,
    ExpectedSlot,
    ExpectedText,
    UserTurn,
)
from bot.project.tests_write import Remarked

_UNSEEN = frozenset({LISTEN, EXTRACT_SLOTS, SESSION_START})


async def rehearse(
    tests: Sequence[ConversationTest], bot: Bot, done: Callable[[int], None] = lambda count: None
) -> list[Played]:
    """Play every test; `done` hears how many were played. A test ends with its first failure: what follows it
    would mislead.
    """
    plays = []
    for number, test in enumerate(tests, start=1):
        plays.append(await _play(test, bot))
        done(number)
    return plays


async def _play(test: ConversationTest, bot: Bot) -> Played:
    before = given(test)
    log = list(opening(bot.domain, before)) if before else []
    state, at = fold(Conversation(f"test: {test.name}"), log), START
    told: list[Remarked] = [(step, None) for step in before]
    actions: list[tuple[str, str]] = []
    readings: list[tuple[str, str | None]] = []
    for number, (said, expectations) in enumerate(_turns(test.steps), start=1):
        at += SECONDS_BETWEEN
        message = _message(said, number, at, state.id)
        events = [event async for event in turn(bot.domain, state, message, _ports(bot, tuple(log)))]
        earlier, state = state, fold(state, events)
        log.extend(events)
        actions += _pairs(expectations, events)
        reading = next((event.reading for event in events if isinstance(event, UserSaid)), None) or Reading()
        if said.text and said.intent and reading.intent:
            readings.append((said.intent, taken_for(said, reading)))
        wrong = _compare(expectations, events, earlier)
        told += _remarked(said, expectations, reading, events, wrong)
        if wrong:
            told += [(step, None) for step in test.steps[_place(test, number) :]]
            intent = f"{reading.intent} ({reading.confidence:.2f})" if reading.intent else None
            where = Failure(
                test.name, test.file, said.line, number, message.text, intent, wrong.expected, wrong.got
            )
            return Played(test, where, tuple(actions), tuple(readings), tuple(told))
        await asyncio.sleep(0)
    return Played(test, None, tuple(actions), tuple(readings), tuple(told))


def _ports(bot: Bot, earlier: tuple[Event, ...]) -> Ports:
    async def act(call: ActionCall) -> ActionReply:
        if bot.actions is None:
            raise ActionError("no_action_server")
        return await bot.actions.run(call, earlier)

    return Ports(bot.inference.read, act, bot.inference.word, foresee=bot.inference.foresee)


def _turns(steps: Sequence[ConversationStep]) -> Iterator[tuple[UserTurn, list[ConversationStep]]]:
    """Each message of the customer with what is expected after it."""
    said: UserTurn | None = None
    expected: list[ConversationStep] = []
    for step in steps:
        if isinstance(step, UserTurn):
            if said:
                yield said, expected
            said, expected = step, []
        else:
            expected.append(step)
    if said:
        yield said, expected


def _place(test: ConversationTest, number: int) -> int:
    """Where the message after that number stands."""
    places = [place for place, step in enumerate(test.steps) if isinstance(step, UserTurn)]
    return places[number] if number < len(places) else len(test.steps)


def _message(said: UserTurn, number: int, at: float, conversation_id: str) -> InboundMessage:
    """The customer's words; a step without words is the intent itself, which a test may send."""
    values = {entity.name: entity.value for entity in said.entities}
    text = said.text or f"/{said.intent}{json.dumps(values, ensure_ascii=False) if values else ''}"
    return InboundMessage(
        conversation_id=conversation_id,
        channel="test",
        sender="test",
        external_id=str(number),
        text=text,
        at=at,
        seed=number,
        trusted=True,
    )


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What was expected and what happened instead; `step` is the one that shows it, None: the actions do."""

    expected: str
    got: str
    step: ConversationStep | None = None


def _wanted(expectations: Sequence[ConversationStep]) -> list[str]:
    return [s.name for s in expectations if isinstance(s, ExpectedAction) and s.name not in _UNSEEN]


def _did(expectations: Sequence[ConversationStep], events: Sequence[Event]) -> list[str]:
    """The actions that were run, but for those whose name is what the bot said, where the test gives the
    words: those are compared. A retrieval action (`utter_faq`) has the name of its response where the test
    gives that.
    """
    wanted = _wanted(expectations)
    said = [event.response for event in events if isinstance(event, BotSaid) and event.response]
    heard = {step.text for step in expectations if isinstance(step, ExpectedText)}
    names = [
        event.name
        for event in events
        if isinstance(event, ActionRun)
        and event.name not in _UNSEEN
        and not (event.spoken and event.name in heard)
    ]
    for place, name in enumerate(names):
        if is_selection("".join(wanted[place : place + 1])):
            names[place] = next((whole for whole in said if base_of(whole) == name), name)
    return names


def _pairs(expectations: Sequence[ConversationStep], events: Sequence[Event]) -> list[tuple[str, str]]:
    wanted, did = [*_wanted(expectations), LISTEN], [*_did(expectations, events), LISTEN]
    return list(zip_longest(wanted, did, fillvalue=LISTEN))


def _compare(
    expectations: Sequence[ConversationStep], events: Sequence[Event], before: Conversation
) -> _Wrong | None:
    """Where the two first disagree. What a step says of a slot or the loop must have held before one of the
    actions that come after it, or at the end: an action may take away what the message told it.
    """
    wanted, did = _wanted(expectations), _did(expectations, events)
    texts = [event.text for event in events if isinstance(event, BotSaid) and event.text]
    unsaid = [s.text for s in expectations if isinstance(s, ExpectedText) and s.text not in texts]
    if wanted != did:
        return _Wrong(", ".join(wanted or unsaid) or "nothing", ", ".join(did) or "nothing")
    stages, lasting = list(_stages(events, before)), _lasting(expectations)
    place = 0
    for step in expectations:
        if isinstance(step, ExpectedAction) and step.name not in _UNSEEN:
            place += 1
        if isinstance(step, ExpectedText) and step.text in unsaid:
            return _Wrong(step.text, " / ".join(texts) or "nothing said", step)
        if not isinstance(step, (ExpectedSlot, ExpectedLoop)) or step not in lasting:
            continue
        if not (any(_holds(step, state) for state in stages[place:]) or _happened(step, events)):
            return _Wrong(*_told(step, stages[-1]), step)
    return None


def _lasting(expectations: Sequence[ConversationStep]) -> list[ConversationStep]:
    """Of several steps on one slot or on the loop between two actions, the last."""
    last: dict[tuple[int, type, str], ConversationStep] = {}
    place = 0
    for step in expectations:
        place += isinstance(step, ExpectedAction) and step.name not in _UNSEEN
        last[place, type(step), step.name if isinstance(step, ExpectedSlot) else ""] = step
    return list(last.values())


def _stages(events: Sequence[Event], before: Conversation) -> Iterator[Conversation]:
    """The conversation before each action of the turn, and at its end."""
    state = before
    for event in events:
        if isinstance(event, ActionRun) and event.name not in _UNSEEN:
            yield state
        state = apply(state, event)
    yield state


def _happened(step: ExpectedSlot | ExpectedLoop, events: Sequence[Event]) -> bool:
    """Whether the turn said so, though the message that it said it of was taken back."""
    if not any(isinstance(event, Rewound) for event in events):
        return False
    if isinstance(step, ExpectedLoop):
        return any(isinstance(event, LoopSet) and event.name == step.name for event in events)
    set_to = (event.value for event in events if isinstance(event, SlotSet) and event.name == step.name)
    return any(value is not None if step.any_value else value == step.value for value in set_to)


def _holds(step: ExpectedSlot | ExpectedLoop, state: Conversation) -> bool:
    if isinstance(step, ExpectedLoop):
        return state.loop == step.name
    value = state.slots.get(step.name)
    return value is not None if step.any_value else bool(value == step.value)


def _told(step: ExpectedSlot | ExpectedLoop, state: Conversation) -> tuple[str, str]:
    """What was expected, and what holds at the turn's end."""
    if isinstance(step, ExpectedLoop):
        return f"active_loop {step.name}", f"active_loop {state.loop}"
    value = state.slots.get(step.name)
    expected = f"{step.name} is set" if step.any_value else f"{step.name} = {step.value!r}"
    return expected, f"{step.name} is empty" if value is None else f"{step.name} = {value!r}"


def _remarked(
    said: UserTurn,
    expectations: Sequence[ConversationStep],
    reading: Reading,
    events: Sequence[Event],
    wrong: _Wrong | None,
) -> Iterator[Remarked]:
    """The turn again, with what came instead beside each step; what came besides stands at its end."""
    if wrong is None:
        yield from ((step, None) for step in (said, *expectations))
        return
    took = taken_for(said, reading)
    misread = took is not None and said.intent not in (None, took)
    yield said, f"predicted: {took} ({reading.confidence:.2f})" if misread else None
    came = iter(_did(expectations, events))
    for step in expectations:
        if isinstance(step, ExpectedAction) and step.name not in _UNSEEN:
            got = next(came, LISTEN)
            yield step, None if got == step.name else f"predicted: {got}"
        else:
            yield step, f"got: {wrong.got}" if step is wrong.step else None
    for got in came:
        yield ExpectedAction(LISTEN, said.line), f"predicted: {got}"
