"""Grades conversation tests as Rasa does: the test's own intents and entities are fed back after each
message, every action that the bot would take is compared, listening included, and after a wrong one the
conversation goes on as the test says.

Knows the next action and the test's steps. No action runs: what one changes is told by the test's own
`slot_was_set` and `active_loop`. Source of the behaviour: rasa.core.test (3.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from bot.bot import Bot
from bot.course import Course
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Variation
from bot.dialogue.events import (
    ActionRejected,
    ActionRun,
    Decided,
    HandedOver,
    Reason,
    Restarted,
    Rewound,
    SlotSet,
    UserSaid,
)
from bot.dialogue.flow import done_by
from bot.dialogue.fold import fold
from bot.dialogue.names import (
    BACK,
    DEFAULT_FALLBACK,
    EXTRACT_SLOTS,
    HAND_OVER,
    LISTEN,
    RESTART,
    SESSION_START,
    TWO_STAGE_FALLBACK,
)
from bot.dialogue.next_action import Next
from bot.dialogue.ports import ReadError, ReadRequest
from bot.dialogue.reading import Reading, Verdict
from bot.dialogue.selection import gathered, response_of, selected
from bot.dialogue.stories import fills
from bot.dialogue.text import normalise, parse_payload
from bot.inference import Inference
from bot.played import (
    SECONDS_BETWEEN,
    Failure,
    Played,
    given,
    initial_slots,
    opening,
    taken_for,
    told_events,
)
from bot.project.tests_file import (
    ConversationStep,
    ConversationTest,
    ExpectedAction,
    ExpectedLoop,
    ExpectedText,
    UserTurn,
)

_UNSEEN = frozenset({EXTRACT_SLOTS, SESSION_START})
_TOLD = "told"  # the row of what the bot itself would not have decided


async def grade(
    tests: Sequence[ConversationTest], bot: Bot, done: Callable[[int], None] = lambda count: None
) -> list[Played]:
    """Grade every test; `done` hears how many were graded. Wrong readings are told and fail no test."""
    plays = []
    for number, test in enumerate(tests, start=1):
        plays.append(await _grade(test, bot))
        done(number)
        await asyncio.sleep(0)
    return plays


async def _grade(test: ConversationTest, bot: Bot) -> Played:
    before = given(test)
    state = fold(Conversation(f"test: {test.name}"), opening(bot.domain, before))
    course = Course(test, bot.domain, state, bot.inference.foresee, told=[(step, None) for step in before])
    for step in test.steps[len(before) :]:
        if isinstance(step, UserTurn):
            _wait(course)
            await _hear(course, step, bot.inference)
        else:
            _follow(course, step)
    if test.ends:
        _wait(course)
    return Played(test, course.failure, tuple(course.actions), tuple(course.readings), tuple(course.told))


def _wait(course: Course) -> None:
    """The bot is to listen now, unless the test said so itself."""
    if not course.listens and course.said:
        remark = _expect(course, LISTEN)
        if remark:
            course.told.append((ExpectedAction(LISTEN, course.said.line), remark))


async def _hear(course: Course, step: UserTurn, inference: Inference) -> None:
    course.at += SECONDS_BETWEEN
    course.said, course.number, course.intent = step, course.number + 1, None
    course.taken_back = []
    text = normalise(step.text or f"/{step.intent}")
    read = await _read(course, text, inference)
    reading = _gold(step, read)
    remark = None
    if read.intent and step.intent:
        took = taken_for(step, read)
        course.readings.append((step.intent, took))
        remark = f"predicted: {took}" if took != step.intent else None
    course.told.append((step, remark))
    course.tell(UserSaid(at=course.at, text=text, message_id="", channel="test", reading=reading))
    if reading.language in course.domain.languages and reading.language != course.state.language:
        course.tell(SlotSet(at=course.at, name=course.domain.language_slot, value=reading.language))
    course.tell(*(replace(filled, at=course.at) for filled in fills(course.domain, reading.entities)))


async def _read(course: Course, text: str, inference: Inference) -> Reading:
    """What the bot's models say; an intent that is sent by name needs none."""
    language = course.state.language
    if parse_payload(text):
        return Reading(language=language or course.domain.languages[0])
    try:
        return await inference.read(ReadRequest(text, language, course.at))
    except ReadError:
        return Reading(language=language or course.domain.languages[0])


