"""Plays conversation tests: only the customer's words go in, the bot's own reading and actions drive it, and
what it did is compared with what the test expects.

Knows the turn and the test's steps; keeps nothing in a store. Read by bot.project.tests_file from Rasa's
test files.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.events import ActionRun, BotSaid, Event, UserSaid
from bot.dialogue.fold import fold
from bot.dialogue.message import InboundMessage
from bot.dialogue.names import EXTRACT_SLOTS, LISTEN, SESSION_START
from bot.dialogue.ports import ActionCall, ActionError, ActionReply, Ports
from bot.dialogue.turn import turn
from bot.manager import Bot
from bot.project.tests_file import (
    ConversationStep,
    ConversationTest,
    ExpectedAction,
    ExpectedLoop,
    ExpectedSlot,
    ExpectedText,
    UserTurn,
)

_UNSEEN = frozenset({LISTEN, EXTRACT_SLOTS, SESSION_START})
SECONDS_BETWEEN = 20.0


@dataclass(frozen=True, slots=True)
class Failure:
    """The first turn of a test that went otherwise: `turn` counts the customer's messages from 1."""

    name: str
    file: str
    line: int
    turn: int
    said: str
    intent: str | None
    expected: str
    got: str

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "turn": self.turn,
            "expected": self.expected,
            "got": self.got,
            "file": self.file,
            "line": self.line,
            "said": self.said,
            "intent": self.intent,
        }


async def rehearse(
    tests: Sequence[ConversationTest], bot: Bot, done: Callable[[int], None] = lambda count: None
) -> list[Failure]:
    """Play every test; `done` hears how many were played. At most one failure a test: what follows it would
    mislead.
    """
    failures = []
    for number, test in enumerate(tests, start=1):
        failure = await _play(test, bot)
        if failure:
            failures.append(failure)
        done(number)
    return failures


async def _play(test: ConversationTest, bot: Bot) -> Failure | None:
    log: list[Event] = []
    state, at = Conversation(f"test: {test.name}"), 1_700_000_000.0
    for number, (said, expectations) in enumerate(_turns(test.steps), start=1):
        at += SECONDS_BETWEEN
        message = _message(said, number, at, state.id)
        earlier = tuple(log)

        async def act(call: ActionCall, earlier: tuple[Event, ...] = earlier) -> ActionReply:
            if bot.actions is None:
                raise ActionError("no_action_server")
            return await bot.actions.run(call, earlier)

        ports = Ports(read=bot.inference.read, act=act, word=bot.inference.word)
        events = [event async for event in turn(bot.domain, state, message, ports)]
        state = fold(state, events)
        log.extend(events)
        wrong = _compare(expectations, events, state)
        if wrong:
            reading = next((event.reading for event in events if isinstance(event, UserSaid)), None)
            intent = f"{reading.intent} ({reading.confidence:.2f})" if reading and reading.intent else None
            return Failure(test.name, test.file, said.line, number, message.text, intent, *wrong)
        await asyncio.sleep(0)
    return None


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


def _compare(
    expectations: Sequence[ConversationStep], events: Sequence[Event], state: Conversation
) -> tuple[str, str] | None:
    """What was expected and what happened instead, or None where they agree."""
    wanted = [
        step.name for step in expectations if isinstance(step, ExpectedAction) and step.name not in _UNSEEN
    ]
    did = [event.name for event in events if isinstance(event, ActionRun) and event.name not in _UNSEEN]
    if wanted != did:
        return ", ".join(wanted) or "nothing", ", ".join(did) or "nothing"
    texts = [event.text for event in events if isinstance(event, BotSaid) and event.text]
    for step in expectations:
        match step:
            case ExpectedLoop(name=name) if state.loop != name:
                return f"active_loop {name}", f"active_loop {state.loop}"
            case ExpectedSlot(name=name, any_value=True) if state.slots.get(name) is None:
                return f"{name} is set", f"{name} is empty"
            case ExpectedSlot(name=name, value=value, any_value=False) if state.slots.get(name) != value:
                return f"{name} = {value!r}", f"{name} = {state.slots.get(name)!r}"
            case ExpectedText(text=text) if text not in texts:
                return text, " / ".join(texts) or "nothing said"
    return None
