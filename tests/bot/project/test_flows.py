"""Flows in a project's files: what they are read as, what is wrong with them, and how they go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, BotSaid, Event, Failed, FlowEnded, Returned, SlotSet
from bot.dialogue.fold import fold
from bot.dialogue.names import LISTEN
from bot.dialogue.ports import ActionReply
from bot.dialogue.reading import Entity, Match
from bot.project.check import check_project, checked
from bot.project.load import load_project, read_project
from tests.bot.dialogue.small_bot import Ends, Talk, reading, texts
from tests.bot.project.conftest import WriteProject

DOMAIN = """\
intents: [send_money, check_balance, deny, affirm, greet, stop, tell]
entities: [amount]
slots:
  amount: {type: float, max_value: 10000}
  recipient: {type: text}
  urgent: {type: bool, mappings: [{type: custom}]}
  account: {type: categorical, values: [savings, current]}
  enough: {type: bool, mappings: [{type: custom}]}
actions: [action_check, action_send]
responses:
  utter_greet: [{text: Hello}]
  utter_ask_amount: [{text: "How much?"}]
  utter_ask_recipient: [{text: "To whom?"}]
  utter_ask_account: [{text: "Which account?"}]
  utter_short: [{text: "There is not enough in it."}]
  utter_too_much: [{text: "No more than 5000."}]
  utter_balance: [{text: "You have 100."}]
  utter_sent: [{text: "Sent {amount} to {recipient}."}]
"""
FLOWS = """\
flows:
  send_money:
    name: send money
    description: to anybody you like
    nlu_trigger:
    - intent: send_money
    steps:
    - collect: recipient
    - collect: amount
      rejections:
      - if: slots.amount > 5000
        utter: utter_too_much
    - action: action_check
      next:
      - if: not slots.enough
        then:
        - action: utter_short
          next: END
      - else: do_it
    - id: do_it
      action: action_send
      confirm: true
    - action: utter_sent
  balance:
    nlu_trigger:
    - intent: {name: check_balance, confidence_threshold: 0.5}
    steps:
    - collect: account
    - action: utter_balance
