"""What may be said where a flow asks whether to go ahead: a yes, a no, another value, and that something told
is wrong.
"""

from __future__ import annotations

import pytest

from bot.dialogue.events import SlotSet
from bot.dialogue.ports import ActionCall, ActionReply
from bot.dialogue.reading import Entity, Reading, Verdict
from bot.project.check import check_project
from bot.project.load import read_project
from tests.bot.dialogue.small_bot import Talk, reading, texts
from tests.bot.project.conftest import WriteProject
from tests.bot.project.test_flows import CONFIRM, DOMAIN, FILES, FLOWS, WORDS, did, made

CHANGED = "All right, I have changed that."
CANCELLED = "All right, I have stopped that."
EXPECTS = "Sorry, please say yes or no, or tell me what to change."
PARCEL = {
    "domain.yml": """\
intents: [order, deny, affirm, move, change_record]
entities: [number]
slots:
  number: {type: text, mappings: [{type: from_entity, entity: number}]}
  size: {type: categorical, values: [small, large]}
  at_home:
    type: bool
    mappings:
    - type: from_intent
      intent: [deny, move]
      value: false
      conditions: &asked [{active_loop: order, requested_slot: at_home}]
    - {type: from_text, conditions: *asked}
  place: {type: text}
actions: [action_order, validate_order]
responses:
  utter_ask_number: [{text: "Your customer number?"}]
  utter_ask_size: [{text: "Small or large?"}]
  utter_ask_at_home:
  - text: "Shall it go to your address?"
  - text: "寄到您的地址，可以吗？"
    condition: &zh [{type: slot, name: language, value: zh}]
  utter_ask_place:
  - text: "To which address shall we send it?"
  - text: "寄到哪里？"
    condition: *zh
  utter_sure: [{text: "{number}, {size}, {at_home}, {place}?"}]
  utter_record: [{text: "I change your record."}]
""",
    "flows.yml": """\
flows:
  order:
    nlu_trigger: [{intent: order}]
    steps:
    - collect: number
    - collect: size
    - collect: at_home
      next:
      - if: slots.at_home
        then: run
      - else:
        - collect: place
          next: run
    - id: run
      action: action_order
      confirm: true
      utter: utter_sure
""",
    "data/rules.yml": "rules:\n- rule: record\n  steps: [{intent: change_record}, {action: utter_record}]\n",
    "config.yml": "languages: [en, zh]\n",
}
HOME, ELM, WHERE = "C-1, small, True, {place}?", "12 Elm Street, Leeds", "To which address shall we send it?"


@pytest.fixture
async def money(write_project: WriteProject) -> Talk:
    """A flow that would send 50 to Anna."""
    talk = made(write_project)
    for text in ("send money", "Anna", "50"):
        await talk.say(text)
    return talk


@pytest.fixture
async def parcel(write_project: WriteProject) -> Talk:
    """A flow that would send a small parcel home."""
    talk = order(made(write_project, **PARCEL))
    for text in ("order", "small", "yes"):
        await talk.say(text)
    return talk


def order(talk: Talk) -> Talk:
    talk.ends.understood = {**WORDS, "order": reading("order", entities=(Entity("number", "C-1"),))}
    talk.ends.actions = {"action_order": lambda call: ActionReply(), "validate_order": validate}
    return talk


def validate(call: ActionCall) -> ActionReply:
    """As rasa-sdk's validation would: a place without a number is none."""
    place = next((e.value for e in call.events[::-1] if isinstance(e, SlotSet) and e.name == "place"), None)
    if place is None or any(char.isdigit() for char in place):
        return ActionReply()
    return ActionReply((SlotSet(at=0.0, name="place", value=None),), ({"text": "No letter arrives there."},))


@pytest.mark.parametrize(
    ("said", "recipient", "amount"),
    [
        ("no, Ben", "Ben", "50"),
        ("No, to ben", "ben", "50"),
        ("no, I'd like it to go to Carla Smith", "Carla Smith", "50"),
        ("not Anna but Ben", "Ben", "50"),
        ("yes, but to Ben", "Ben", "50"),
        ("不，给王小明", "王小明", "50"),
        ("no, make it 70", "Anna", "70"),
        ("make it 70 please", "Anna", "70"),
        ("70", "Anna", "70"),
        ("不是50，是70", "Anna", "70"),
    ],
)
async def test_another_value_is_taken_and_confirmed_anew(
    money: Talk, said: str, recipient: str, amount: str
) -> None:
    events = await money.say(said)
    assert texts(events) == [CHANGED, CONFIRM.replace("Anna", recipient).replace("50", amount)]
    assert "action_send" not in did(events)
    assert did(await money.say("yes"))[0] == "action_send"


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("no, the amount is wrong", "How much?"),
        ("the amount is wrong", "How much?"),
        ("no, wrong recipient", "To whom?"),
        ("no, not to Anna", "To whom?"),
    ],
)
async def test_what_is_said_to_be_wrong_is_asked_for_again(money: Talk, said: str, question: str) -> None:
    assert await money.hear(said) == [question]


