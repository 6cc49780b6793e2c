"""Events, their JSON and their fold; the wording of responses; the text that comes in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue import events as ev
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain, Slot, SlotCondition, SlotType, Variation
from bot.dialogue.fold import fold
from bot.dialogue.message import Button
from bot.dialogue.reading import Entity, Match, Reading, Verdict
from bot.dialogue.reminders import taken_back
from bot.dialogue.responses import fill, render
from bot.dialogue.text import LONGEST, normalise, parse_payload
from bot.dialogue.trail import MOST_ACTS
from bot.dialogue.values import fitting
from bot.dialogue.wire import WireError, from_json, to_json, written_kinds

NAMES = st.sampled_from(["greet", "loan_form", "amount", "utter_greet", "action_x"])
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8)
WORDS = st.text(max_size=12)
TIMES = st.floats(0, 2e9)
FLOATS = st.floats(0, 1)
READINGS = st.builds(
    Reading,
    verdicts=st.lists(st.builds(Verdict, NAMES, FLOATS), min_size=1, max_size=3).map(tuple),
    prediction_set=st.lists(NAMES, max_size=2).map(tuple),
    out_of_scope=st.booleans(),
    guaranteed=st.booleans(),
    entities=st.lists(
        st.builds(Entity, name=NAMES, value=VALUES, start=st.integers(0, 9), role=st.none() | NAMES),
        max_size=2,
    ).map(tuple),
    matches=st.lists(st.builds(Match, NAMES, FLOATS, WORDS, WORDS, st.just("en")), max_size=2).map(tuple),
    language=st.sampled_from(["en", "zh"]),
    bundle=WORDS,
)
ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=30))])
ENTITIES = st.lists(st.builds(Entity, name=NAMES, value=VALUES, role=st.none() | NAMES), max_size=2).map(
    tuple
)
EVENTS: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(
        ev.UserSaid,
        at=TIMES,
        text=WORDS,
        message_id=WORDS,
        channel=NAMES,
        reading=st.none() | READINGS,
        metadata=st.sampled_from([{}, {"is_external": True}, {"title": "x"}]),
    ),
    st.builds(
        ev.BotSaid,
        at=TIMES,
        text=st.none() | WORDS,
        buttons=st.lists(st.builds(Button, WORDS, WORDS), max_size=2).map(tuple),
        origin=st.sampled_from(ev.Origin),
        response=st.none() | NAMES,
        answer_id=st.none() | NAMES,
        bundle=WORDS,
    ),
    st.builds(ev.AgentSaid, at=TIMES, text=WORDS, agent=NAMES),
    st.builds(ev.ActionRun, at=TIMES, name=NAMES, policy=st.none() | NAMES, confidence=st.none() | FLOATS),
    st.builds(ev.ActionRejected, at=TIMES, name=NAMES, policy=st.none()),
    st.builds(ev.ActionFailed, at=TIMES, name=NAMES, reason=NAMES),
    st.builds(ev.SlotSet, at=TIMES, name=NAMES, value=VALUES),
    st.builds(ev.SlotsReset, at=TIMES),
    st.builds(ev.LoopSet, at=TIMES, name=st.none() | NAMES),
    st.builds(ev.LoopInterrupted, at=TIMES, interrupted=st.booleans()),
    st.builds(ev.SessionStarted, at=TIMES),
    st.builds(ev.Restarted, at=TIMES),
    st.builds(ev.Paused, at=TIMES),
    st.builds(ev.Resumed, at=TIMES),
    st.builds(ev.Rewound, at=TIMES, messages=st.integers(0, 12), keeps_latest=st.booleans()),
    st.builds(ev.Undone, at=TIMES),
    st.builds(ev.FollowupSet, at=TIMES, name=NAMES),
    st.builds(ev.Decided, at=TIMES, row=NAMES, commands=st.lists(WORDS, max_size=2).map(tuple)),
    st.builds(ev.RedFlagged, at=TIMES, flags=st.lists(NAMES, max_size=2).map(tuple)),
    st.builds(
        ev.HandedOver, at=TIMES, reason=st.sampled_from(ev.Reason), packet=st.dictionaries(NAMES, VALUES)
    ),
    st.builds(ev.TakenOver, at=TIMES, agent=NAMES),
    st.builds(ev.Returned, at=TIMES, agent=NAMES),
    st.builds(ev.Reviewed, at=TIMES, message_id=WORDS, intent=st.none() | NAMES, agent=NAMES),
    st.builds(ev.Failed, at=TIMES, part=NAMES, reason=NAMES),
    st.builds(
        ev.ReminderScheduled,
        at=TIMES,
        intent=NAMES,
        due=st.datetimes(timezones=ZONES),
        entities=ENTITIES,
        name=st.none() | NAMES,
        until_message=st.booleans(),
    ),
    st.builds(
        ev.ReminderCancelled, at=TIMES, name=st.none() | NAMES, intent=st.none() | NAMES, entities=ENTITIES
    ),
    st.builds(
        ev.Noted, at=TIMES, kind=st.sampled_from(["export", "made_up"]), body=st.dictionaries(NAMES, VALUES)
    ),
)
LOGS = st.lists(EVENTS, max_size=30)


@given(EVENTS)
def test_an_event_survives_its_json(event: ev.Event) -> None:
    assert from_json(json.loads(json.dumps(to_json(event)))) == event


def test_every_kind_of_event_has_its_json() -> None:
    kinds = {kind for kind in vars(ev).values() if isinstance(kind, type) and issubclass(kind, ev.Event)}
    assert kinds - {ev.Event} == written_kinds()


@given(LOGS, st.integers(0, 30))
def test_the_fold_is_the_same_however_the_log_is_split(log: list[ev.Event], cut: int) -> None:
    start = Conversation("c")
    assert fold(fold(start, log[:cut]), log[cut:]) == fold(start, log)


@given(LOGS)
def test_the_state_stays_small_and_counts_every_event(log: list[ev.Event]) -> None:
    state = fold(Conversation("c"), log)
    assert state.seq == len(log)
    assert len(state.lines) <= 12
    assert len(state.steps) <= 12


def test_photos_without_end_leave_the_state_small_and_what_held_stands() -> None:
    kept = ev.SlotSet(at=0.0, name="kept", value=1)
    shown = [ev.ActionRun(at=0.0, name="utter_only_text"), ev.ActionRun(at=0.0, name="action_listen")]
    state = fold(Conversation("c"), [kept, *(3 * MOST_ACTS * shown)])
    assert len(state.trail.acts) <= MOST_ACTS
    assert state.trail.slots == state.slots == {"kept": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"event": 3},
        {"event": "slot", "timestamp": 1.0},
        {"event": "action"},
        {"event": "bot"},
        {"event": "bot", "timestamp": 1.0, "data": "text"},
        {"event": "bot", "timestamp": 1.0, "data": {"buttons": ["x"]}},
        {"event": "agent", "timestamp": 1.0, "text": "x", "data": ["y"]},
        {"event": "user", "timestamp": 1.0, "parse_data": [1]},
        {"event": "reminder", "timestamp": 1.0, "intent": "greet"},
        {"event": "reminder", "timestamp": 1.0, "intent": "greet", "date_time": "tomorrow"},
        {"event": "reminder", "timestamp": 1.0, "intent": None, "date_time": "2030-01-01T00:00:00"},
        {"event": "reminder", "timestamp": 1.0, "intent": "a", "date_time": "2030-01-01", "entities": ["x"]},
        {"event": "cancel_reminder", "timestamp": 1.0, "entities": 5},
        {"event": "user", "timestamp": 1.0, "parse_data": {"intent": "greet"}},
        {"event": "slot", "timestamp": 10**400, "name": "a", "value": 1},
        {"event": "slot", "timestamp": 1.0, "name": ["a"], "value": 1},
        {"event": "active_loop", "timestamp": 1.0, "name": {"a": 1}},
        {"event": "followup", "timestamp": 1.0, "name": 5},
        {"event": "action_execution_rejected", "timestamp": 1.0, "name": None},
        {"event": "rewind", "timestamp": 1.0, "messages": float("inf")},
    ],
)
def test_json_that_is_no_event_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        from_json(wrong)


def test_a_button_that_is_a_number_reads_as_one() -> None:
    said = from_json({"event": "bot", "text": "?", "data": {"buttons": [{"title": 1, "payload": 2}]}}, at=1.0)
    assert fold(Conversation("c"), [said]).offered == {"2"}


def test_a_null_timestamp_of_an_action_server_takes_the_turns_time() -> None:
    assert from_json({"event": "slot", "timestamp": None, "name": "a", "value": 1}, at=5.0).at == 5.0


def test_rasas_own_keys_are_used() -> None:
    said = ev.UserSaid(
        at=1.0, text="hi", message_id="m", channel="rest", reading=Reading((Verdict("greet", 0.9),))
    )
    shape = to_json(said)
    assert shape["event"] == "user"
    assert shape["parse_data"]["intent"] == {"name": "greet", "confidence": 0.9}
    assert shape["input_channel"] == "rest"


def variations(*given: Variation) -> Domain:
    return Domain(responses={"utter_x": given})


def wording(domain: Domain, slots: dict[str, Any], *, channel: str = "rest", seed: int = 1) -> str | None:
    said = render(domain, "utter_x", slots=slots, channel=channel, language="en", seed=seed, at=1.0)
    return said.text if said else None


def test_a_variation_whose_condition_holds_goes_before_plain_ones() -> None:
    domain = variations(Variation("plain"), Variation("gold", conditions=(SlotCondition("tier", "gold"),)))
    assert wording(domain, {"tier": "gold"}) == "gold"
    assert wording(domain, {}) == "plain"


def test_a_variation_for_this_channel_goes_before_general_ones() -> None:
    domain = variations(Variation("general"), Variation("for telegram", channel="telegram"))
    assert wording(domain, {}, channel="telegram") == "for telegram"
    assert wording(domain, {}) == "general"


def test_the_pick_among_equals_is_fixed_by_the_seed_and_reaches_all() -> None:
    domain = variations(*(Variation(str(number)) for number in range(3)))
    assert {wording(domain, {}, seed=seed) for seed in range(40)} == {"0", "1", "2"}
    assert wording(domain, {}, seed=3) == wording(domain, {}, seed=3)


def test_fields_are_filled_everywhere_and_unknown_ones_left() -> None:
    assert fill({"a": ["{x}", "{y}"]}, {"x": 5000.0}) == {"a": ["5000", "{y}"]}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('/a{{"b": "{x}"}}', '/a{"b": "cat"}'),
        ('/a{{"b": {x}}}', '/a{"b": cat}'),
        ('/a{"b": {"c": 1}}', '/a{"b": {"c": 1}}'),
        ("write {{x}}", "write {x}"),
    ],
)
def test_doubled_braces_stand_for_themselves(written: str, meant: str) -> None:
    assert fill(written, {"x": "cat"}) == meant


@given(st.text(max_size=2 * LONGEST))
def test_normalised_text_is_bounded_and_settled(text: str) -> None:
    once = normalise(text)
    assert len(once) <= LONGEST
    assert normalise(once) == once


def test_payloads_are_told_from_words() -> None:
    assert parse_payload("hello /greet") is None
    assert parse_payload("/ask prices") is None
    found = parse_payload('/inform{"city": "Kiel"}')
    assert found and found.intent == "inform" and found.entities[0].value == "Kiel"


@pytest.mark.parametrize(
    ("written", "entities"),
    [
        ('/inform{"city": "Kiel"}\'', ["Kiel"]),
        ("/inform{city: Kiel}", []),
        ("/inform{broken", []),
        ('/inform{"a": ' + 1900 * "[" + 1900 * "]" + "}", []),
    ],
)
def test_of_a_payload_what_can_be_read_is_read(written: str, entities: list[str]) -> None:
    """As Rasa does: its intent holds, whatever stands behind it."""
    found = parse_payload(written)
    assert found and found.intent == "inform"
    assert [entity.value for entity in found.entities] == entities


@pytest.mark.parametrize(
    ("slot", "value", "fits"),
    [
        (Slot("n", SlotType.FLOAT), "about 6,000 euros", 6000.0),
        (Slot("n", SlotType.FLOAT), "9" * 400, None), (Slot("n", SlotType.FLOAT), 10**400, None),
        (Slot("n", SlotType.FLOAT), float("nan"), None), (Slot("n", SlotType.FLOAT), "٣٤", 34.0),
        (Slot("c", SlotType.CATEGORICAL, values=("北京", "上海")), "我在北京工作", "北京"),
        (Slot("c", SlotType.CATEGORICAL, values=("北京", "上海")), "从北京到上海", None),
        (Slot("c", SlotType.CATEGORICAL, values=("car", "cargo")), "a cargo ship", "cargo"),
        (Slot("c", SlotType.CATEGORICAL, values=("كرة", "سلة")), "اريد كرة من فضلك", "كرة"),
    ],
)  # fmt: skip
def test_a_value_fits_its_slot_or_is_none(slot: Slot, value: Any, fits: Any) -> None:
    assert fitting(slot, value) == fits


@pytest.mark.parametrize(
    ("type_", "value"),
    [(SlotType.BOOL, "½"), (SlotType.BOOL, "五"), (SlotType.FLOAT, "nan"), (SlotType.FLOAT, 10**400)],
)
def test_a_value_of_no_kind_tells_stories_nothing(type_: SlotType, value: Any) -> None:
    assert Slot("a", type_).feature(value) is None


@pytest.mark.parametrize(
    ("messages", "gone"), [(-1, set()), (0, set()), (1, {4, 5, 3}), (2, {2, 3, 4, 5, 1})]
)
def test_reminders_are_taken_back_as_far_as_the_conversation_is(messages: int, gone: set[int]) -> None:
    said = ev.UserSaid(
        at=0.0, text="hi", message_id="m", channel="rest", reading=Reading((Verdict("a", 1.0),))
    )
    listens = ev.ActionRun(at=0.0, name="action_listen")
    reminder = ev.ReminderScheduled(at=0.0, intent="a", due=datetime(2030, 1, 1, tzinfo=UTC))
    log = [listens, said, listens, said, reminder, ev.Rewound(at=0.0, messages=messages)]
    assert taken_back(enumerate(log, start=1)) == gone
    assert fold(Conversation("c"), log).user_messages == 2 - max(messages, 0)