"""
RULES = "rules:\n- rule: hello\n  steps:\n  - intent: greet\n  - action: utter_greet\n"
ENDPOINTS = "action_endpoint: {url: 'http://localhost:5055/webhook'}\n"
FILES = {"domain.yml": DOMAIN, "flows.yml": FLOWS, "data/rules.yml": RULES, "endpoints.yml": ENDPOINTS}
HOURS = Match("hours", 0.95, "When are you open?", "From nine to five.", "en")
WORDS = {
    "send money": reading("send_money"),
    "send 50": reading("send_money", entities=(Entity("amount", "50"),)),
    "no, 70": reading("deny", entities=(Entity("amount", "70"),)),
    "my balance": reading("check_balance"),
    "what is on my account": reading("check_balance"),
    "hi": reading("greet"),
    "yes": reading("affirm"),
    "no": reading("deny"),
    "when are you open?": reading("faq", matches=(HOURS,)),
}


@pytest.fixture
def talk(write_project: WriteProject) -> Talk:
    return made(write_project)


def made(write_project: WriteProject, **files: str) -> Talk:
    domain = load_project(write_project({**FILES, **files})).domain
    enough = {"value": True}

    def check(call: object) -> ActionReply:
        return ActionReply((SlotSet(at=0.0, name="enough", value=enough["value"]),))

    ends = Ends(WORDS, {"action_check": check, "action_send": lambda call: ActionReply()})
    conversation = Talk(ends, domain)
    conversation.enough = enough  # type: ignore[attr-defined]  # a switch of these tests
    return conversation


def did(events: list[Event]) -> list[str]:
    unseen = {LISTEN, "action_session_start"}
    return [event.name for event in events if isinstance(event, ActionRun) and event.name not in unseen]


CONFIRM = "send money:\nrecipient: Anna\namount: 50\nShall I go ahead?"


async def test_a_flow_is_walked_to_its_end(talk: Talk) -> None:
    assert await talk.hear("send money") == ["To whom?"]
    assert await talk.hear("Anna") == ["How much?"]
    events = await talk.say("50")
    assert did(events) == ["action_check", "send_money"] and texts(events) == [CONFIRM]
    assert [button.title for e in events if isinstance(e, BotSaid) for button in e.buttons] == ["Yes", "No"]
    events = await talk.say("yes")
    assert did(events) == ["action_send", "utter_sent", "send_money"]
    assert texts(events) == ["Sent 50 to Anna."]
    state = talk.state
    assert state.loop is None and state.stack == () and state.requested_slot is None
    assert state.slots["recipient"] is None, "what it collected is forgotten"


async def test_what_the_first_message_tells_is_not_asked(talk: Talk) -> None:
    await talk.say("send 50")
    assert (await talk.hear("Anna")) == [CONFIRM]


async def test_a_branch_is_taken(talk: Talk) -> None:
    talk.enough["value"] = False  # type: ignore[attr-defined]
    for text in ("send money", "Anna"):
        await talk.say(text)
    events = await talk.say("50")
    assert texts(events) == ["There is not enough in it."] and talk.state.stack == ()


async def test_a_value_that_does_not_fit_is_asked_for_again(talk: Talk) -> None:
    for text in ("send money", "Anna"):
        await talk.say(text)
    assert (await talk.hear("a lot"))[-1].endswith("\nHow much?")
    assert await talk.hear("about 6,000 euros") == ["No more than 5000.", "How much?"]
    assert (await talk.hear("50.5 then"))[-1].startswith("send money")


async def test_a_correction_goes_back_and_asks_to_confirm_again(talk: Talk) -> None:
    for text in ("send money", "Anna", "50"):
        await talk.say(text)
    events = await talk.say("no, 70")
    assert texts(events)[0] == "All right, I have changed that."
    assert texts(events)[-1] == CONFIRM.replace("50", "70")
    assert did(events) == ["action_check", "send_money"], "what depends on the value is done again"
    assert did(await talk.say("yes"))[0] == "action_send"


async def test_more_than_was_asked_is_no_correction(talk: Talk) -> None:
    talk.ends.understood = {**WORDS, "Anna 50": reading("tell", entities=(Entity("amount", "50"),))}
    await talk.say("send money")
    assert await talk.hear("Anna 50") == [CONFIRM.replace("Anna", "Anna 50")]


async def test_the_same_value_again_is_no_correction(talk: Talk) -> None:
    talk.ends.understood = {**WORDS, "Anna 50": reading("tell", entities=(Entity("amount", "50"),))}
    await talk.say("send 50")
    assert (await talk.hear("Anna 50"))[0].startswith("send money")


async def test_nothing_is_done_without_a_yes(talk: Talk) -> None:
    for text in ("send money", "Anna", "50"):
        await talk.say(text)
    events = await talk.say("no")
    assert texts(events) == ["All right, I have stopped that."] and "action_send" not in did(events)
    assert [e.cancelled for e in events if isinstance(e, FlowEnded)] == [True]


@pytest.mark.parametrize("word", ["stop", "Never mind!", "取消"])
async def test_stopping_stops(talk: Talk, word: str) -> None:
    await talk.say("send money")
    assert await talk.hear(word) == ["All right, I have stopped that."]
    assert talk.state.loop is None and talk.state.stack == ()


async def test_a_question_is_answered_and_the_flow_asks_on(talk: Talk) -> None:
    for text in ("send money", "Anna"):
        await talk.say(text)
    assert await talk.hear("when are you open?") == [HOURS.text, "Back to where we were.", "How much?"]
    assert await talk.hear("hi") == ["Hello", "Back to where we were.", "How much?"]


async def test_a_wish_for_what_runs_already_puts_its_question_again(talk: Talk) -> None:
    talk.ends.understood = {**WORDS, "I want to send money": reading("send_money")}
    await talk.say("send money")
    assert await talk.hear("I want to send money") == ["To whom?"]
    await talk.say("Anna")
    assert await talk.hear("send money") == ["How much?"]
    assert [frame.flow for frame in talk.state.stack] == ["send_money"]


@pytest.mark.parametrize("near", ["no", "不是"])
async def test_a_plain_answer_is_one_though_a_stored_question_is_near(talk: Talk, near: str) -> None:
    stored = {near: reading("deny", matches=(HOURS,)), "savings": reading("faq", matches=(HOURS,))}
    talk.ends.understood = {**WORDS, **stored}
    for text in ("send money", "Anna", "50"):
        await talk.say(text)
    assert await talk.hear(near) == ["All right, I have stopped that."]
    await talk.say("my balance")
    assert await talk.hear("savings") == ["You have 100."]


async def test_words_that_hold_the_entity_asked_for_are_its_value(write_project: WriteProject) -> None:
    files = {"domain.yml": DOMAIN.replace("entities: [amount]", "entities: [amount, recipient]")}
    conversation = made(write_project, **files)
    anna = (Entity("recipient", "Anna"),)
    told = {
        text: reading("faq", matches=(HOURS,), entities=anna) for text in ("it is for Anna", "is Anna open?")
    }
    conversation.ends.understood = {**WORDS, **told}
    await conversation.say("send money")
    assert (await conversation.hear("is Anna open?"))[0] == HOURS.text
    assert await conversation.hear("it is for Anna") == ["How much?"]
    assert conversation.state.slots["recipient"] == "Anna"


@pytest.mark.parametrize(
    ("after", "said"),
    [("", ["Hello"]), ("    - collect: account\n", ["Hello", "Back to where we were.", "Which account?"])],
)
async def test_a_flow_that_fetched_a_person_goes_on_behind_that(
    write_project: WriteProject, after: str, said: list[str]
) -> None:
    person = "    steps:\n    - collect: recipient\n    - action: action_hand_over\n"
    begun = "    nlu_trigger: [{intent: tell}]\n"
    outer = f"  outer:\n{begun}    steps:\n    - call: inner\n{after}"
    conversation = made(write_project, **{"flows.yml": f"flows:\n{outer}  inner:\n{person}"})
    conversation.ends.understood = {**WORDS, "tell": reading("tell")}
    await conversation.say("tell")
    assert did(await conversation.say("Anna")) == ["action_hand_over"]
    assert conversation.state.holder == "queue"
    conversation.tell(Returned(at=2000.0, agent="Kim"))
    assert await conversation.hear("hi") == said
    assert conversation.state.slots.get("recipient") is None, "what it collected is forgotten"
    assert [frame.flow for frame in conversation.state.stack] == (["outer"] if after else [])


async def test_after_a_form_that_came_between_the_flow_goes_on(write_project: WriteProject) -> None:
    rules = (
        "rules:\n- rule: begin\n  steps: [{intent: tell}, {action: tell_form}, {active_loop: tell_form}]\n"
        "- rule: done\n  condition: [{active_loop: tell_form}]\n"
        "  steps: [{action: tell_form}, {active_loop: null}, {action: utter_balance}]\n"
        "- rule: dropped\n  condition: [{active_loop: tell_form}]\n"
        "  steps:\n  - intent: deny\n  - action: action_deactivate_loop\n  - active_loop: null\n"
        "  - action: utter_short\n"
    )
    asked = "mappings: [{type: from_text, conditions: [{active_loop: tell_form}]}]"
    colour = f"slots:\n  colour: {{type: text, {asked}}}\n"
    domain = DOMAIN.replace("slots:\n", colour) + "forms: {tell_form: {required_slots: [colour]}}\n"
    conversation = made(write_project, **{"domain.yml": domain, "data/rules.yml": rules})
    conversation.ends.understood = {**WORDS, "tell you my colour": reading("tell")}
    for answer, said in (("red", "You have 100."), ("no", "There is not enough in it.")):
        await conversation.say("send money")
        await conversation.say("tell you my colour")
        assert conversation.state.loop == "tell_form"
        assert await conversation.hear(answer) == [said, "Back to where we were.", "To whom?"]
        assert conversation.state.loop == "send_money"
        await conversation.say("stop")
        assert conversation.state.stack == ()


@pytest.mark.parametrize("said", ["No, we have moved", "no we moved in August", "不是，我们搬家了"])
async def test_a_no_with_its_reason_is_a_no(talk: Talk, said: str) -> None:
    for text in ("send money", "Anna", "50"):
        await talk.say(text)
    assert await talk.hear(said) == ["All right, I have stopped that."]


@pytest.mark.parametrize("said", ["no idea", "yes, but to Ben", "nobody knows"])
async def test_what_is_no_plain_answer_lets_nothing_be_done(talk: Talk, said: str) -> None:
    for text in ("send money", "Anna", "50"):
        await talk.say(text)
    events = await talk.say(said)
    assert "action_send" not in did(events) and texts(events)[-1].endswith("Shall I go ahead?")


async def test_chinese_words_that_surely_begin_something_are_no_name(talk: Talk) -> None:
    talk.ends.understood = {
        **WORDS,
        "我想查询账户余额": reading("check_balance"),
        "王小明": reading("check_balance"),
    }
    await talk.say("send money")
    assert await talk.hear("我想查询账户余额") == ["Which account?"]
    await talk.hear("savings")
    assert await talk.hear("王小明") == ["How much?"]


async def test_another_flow_comes_first_and_this_one_goes_on(talk: Talk) -> None:
    for text in ("send money", "Anna"):
        await talk.say(text)
    assert await talk.hear("my balance") == ["Which account?"]
    assert [frame.flow for frame in talk.state.stack] == ["send_money", "balance"]
    assert await talk.hear("the savings one") == ["You have 100.", "Back to where we were.", "How much?"]
    assert (await talk.hear("50")) == [CONFIRM]


async def test_words_that_surely_begin_something_are_no_name(talk: Talk) -> None:
    await talk.say("send money")
    assert await talk.hear("what is on my account") == ["Which account?"]
    assert await talk.hear("stop") == [
        "All right, I have stopped that.", "Back to where we were.", "To whom?",
    ]  # fmt: skip


async def test_it_is_said_again_and_told_what_there_is(talk: Talk) -> None:
    await talk.say("send money")
    assert await talk.hear("say that again") == ["To whom?"]
    told = await talk.say("what can you do?")
    assert texts(told)[0] == "This is what I can do for you:\n- send money: to anybody you like\n- Balance"
    assert talk.state.loop == "send_money"


async def test_going_back_takes_the_last_answer_back(talk: Talk) -> None:
    talk.ends.understood = {**WORDS, "back": reading("back")}
    for text in ("send money", "Anna"):
        await talk.say(text)
    assert (await talk.hear("back"))[-1] == "To whom?"
    assert talk.state.slots.get("recipient") is None


async def test_flows_call_and_link_each_other(write_project: WriteProject) -> None:
    flows = """\