@pytest.mark.parametrize(
    "said",
    [
        *("no", "不是", "no thanks", "No, we have moved", "no, I changed my mind", "no, it is too much"),
        *("no, I don't want to send money any more", "no, to be honest I am not sure", "不，谢谢"),
    ],
)
async def test_a_no_that_changes_nothing_cancels(money: Talk, said: str) -> None:
    assert await money.hear(said) == [CANCELLED]


@pytest.mark.parametrize("said", ["no, someone else", "no wait", "no, wrong", "no idea", "Ben", "yes, but"])
async def test_what_says_too_little_is_asked_for(money: Talk, said: str) -> None:
    assert await money.hear(said) == [f"{EXPECTS}\n{CONFIRM}"]


async def test_only_a_sure_yes_is_one(money: Talk) -> None:
    unsure = Reading(
        verdicts=(Verdict("affirm", 0.6), Verdict("greet", 0.3)), prediction_set=("affirm",), language="en"
    )
    money.ends.understood = {
        **WORDS,
        "hmm": unsure,
        "do that": reading("affirm"),
        "yes, but": reading("affirm"),
    }
    for text in ("hmm", "yes, but"):
        assert "action_send" not in did(await money.say(text))
    assert "action_send" in did(await money.say("do that"))


async def test_a_yes_to_a_choice_confirms_nothing(money: Talk) -> None:
    either = Reading(
        verdicts=(Verdict("greet", 0.5),), prediction_set=("greet", "check_balance"), language="en"
    )
    money.ends.understood = {**WORDS, "either": either}
    await money.say("either")
    assert await money.hear("yes") == [f"{EXPECTS}\n{CONFIRM}"]
    assert "action_send" in did(await money.say("yes"))


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (f"no, to {ELM}", [CHANGED, f"C-1, small, False, {ELM}?"]),
        (f"send it to {ELM} instead", [CHANGED, f"C-1, small, False, {ELM}?"]),
        (ELM, [CHANGED, f"C-1, small, False, {ELM}?"]),
        ("不，寄到北京市中关村大街1号", [CHANGED, "C-1, small, False, 北京市中关村大街1号?"]),
        ("no, send it elsewhere", [CHANGED, WHERE]),
        ("不，寄到另一个地址", [CHANGED, WHERE]),
        ("no, the address is wrong", [CHANGED, WHERE]),
        ("no, to my office", ["No letter arrives there.", WHERE]),
        ("no, a large one", [CHANGED, "C-1, large, True, {place}?"]),
        ("no, the customer number is wrong", ["Your customer number?"]),
    ],
)
async def test_another_answer_to_a_question_takes_its_way(parcel: Talk, said: str, heard: list[str]) -> None:
    parcel.ends.understood = {**WORDS, **{said: reading("deny")}}
    assert await parcel.hear(said) == heard


@pytest.mark.parametrize("said", [ELM, f"no, to {ELM}", f"can it be {ELM}", f"no, send it to {ELM}"])
async def test_what_comes_after_the_answer_answers_too(write_project: WriteProject, said: str) -> None:
    parcel = order(made(write_project, **PARCEL))
    for text in ("order", "small"):
        await parcel.say(text)
    assert await parcel.hear(said) == [f"C-1, small, False, {ELM}?"]


@pytest.mark.parametrize("said", ["please send it elsewhere", "寄到别的地方"])
async def test_another_one_is_an_answer_too(write_project: WriteProject, said: str) -> None:
    parcel = order(made(write_project, **PARCEL))
    for text in ("order", "small"):
        await parcel.say(text)
    assert await parcel.hear(said) == [WHERE]
    assert parcel.state.slots["at_home"] is False


async def test_an_intent_that_a_slot_is_mapped_from_corrects_it(parcel: Talk) -> None:
    parcel.ends.understood = {**WORDS, "we have moved": reading("move")}
    assert (await parcel.hear("we have moved"))[0] == CHANGED
    assert parcel.state.slots["at_home"] is False and parcel.state.requested_slot == "place"


@pytest.mark.parametrize("said", ["do you have another address", "is there a different size"])
async def test_a_question_is_no_objection(parcel: Talk, said: str) -> None:
    assert await parcel.hear(said) == [f"{EXPECTS}\n{HOME}"]


async def test_another_wish_is_another_wish(parcel: Talk) -> None:
    parcel.ends.understood = {**WORDS, "change my address on record": reading("change_record")}
    assert await parcel.hear("change my address on record") == [
        "I change your record.", "Back to where we were.", HOME,
    ]  # fmt: skip


async def test_a_way_that_is_left_is_forgotten(parcel: Talk) -> None:
    await parcel.say(f"no, to {ELM}")
    assert await parcel.hear("no, the address is wrong") == [WHERE]
    await parcel.say("5 Mill Lane, York")
    assert parcel.state.slots["place"] == "5 Mill Lane, York"
    assert await parcel.hear("no, send it home") == [CHANGED, HOME.replace("{place}", "None")]
    assert parcel.state.slots["place"] is None