def _gold(step: UserTurn, read: Reading) -> Reading:
    """The reading that the test calls right; where it names no intent, the bot's own. Stored answers and the
    sentiment, of which a test says nothing, are the bot's own too.
    """
    if step.intent is None:
        return read
    verdicts = (Verdict(step.intent, 1.0),)
    return replace(
        read,
        verdicts=gathered(verdicts),
        selected=selected(verdicts) or read.selected,
        prediction_set=(step.intent,),
        out_of_scope=False,
        sure=None,
        entities=step.entities,
        requests=(),
    )


def _follow(course: Course, step: ConversationStep) -> None:
    """One step of the bot's: an action is compared, what it changed is believed."""
    remark = None
    match step:
        case ExpectedLoop(name=None) if course.state.loop == TWO_STAGE_FALLBACK:
            course.end_doubt()
        case ExpectedLoop(name=str(name)) if name in course.domain.flows:
            course.enter(name)
        case ExpectedAction(name=name) if name not in _UNSEEN:
            remark = _expect(course, name)
        case ExpectedText(text=text):
            remark = _expect_text(course, text)
        case ExpectedAction():
            pass
        case _:
            course.tell(*told_events(course.domain, step, course.at))
    course.told.append((step, remark))


def _expect(course: Course, name: str) -> str | None:
    """Compare the action that comes next with `name`, and go on with that one; a remark where they differ."""
    if course.understood:
        course.end_doubt()
    own = course.running
    taken = name in own if own else None
    following = course.next(taken)
    got = following.action
    if got in course.domain.flows:
        own |= done_by(course.domain.flows, got)
        # Which of its steps comes next, slots decide that only actions set: any of them will do.
        got = name if name in own else got
    if name != got and course.state.latest and course.state.latest.reading:
        got = response_of(got, course.state.latest.reading, course.domain.responses)
    right = got == name
    if following.row:
        course.intent = following.intent
        course.tell(Decided(at=course.at, row=following.row if right else _TOLD))
        if taken is False and name != LISTEN:
            course.tell(ActionRejected(at=course.at, name=str(course.state.loop)))
    if right and course.state.loop not in own and following.action in course.domain.flows:
        course.enter(following.action)
    _run(course, got if right else name, following if right else None)
    course.actions.append((name, got))
    if right:
        return None
    course.failure = course.failure or _failure(course, name, got)
    return f"predicted: {got}"


def _run(course: Course, name: str, wanted: Next | None) -> None:
    """The action was run; of its effects only those of the engine's own actions are known here."""
    policy = wanted.policy if wanted else None
    course.tell(ActionRun(at=course.at, name=name, policy=policy or None, confidence=1.0))
    course.understood = wanted is not None and wanted.understood
    if course.taken_back:
        course.taken_back.append(name)
    if name == HAND_OVER:
        course.tell(HandedOver(at=course.at, reason=Reason.RULE))
    elif name in course.domain.actions:
        pass  # the project's own, though it have the name of a default action
    elif name == RESTART:
        course.take_back(name, Restarted(at=course.at), *initial_slots(course.domain, course.at))
    elif name in (DEFAULT_FALLBACK, BACK):
        course.take_back(name, Rewound(at=course.at, messages=2 if name == BACK else 1))


def _expect_text(course: Course, text: str) -> str | None:
    """Words stand for the end-to-end action or the response that has them. Where an action did something
    already, or something else than a response comes next, they are that action's, which only live play can
    hear.
    """
    responses = course.domain.responses
    following = course.next()
    if following.action == text or (text in course.domain.action_texts and not _said_by(responses, text)):
        return _expect(course, text)
    if _says(responses.get(following.action, ()), text):
        return _expect(course, following.action)
    if course.state.opening is not None:
        return None
    if following.action in responses or following.action == LISTEN:
        return _expect(course, _said_by(responses, text) or text)
    return _expect(course, following.action)


def _said_by(responses: Mapping[str, Iterable[Variation]], text: str) -> str | None:
    """The first response with these words."""
    return next((name for name, many in responses.items() if _says(many, text)), None)


def _says(variations: Iterable[Variation], text: str) -> bool:
    return any(variation.text and variation.text.strip() == text for variation in variations)


def _failure(course: Course, expected: str, got: str) -> Failure:
    test, said = course.test, course.said
    assert said is not None, "nothing is compared before the first message"
    text = said.text or f"/{said.intent}"
    return Failure(test.name, test.file, said.line, course.number, text, said.intent, expected, got)
