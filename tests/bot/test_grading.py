"""Conversation tests in both ways: what the bot did passes as a test of itself; what it would not do is told
where, beside what came instead, and Rasa's grading goes on after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.bot import Bot
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain, MappingType, Slot, SlotMapping, SlotType, Variation
from bot.dialogue.events import ActionRun, Event, LoopSet, Rewound, SlotSet, UserSaid
from bot.dialogue.flow import Form
from bot.dialogue.fold import fold
from bot.dialogue.names import EXTRACT_SLOTS, LISTEN, SESSION_START
from bot.dialogue.ports import ReadError, ReadRequest
from bot.dialogue.reading import Entity, Reading, Verdict
from bot.dialogue.resolving import resolve
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Story, TextStep
from bot.grading import grade
from bot.inference import Inference
from bot.played import Played, confusions, right
from bot.project.tests_file import (
    ConversationStep,
    ConversationTest,
    ExpectedAction,
    ExpectedLoop,
    ExpectedSlot,
    UserTurn,
    read_tests,
)
from bot.project.tests_write import stories_to_yaml
from bot.rehearsal import rehearse
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, on, reading
from tests.bot.dialogue.test_stories import domain as story_domain

Write = Callable[[str], Sequence[ConversationTest]]


class Server(Ends):
    """The same tables as an action server."""

    async def run(self, call: Any, earlier: Any) -> Any:
        return await self.act(call)


def bot(domain: Domain = DOMAIN, ends: Ends | None = None) -> Bot:
    ends = ends or Server()
    return Bot(domain, cast(Inference, ends), cast(Any, ends))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """The tests of a file with these stories."""

    def made(stories: str) -> Sequence[ConversationTest]:
        path = tmp_path / "test_a.yml"
        path.write_text(stories, encoding="utf-8")
        tests, findings = read_tests(tmp_path, [path])
        assert findings == ()
        return tests

    return made


def story(*steps: str, name: str = "a") -> str:
    return f"stories:\n- story: {name}\n  steps:\n" + "".join(f"  - {step}\n" for step in steps)


async def graded(tests: Sequence[ConversationTest], domain: Domain = DOMAIN, **more: Any) -> Played:
    (play,) = await grade(tests, bot(domain, **more))
    return play


def as_test(domain: Domain, events: Sequence[Event]) -> ConversationTest:
    """What happened, as a test that expects it."""
    steps: list[ConversationStep] = []
    first = next(place for place, event in enumerate(events) if isinstance(event, UserSaid))
    for place, event in enumerate(events[first:], first):
        match event:
            case Rewound(keeps_latest=True):
                steps.append(ExpectedLoop(fold(Conversation("c"), events[: place + 1]).loop, 0))
            case UserSaid(text=text, reading=read):
                intent = resolve(read, domain.thresholds)[0] if read else None
                steps.append(UserTurn(text, intent, read.entities if read else (), 0))
            case ActionRun(name=name) if name not in (LISTEN, SESSION_START, EXTRACT_SLOTS):
                steps.append(ExpectedAction(name, 0))
            case LoopSet(name=name):
                steps.append(ExpectedLoop(name, 0))
            case SlotSet(name=name, value=value):
                steps.append(ExpectedSlot(name, value, False, 0))
            case _:
                pass
    return ConversationTest("what happened", "test_a.yml", 1, tuple(steps))


SAID = [*UNDERSTOOD, "500", "a house", "lorem ipsum", "/greet"]


DOUBTING = replace(
    DOMAIN,
    rules=(*DOMAIN.rules, on("nlu_fallback", "action_two_stage_fallback"), on("stop", "utter_stopped")),
)
UNHEARD = {"no": reading("out_of_scope"), "restart": reading("restart"), "back": reading("back")}


@pytest.mark.parametrize("made", [DOMAIN, DOUBTING, story_domain()], ids=["plain", "two-stage", "stories"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(said=st.lists(st.sampled_from([*SAID, *UNHEARD, "/great", "/bad"]), min_size=1, max_size=7))
@example(said=["i need a loan", "a house", "a house"])  # given up, and the form before it runs again
async def test_what_the_bot_did_passes_in_both_ways(tmp_path: Path, made: Domain, said: list[str]) -> None:
    heard = {**UNDERSTOOD, **UNHEARD}
    talk = Talk(Server(heard), made)
    for text in said:
        await talk.say(text, trusted=True)
    test = as_test(made, talk.log)
    path = tmp_path / "test_a.yml"
    path.write_text(stories_to_yaml([(test.name, "somewhere", [(s, None) for s in test.steps])], "note"))
    tests, findings = read_tests(tmp_path, [path])
    assert (len(tests), findings) == (1, ())
    made_bot = bot(made, Server(heard))
    for play in (*await rehearse(tests, made_bot), *await grade(tests, made_bot)):
        assert play.failure is None, play.failure
        assert right(play.actions) == len(play.actions)


LOAN = ("intent: loan", "action: loan_form", "active_loop: loan_form")
END = ("action: loan_form", "active_loop: null", "action: action_assess", "action: utter_done")


async def test_no_action_runs_and_the_story_tells_what_one_changed(write: Write) -> None:
    ends = Server()
    play = await graded(write(story(*LOAN, "intent: inform", *END)), ends=ends)
    assert play.failure is None
    assert play.actions == (
        ("loan_form", "loan_form"),
        (LISTEN, LISTEN),
        ("loan_form", "loan_form"),
        ("action_assess", "action_assess"),
        ("utter_done", "utter_done"),
        (LISTEN, LISTEN),
    )
    assert ends.calls == []


async def test_a_form_takes_or_refuses_what_the_test_says_that_it_does(write: Write) -> None:
    """Only its validation would know; a greeting may be a value, and a value may be no value."""
    assert (await graded(write(story(*LOAN, "intent: greet", "action: loan_form")))).failure is None
    steps = ("user: 500", "  intent: greet", "action: utter_greet", "action: loan_form")
    assert (await graded(write(story(*LOAN, *steps).replace("  -   intent", "    intent")))).failure is None


async def test_after_a_wrong_action_it_goes_on_as_the_test_says(write: Write) -> None:
    steps = ("intent: greet", "action: utter_done", "action: utter_greet", *LOAN, "action: utter_done")
    play = await graded(write(story(*steps)))
    assert play.failure is not None
    assert (play.failure.turn, play.failure.expected, play.failure.got) == (1, "utter_done", "utter_greet")
    assert [pair for pair in play.actions if pair[0] != pair[1]] == [
        ("utter_done", "utter_greet"),
        ("utter_greet", LISTEN),
        ("utter_done", LISTEN),
        (LISTEN, "loan_form"),
    ]
    assert confusions([play, play])[0] == (LISTEN, "loan_form", 2)


async def test_listening_is_compared_too(write: Write) -> None:
    (test,) = write(story(*LOAN, "intent: inform", *END[:-1]))
    play = await graded([test])
    assert play.actions[-1] == (LISTEN, "utter_done")
    assert play.told[-1] == (ExpectedAction(LISTEN, play.told[-1][0].line), "predicted: utter_done")
    explicit = await graded(write(story("intent: greet", "action: utter_greet", "action: action_listen")))
    assert explicit.actions == (("utter_greet", "utter_greet"), (LISTEN, LISTEN))


async def test_wrong_readings_are_told_and_fail_nothing(write: Write) -> None:
    (test,) = write(story("{user: hi, intent: loan}", *LOAN[1:]))
    (play,) = await grade([test], bot())
    assert (play.failure, play.misread, play.readings) == (None, True, (("loan", "greet"),))
    assert play.told[0][1] == "predicted: greet"
    (live,) = await rehearse([test], bot())
    assert live.failure is not None and live.failure.got == "utter_greet"
    assert live.told[:2] == (
        (test.steps[0], "predicted: greet (0.95)"),
        (test.steps[1], "predicted: utter_greet"),
    )


async def test_models_that_fail_leave_the_gold_reading(write: Write) -> None:
    class Broken(Server):
        async def read(self, request: ReadRequest) -> Reading:
            raise ReadError("no_bundle")

    tests = write(story("{user: hi, intent: greet}", "action: utter_greet"))
    play = await graded(tests, ends=Broken())
    assert (play.failure, play.readings) == (None, ())


async def test_without_an_intent_the_bots_own_reading_counts(write: Write) -> None:
    tests = write(story("user: when are you open?", "action: action_answer", "bot: From nine to five."))
    for play in (*await grade(tests, bot()), *await rehearse(tests, bot())):
        assert play.failure is None


async def test_words_stand_for_the_response_that_has_them(write: Write) -> None:
    good = write(story("intent: stop", "bot: Stopped."))
    domain = replace(DOMAIN, rules=(*DOMAIN.rules, on("stop", "utter_stopped")))
    assert (await graded(good, domain)).failure is None
    wrong = (await graded(write(story("intent: stop", "bot: Good morning.")), domain)).failure
    assert wrong is not None and (wrong.expected, wrong.got) == ("Good morning.", "utter_stopped")
    two = replace(DOMAIN, rules=(on("stop", "utter_stopped", "utter_ask_amount"),))
    assert (
        await graded(write(story("intent: stop", "bot: Stopped.", "bot: How much?")), two)
    ).failure is None


WORDED = Server(
    {
        "hm": Reading((Verdict("greet", 0.9),), language="en"),
        "thanks": reading("thanks"),
        "oh": Reading(language="en", out_of_scope=True),
    }
)


@pytest.mark.parametrize(
    ("steps", "expected", "got"),
    [
        (("user: hm", "bot: A heavy one.", "intent: thanks", "bot: Ride on."), None, None),
        (("user: Hm!", "bot: A heavy one.", "user: thanks", "bot: Ride on."), None, None),
        (("user: hm", "bot: Ride on."), "Ride on.", "A heavy one."),
        (("user: oh", "bot: A heavy one."), "A heavy one.", "action_default_fallback"),
        (("user: hm", "bot: A heavy one.", "bot: Ride on."), "Ride on.", LISTEN),
    ],
)
async def test_an_end_to_end_action_is_graded_by_its_text_in_both_ways(
    write: Write, steps: Sequence[str], expected: str | None, got: str | None
) -> None:
    told = (
        TextStep("hm"),
        ActionStep("A heavy one.", spoken=True),
        IntentStep(frozenset({"thanks"})),
        ActionStep("Ride on.", spoken=True),
    )
    domain = story_domain([Story("lock", told)], action_texts=frozenset({"A heavy one.", "Ride on."}))
    tests = write(story(*steps))
    (play,) = await grade(tests, bot(domain, WORDED))
    (live,) = await rehearse(tests, bot(domain, WORDED))
    assert (live.failure is None) == (play.failure is None) == (expected is None)
    if play.failure and live.failure:
        assert (play.failure.expected, play.failure.got) == (expected, got)
        assert live.failure.expected == expected


SIZE = Slot("size", SlotType.TEXT, mappings=(SlotMapping(MappingType.FROM_ENTITY, entity="size"),))
ORDER = Domain(
    intents=frozenset({"order", "more"}),
    entities=frozenset({"size"}),
    actions=frozenset({"action_price"}),
    slots={"size": SIZE, "price": Slot("price", SlotType.BOOL)},
    responses={name: (Variation(name),) for name in ("utter_sized", "utter_cheap", "utter_dear")},
    rules=(
        on("order", "utter_sized", slots=(SlotStep("size", any_value=True),)),
        Rule(
            "cheap",
            (
                IntentStep(frozenset({"more"})),
                ActionStep("action_price"),
                SlotStep("price", False),
                ActionStep("utter_cheap"),
            ),
        ),
    ),
)


async def test_entities_and_slots_of_the_test_fill_the_conversation(write: Write) -> None:
    tests = write(story("{user: '[big](size)', intent: order}", "action: utter_sized"))
    assert (await graded(tests, ORDER)).failure is None
    assert (await graded(write(story("intent: order", "action: utter_sized")), ORDER)).failure is not None
    given = story("slot_was_set: [size]", "intent: order", "action: utter_sized")
    assert (await graded(write(given), ORDER)).failure is None
    (live,) = await rehearse(write(given), bot(ORDER))
    assert live.failure is None


@pytest.mark.parametrize(("told", "got"), [("slot_was_set: [price: false]", None), ("metadata: {}", LISTEN)])
async def test_what_an_action_sets_is_told_by_the_test(write: Write, told: str, got: str | None) -> None:
    play = await graded(
        write(story("intent: more", "action: action_price", told, "action: utter_cheap")), ORDER
    )
    assert (play.failure and play.failure.got) == got


async def test_retrieval_actions_by_their_short_or_their_whole_name(write: Write) -> None:
    parts = ("utter_faq/hours", "utter_faq/way")
    domain = replace(
        DOMAIN,
        rules=(on("faq", "utter_faq"),),
        responses={name: (Variation(name),) for name in parts},
        selections=frozenset({"faq/hours", "faq/way"}),
    )
    read = Reading(
        verdicts=(Verdict("faq", 1.0),), selected=(Verdict("faq/hours", 1.0),), prediction_set=("faq/hours",)
    )
    ends = Server({"hours?": read})
    for intent, action, fails in (
        ("faq", "utter_faq", False),
        ("faq/hours", "utter_faq/hours", False),
        ("faq", "utter_faq/hours", False),
        ("faq/hours", "utter_faq/way", True),
    ):
        tests = write(story(f"{{user: hours?, intent: {intent}}}", f"action: {action}"))
        for play in (*await grade(tests, bot(domain, ends)), *await rehearse(tests, bot(domain, ends))):
            assert (play.failure is not None) == fails, (intent, action)
            assert not play.misread


async def test_two_requests_to_say_it_differently_then_a_person(write: Write) -> None:
    asked = ("intent: out_of_scope", "action: action_default_fallback")
    tests = write(story(*asked, *asked, "intent: out_of_scope", "action: action_hand_over", "intent: greet"))
    assert (await graded(tests)).failure is None


async def test_a_failure_in_live_play_is_told_step_by_step(write: Write) -> None:
    steps = ("user: i need a loan", "action: loan_form", "active_loop: null", "slot_was_set: [amount: 3]")
    (play,) = await rehearse(write(story(*steps)), bot())
    assert play.failure is not None
    assert (play.failure.expected, play.failure.got) == ("active_loop None", "active_loop loan_form")
    assert [remark for _, remark in play.told] == [None, None, "got: active_loop loan_form", None]
    (play,) = await rehearse(write(story("user: stop", "user: i need a loan", "action: utter_greet")), bot())
    assert play.failure is not None and play.failure.expected == "nothing"
    assert [(remark, type(step)) for step, remark in play.told] == [
        (None, UserTurn),
        ("predicted: action_default_fallback", ExpectedAction),
        (None, UserTurn),
        (None, ExpectedAction),
    ]


async def test_of_several_steps_on_the_loop_the_last_must_hold(write: Write) -> None:
    form = Form("loan_form", ("policy",))
    domain = replace(DOMAIN, forms={"loan_form": form})
    heard = {"loan for HL-1": reading("loan", entities=(Entity("policy", "HL-1"),))}
    steps = ("user: loan for HL-1", "action: loan_form", "active_loop: loan_form", "active_loop: null")
    tests = write(story(*steps, *END[2:], "slot_was_set: [policy: HL-1]"))
    (play,) = await rehearse(tests, bot(domain, Server(heard)))
    assert play.failure is None


def test_a_rule_of_the_domain_is_as_the_test_reads_it(write: Write) -> None:
    rules = (
        "rules:\n- rule: stop\n  condition:\n  - active_loop: loan_form\n  wait_for_user_input: false\n"
        "  steps:\n  - ...\n  - intent: stop\n  - action: action_deactivate_loop\n  - active_loop: null\n"
    )
    (test,) = write(rules)
    assert test.ends is False
    assert [type(step) for step in test.steps] == [ExpectedLoop, UserTurn, ExpectedAction, ExpectedLoop]
    assert LoopStep("loan_form").name == cast(ExpectedLoop, test.steps[0]).name


async def test_a_rule_is_a_test_of_itself(write: Write) -> None:
    rules = (
        "rules:\n- rule: stop\n  condition:\n  - active_loop: loan_form\n  steps:\n  - intent: stop\n"
        "  - action: action_deactivate_loop\n  - active_loop: null\n  - action: utter_stopped\n"
    )
    for play in (*await grade(write(rules), bot()), *await rehearse(write(rules), bot())):
        assert play.failure is None