async def test_a_correction_that_is_refused_is_asked_for_again(parcel: Talk) -> None:
    await parcel.say(f"no, to {ELM}")
    spoken = await parcel.hear("no, to the moon")
    assert spoken[0] == "No letter arrives there." and parcel.state.requested_slot == "place"


async def test_of_two_values_the_new_one_is_meant(parcel: Talk) -> None:
    both = (Entity("number", "C-2"), Entity("number", "C-1"))
    parcel.ends.understood = {**WORDS, "it is C-2, not C-1": reading("order", entities=both)}
    await parcel.say("it is C-2, not C-1")
    assert parcel.state.slots["number"] == "C-2"


async def test_another_slot_is_wrong_where_one_is_asked_for(parcel: Talk) -> None:
    parcel.ends.understood = {**WORDS, "C-2": reading("order", entities=(Entity("number", "C-2"),))}
    await parcel.say("no, send it elsewhere")
    assert await parcel.hear("no, wrong customer number") == ["Your customer number?"]
    await parcel.say("C-2")
    await parcel.say("C-3")
    assert parcel.state.slots["number"] == "C-2"


async def test_the_value_of_another_slot_is_not_free_text(parcel: Talk) -> None:
    number = reading("order", entities=(Entity("number", "C-2"),))
    parcel.ends.understood = {**WORDS, "C-2": number, "no, my number is C-2": number}
    await parcel.say("no, send it elsewhere")
    for text in ("C-2", "no, my number is C-2"):
        await parcel.say(text)
        assert parcel.state.slots["number"] == "C-2" and parcel.state.slots.get("place") is None


AGAIN = """\
flows:
  send_money:
    nlu_trigger: [{intent: send_money}]
    steps:
    - id: whom
      collect: recipient
      ask_before_filling: true
    - action: action_send
      confirm: true
    - collect: urgent
      ask_before_filling: true
      next:
      - if: slots.urgent
        then: whom
      - else: last
    - id: last
      call: also
  also:
    steps:
    - action: action_send
      confirm: true
"""
LOOSE_SLOT = """\
  urgent: {type: bool}
  confirm_action_send: {type: text, initial_value: x, mappings: [{type: from_text}]}
"""


async def test_every_run_of_an_action_is_confirmed_anew(write_project: WriteProject) -> None:
    """In a circle, and in a flow that is called: one yes is good for one run."""
    domain = DOMAIN.replace(
        "  urgent: {type: bool, mappings: [{type: custom}]}\n", "  urgent: {type: bool}\n"
    )
    files = {"domain.yml": domain, "flows.yml": AGAIN}
    talk = made(write_project, **files)
    sent = []
    for text in ("send money", "Anna", "yes", "yes", "Ben", "yes", "no", "yes"):
        sent.append("action_send" in did(await talk.say(text)))
    assert sent == [False, False, True, False, False, True, False, True]


async def test_the_summary_tells_a_yes_in_words(write_project: WriteProject) -> None:
    domain = DOMAIN.replace(
        "  urgent: {type: bool, mappings: [{type: custom}]}\n", "  urgent: {type: bool}\n"
    )
    flows = FLOWS.replace("    - collect: amount\n", "    - collect: urgent\n    - collect: amount\n", 1)
    talk = made(write_project, **{"domain.yml": domain, "flows.yml": flows})
    said = [await talk.hear(text) for text in ("send money", "Anna", "yes", "50")]
    assert said[-1] == ["send money:\nrecipient: Anna\nurgent: Yes\namount: 50\nShall I go ahead?"]


async def test_a_slot_of_the_projects_own_confirms_nothing(write_project: WriteProject) -> None:
    domain = DOMAIN.replace("  urgent: {type: bool, mappings: [{type: custom}]}\n", LOOSE_SLOT)
    talk = made(write_project, **{"domain.yml": domain})
    for text in ("send money", "Anna", "50"):
        assert "action_send" not in did(await talk.say(text))
    assert talk.state.requested_slot == "confirm_action_send"
    assert "action_send" in did(await talk.say("yes"))


TAKEN = {
    "collect: recipient\n": ("collect: requested_slot\n", "asks for `requested_slot`"),
    "    - collect: amount\n": ("    - collect: confirm_action_send\n", "lets an action run unasked"),
    "    - collect: account\n": ("    - collect: account\n      id: END\n", "has a step `END`"),
    "  balance:\n": ("  action_send:\n", "has the name of an action"),
}


@pytest.mark.parametrize("old", TAKEN)
def test_a_name_that_means_something_else_is_told(write_project: WriteProject, old: str) -> None:
    new, said = TAKEN[old]
    project = read_project(write_project({**FILES, "flows.yml": FLOWS.replace(old, new, 1)}))
    assert any(said in finding.message for finding in check_project(project))