flows:
  outer:
    nlu_trigger: [{intent: tell}]
    steps:
    - set_slots: [{urgent: true}]
    - call: inner
    - noop: true
      next:
      - if: slots.urgent and slots.recipient is null
        then:
        - link: last
  inner:
    steps:
    - collect: recipient
  last:
    steps:
    - action: utter_balance
"""
    conversation = made(write_project, **{"flows.yml": flows})
    conversation.ends.understood = {**WORDS, "tell": reading("tell")}
    assert await conversation.hear("tell") == ["To whom?"]
    assert [(frame.flow, frame.called) for frame in conversation.state.stack] == [
        ("outer", False),
        ("inner", True),
    ]
    assert await conversation.hear("Anna") == ["You have 100."]
    assert conversation.state.stack == ()


async def test_a_flow_that_never_asks_stops_with_a_person(talk: Talk) -> None:
    flow = talk.domain.flows["balance"]
    steps = {
        name: replace(step, ways=(replace(step.ways[0], to=flow.begins),))
        for name, step in flow.steps.items()
    }
    talk.domain = replace(talk.domain, flows={"balance": replace(flow, steps=steps)})
    await talk.say("my balance")
    events = await talk.say("savings")
    assert [e.reason for e in events if isinstance(e, Failed)] == ["step_limit"]
    assert talk.state.holder == "queue"


SAID = [*WORDS, "Anna", "50", "6000", "savings", "stop", "back", "help", "", "/greet", "/tell", "a lot"]
SAID += ["no, someone else", "no, to Ben", "the amount is wrong", "no wait"]


@given(st.lists(st.sampled_from(SAID), max_size=12))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_sequence_of_messages_leaves_a_flow_stuck(bot: Domain, said: list[str]) -> None:
    ends = Ends({**WORDS, "back": reading("back")}, {
        "action_check": lambda call: ActionReply((SlotSet(at=0.0, name="enough", value=True),)),
        "action_send": lambda call: ActionReply(),
    })  # fmt: skip
    conversation = Talk(ends, bot)
    for text in said:
        events = await conversation.say(text)
        state = conversation.state
        assert texts(events) or state.holder != "bot"
        assert not any(isinstance(event, Failed) for event in events)
        assert text == "yes" or "action_send" not in did(events)
        assert state.loop == (state.stack[-1].flow if state.stack else None)
    assert fold(Conversation("c1"), conversation.log) == conversation.state


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    folder = tmp_path_factory.mktemp("bot")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return load_project(folder).domain


def test_a_sound_project_has_no_findings(write_project: WriteProject) -> None:
    project = read_project(write_project(FILES))
    said = [str(finding) for finding in check_project(project) if "examples" not in str(finding)]
    assert said == []


def test_what_flows_have_of_their_own_is_known(write_project: WriteProject) -> None:
    listed = DOMAIN.replace("action_send]", "action_send, validate_send_money]")
    told = "  - action: utter_flow_corrected\n"
    talk = f"stories:\n- story: a correction\n  steps:\n  - user: hi\n{told}"
    files = {**FILES, "domain.yml": listed, "tests/test_talk.yml": talk}
    folder = write_project(files)
    said = [str(finding) for finding in checked(folder).findings if "examples" not in str(finding)]
    assert said == []


CIRCLE = """\
    - id: a
      noop: true
      next: b
    - id: b
      noop: true
      next: a
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("- collect: recipient\n    - collect: amount", "- collect: recipent\n    - collect: amount",
         "asks for the slot `recipent`"),
        ("action: action_check", "action: action_chekc", "runs the action `action_chekc`"),
        ("action: action_send\n", "action: send (it)!\n", "runs the action `send (it)!`"),
        ("else: do_it", "else: do_id", "goes on at the step `do_id`"),
        ("else: do_it", "else: END", "No way leads to the step `do_it`"),
        ("intent: send_money", "intent: greet", "The rule `hello` answers `greet` before"),
        ("{name: check_balance, confidence_threshold: 0.5}", "send_money", "never begins"),
        ("if: not slots.enough", "if: not slots.enuff", "looks at the slot `enuff`"),
        ("if: not slots.enough", "if: not (slots.enough", "cannot be read"),
        ("utter: utter_too_much", "utter: utter_to_much", "says `utter_to_much`"),
        ("    - action: utter_sent\n", "    - action: utter_sent\n      next: do_it\n", None),
        ("    - action: utter_balance\n", CIRCLE, "go round from the step"),
        ("    - action: utter_balance\n", "    - link: balance\n", None),
        ("    - collect: account\n", "    - call: balance\n", "begins itself again"),
        ("    - collect: account\n", "    - collect: account\n      noop: true\n", "must do one thing"),
        ("    - collect: account\n", "    - collect: enough\n", "Nothing fills `enough`"),
        ("intent: send_money\n", "intent: send_mony\n", "begins with the intent `send_mony`"),
        ("  balance:\n", "  balance:\n    steps: []\n  other:\n", "has no steps"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(write_project: WriteProject, old: str, new: str, said: str | None) -> None:
    assert old in FLOWS
    project = read_project(write_project({**FILES, "flows.yml": FLOWS.replace(old, new)}))
    told = [
        str(finding) for finding in check_project(project) if str(finding).startswith(("flows.yml", "data/"))
    ]
    assert any(said in line for line in told) if said else told == [], told
