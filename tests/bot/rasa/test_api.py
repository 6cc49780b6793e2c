"""Rasa's interface, request by request: who may call, what is read, what is changed, and what comes next."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue.events import BotSaid, Restarted, Returned, TakenOver
from bot.project.tests_file import read_tests
from tests.bot.channels.small_server import SmallServer
from tests.bot.rasa.conftest import TOKEN, Caller

STATE = {
    "sender_id",
    "slots",
    "latest_message",
    "latest_event_time",
    "followup_action",
    "paused",
    "events",
    "latest_input_channel",
    "active_loop",
    "latest_action",
    "latest_action_name",
}
FAILURE = {"version", "status", "message", "reason", "details", "help", "code"}
ROUTES = [
    ("GET", "/version"),
    ("GET", "/status"),
    ("GET", "/domain"),
    ("POST", "/model/parse"),
    ("POST", "/model/predict"),
    ("GET", "/conversations/ann/tracker"),
    ("POST", "/conversations/ann/tracker/events"),
    ("PUT", "/conversations/ann/tracker/events"),
    ("GET", "/conversations/ann/story"),
    ("POST", "/conversations/ann/messages"),
    ("POST", "/conversations/ann/predict"),
    ("POST", "/conversations/ann/execute"),
    ("POST", "/conversations/ann/trigger_intent"),
    ("PUT", "/model"),
    ("DELETE", "/model"),
    ("POST", "/model/train"),
    ("POST", "/model/test/stories"),
    ("POST", "/model/test/intents"),
]


def kinds(state: Any) -> list[str]:
    return [event["event"] for event in state["events"]]


def actions(state: Any) -> list[str]:
    return [event["name"] for event in state["events"] if event["event"] == "action"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_is_closed_until_a_token_is_set(server: SmallServer, method: str, path: str) -> None:
    response = await server.client.request(method, path, headers={"Authorization": "Bearer x"})
    body = await response.json()
    assert (response.status, body["reason"]) == (403, "NotAuthorized")
    assert "FRONTDESK_API_TOKEN" in body["message"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_asks_for_the_token(caller: Caller, method: str, path: str) -> None:
    for header, query in (("", ""), ("Bearer wrong", ""), ("", "wrong"), (TOKEN, "")):
        response = await caller.server.client.request(
            method, path, headers={"Authorization": header}, params={"token": query}
        )
        body = await response.json()
        assert (response.status, body["reason"], set(body)) == (401, "NotAuthenticated", FAILURE)


async def test_takes_the_token_in_the_address_as_rasas_clients_send_it(caller: Caller) -> None:
    response = await caller.server.client.get("/version", params={"token": TOKEN})
    assert await response.json() == {"version": "3.6.21", "minimum_compatible_version": "3.5.0"}


async def test_names_the_models_that_serve(caller: Caller) -> None:
    assert await caller.get("/status") == {
        "model_file": "b1",
        "model_id": "b1",
        "num_active_training_jobs": 0,
    }


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("application/x-yaml", 200, "application/x-yaml"),
        ("text/html", 406, "application/json"),
    ],
)
async def test_gives_the_domain_as_it_is_asked_for(
    caller: Caller, accept: str, status: int, kind: str
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept}
    response = await caller.server.client.get("/domain", headers=headers)
    assert (response.status, response.content_type) == (status, kind)


async def test_reads_a_text_and_keeps_nothing(caller: Caller) -> None:
    parsed = await caller.post("/model/parse", {"text": "hi", "message_id": "m1"})
    assert parsed["intent"] == {"name": "greet", "confidence": 0.97}
    assert parsed["text"] == "hi" and parsed["entities"] == [] and parsed["message_id"] == "m1"
    assert [ranked["name"] for ranked in parsed["intent_ranking"]] == ["greet", "pick"]
    payload = await caller.post("/model/parse", {"text": '/pick{"what": "tea"}'})
    assert payload["intent"] == {"name": "pick", "confidence": 1.0}
    assert payload["entities"][0]["value"] == "tea"
    assert await caller.server.store.queue.all() == []


async def test_shows_a_conversation_that_nobody_began_as_it_would_begin(caller: Caller) -> None:
    state = await caller.get("/conversations/new/one/tracker")
    assert set(state) == STATE and state["sender_id"] == "new/one"
    assert kinds(state) == ["action", "session_started", "action"]
    assert state["latest_message"]["text"] is None and state["active_loop"] == {}
    assert await caller.server.store.queue.all() == []


async def test_shows_a_conversation_in_rasas_events_alone(caller: Caller) -> None:
    await caller.say("ann", "menu")
    state = await caller.get("/conversations/ann/tracker")
    assert set(state) == STATE
    assert kinds(state) == ["action", "session_started", "action", "user", "slot", "action", "bot", "action"]
    said = next(event for event in state["events"] if event["event"] == "bot")
    assert set(said["data"]) == {"elements", "quick_replies", "buttons", "attachment", "image", "custom"}
    acted = next(event for event in state["events"] if event["event"] == "action")
    assert {"name", "policy", "confidence", "action_text", "hide_rule_turn"} <= set(acted)
    assert state["latest_message"]["intent"]["name"] == "menu"
    assert state["latest_action_name"] == "action_listen" and state["latest_input_channel"] == "rest"


async def test_shows_as_many_events_as_are_asked_for(caller: Caller) -> None:
    await caller.say("ann", "hi")
    await caller.post("/conversations/ann/tracker/events", {"event": "restart"})
    await caller.say("ann", "menu")
    await caller.post("/conversations/ann/tracker/events", {"event": "rewind"})
    path = "/conversations/ann/tracker"
    everything = await caller.get(path, include_events="ALL")
    after = await caller.get(path)
    applied = await caller.get(path, include_events="applied")
    assert kinds(everything).count("user") == 2 and "restart" in kinds(everything)
    assert kinds(after).count("user") == 1 and "restart" not in kinds(after)
    assert kinds(applied).count("user") == 0 and "rewind" not in kinds(applied)
    assert (await caller.get(path, include_events="NONE"))["events"] is None
    refused = await caller.get(path, include_events="SOME", status=400)
    assert set(refused) == FAILURE and refused["details"] == {"parameter": "include_events", "in": "query"}


async def test_shows_how_it_was(caller: Caller) -> None:
    path = "/conversations/ann/tracker/events"
    for at in (10.0, 20.0, 30.0):
        await caller.post(path, {"event": "slot", "name": "purpose", "value": at, "timestamp": at})
    before = await caller.get("/conversations/ann/tracker", until="30")
    assert before["slots"]["purpose"] == 20.0
    await caller.get("/conversations/ann/tracker", until="soon", status=400)


async def test_tells_a_conversation_as_a_test_story_that_the_test_runner_reads(
    caller: Caller, tmp_path: Path
) -> None:
    await caller.say("ann", "menu")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = await caller.server.client.get("/conversations/ann/story", headers=headers)
    assert response.content_type == "text/plain"
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_story.yml").write_text(await response.text(), encoding="utf-8")
    tests, findings = read_tests(tmp_path)
    assert [test.name for test in tests] == ["ann"] and not findings
    assert "- intent: menu\n    user: menu\n  - action: utter_menu\n" in await response.text()
    assert (await caller.get("/conversations/nobody/story", status=404))["reason"] == "Not found"


async def test_adds_one_event_or_a_list_at_the_logs_end(caller: Caller) -> None:
    path = "/conversations/ann/tracker/events"
    state = await caller.post(path, {"event": "slot", "name": "purpose", "value": "a roof"})
    assert kinds(state)[:2] == ["action", "session_started"] and state["slots"]["purpose"] == "a roof"
    both = [{"event": "pause"}, {"event": "bot", "text": "One moment.", "timestamp": None}]
    state = await caller.post(path, both, include_events="ALL")
    assert kinds(state)[-2:] == ["pause", "bot"] and state["paused"] is True
    log = await caller.server.store.log.after("ann")
    assert [item.seq for item in log] == list(range(1, len(log) + 1))


async def test_what_was_added_holds_for_the_next_message(caller: Caller) -> None:
    path = "/conversations/ann/tracker/events"
    await caller.post(path, [{"event": "active_loop", "name": "loan_form"}, _asked("purpose")])
    said = await caller.say("ann", "A roof")
    assert said == [{"recipient_id": "ann", "text": "Noted: A roof."}]


def _asked(slot: str) -> dict[str, Any]:
    return {"event": "slot", "name": "requested_slot", "value": slot}


async def test_puts_events_in_place_and_forgets_nothing(caller: Caller) -> None:
    await caller.say("ann", "menu")
    before = [item.event for item in await caller.server.store.log.after("ann")]
    given = [
        {"event": "action", "name": "action_listen"},
        {"event": "user", "text": "hi", "parse_data": {"intent": {"name": "greet", "confidence": 1.0}}},
    ]
    state = await caller.put("/conversations/ann/tracker/events", given)
    assert kinds(state) == ["action", "user"] and state["latest_message"]["intent"]["name"] == "greet"
    log = [item.event for item in await caller.server.store.log.after("ann")]
    assert log[: len(before)] == before and isinstance(log[len(before)], Restarted)
    assert (await caller.post("/conversations/ann/predict"))["scores"][0]["action"] == "utter_greet"


async def test_a_reminder_that_was_added_comes_due(caller: Caller) -> None:
    reminder = {"event": "reminder", "intent": "menu", "date_time": "2020-01-01T00:00:00+00:00", "name": "r"}
    state = await caller.post("/conversations/ann/tracker/events", reminder)
    assert kinds(state)[-1] == "reminder"
    due = await caller.server.store.timers.due(now=time.time(), limit=9)
    assert [timer.conversation_id for timer in due] == ["ann"]


BAD_EVENTS: list[Any] = [
    [],
    None,
    "slot",
    {},
    {"event": "nonsense"},
    {"event": "slot"},
    {"event": "slot", "name": ["purpose"], "value": 1},
    {"event": "active_loop", "name": {"a": 1}},
    {"event": "user", "text": 7},
    {"event": "user", "text": "x", "parse_data": {"intent": {"name": ["a"], "confidence": 1.0}}},
    {"event": "user", "text": "x", "metadata": {"a": 1}, "message_id": 7},
    {"event": "rewind", "messages": "many"},
    {"event": "slot", "name": "purpose", "value": 1, "timestamp": "now"},
    {"event": "bot", "data": {"buttons": [{"payload": "no title"}]}},
    {"event": "handed_over", "reason": "rule"},
    {"event": "taken_over", "agent": "eve"},
    {"event": "reviewed", "message_id": "m", "intent": "greet", "agent": "eve"},
    [{"event": "pause"}, {"event": "decided", "row": "rule"}],
]


@pytest.mark.parametrize("body", BAD_EVENTS, ids=range(len(BAD_EVENTS)))
async def test_refuses_what_may_not_be_written(caller: Caller, body: Any) -> None:
    for method in ("POST", "PUT"):
        refused = await caller.call(method, "/conversations/ann/tracker/events", body, status=400)
        assert set(refused) == FAILURE and refused["reason"] == "BadRequest"
    assert await caller.server.store.queue.find("ann") is None


async def test_refuses_a_body_that_is_no_json_or_too_large(caller: Caller) -> None:
    path, headers = "/conversations/ann/tracker/events", {"Authorization": f"Bearer {TOKEN}"}
    for body in (b"", b"{", b'{"event": "slot", "name": "a", "value": NaN}', b"[" * 50_000):
        response = await caller.server.client.post(path, data=body, headers=headers)
        assert (response.status, (await response.json())["reason"]) == (400, "BadRequest")
    large = b'{"event": "bot", "text": "' + b"x" * 1_100_000 + b'"}'
    response = await caller.server.client.post(path, data=large, headers=headers)
    assert (response.status, set(await response.json())) == (413, FAILURE)


async def test_takes_a_conversation_step_by_step(caller: Caller) -> None:
    state = await caller.post("/conversations/ann/messages", {"text": "a loan", "sender": "user"})
    assert state["latest_message"]["intent"]["name"] == "loan" and actions(state)[-1] == "action_listen"
    foreseen = await caller.post("/conversations/ann/predict")
    assert foreseen["scores"][0] == {"action": "loan_form", "score": 1.0}
    assert (foreseen["policy"], foreseen["confidence"]) == ("RulePolicy", 1.0)
    assert {score["score"] for score in foreseen["scores"][1:]} == {0.0} and set(foreseen["tracker"]) == STATE
    done = await caller.post(
        "/conversations/ann/execute", {"name": "loan_form", "policy": "RulePolicy", "confidence": 0.9}
    )
    assert done["messages"][0]["text"] == "What for?"
    assert done["tracker"]["active_loop"]["name"] == "loan_form"
    acted = [event for event in done["tracker"]["events"] if event["event"] == "action"][-1]
    assert (acted["name"], acted["policy"], acted["confidence"]) == ("loan_form", "RulePolicy", 0.9)
    assert (await caller.post("/conversations/ann/predict"))["scores"][0]["action"] == "action_listen"
    await caller.post("/conversations/ann/execute", {"name": "action_listen"})
    await caller.post("/conversations/ann/messages", {"text": "A roof", "sender": "user"})
    assert (await caller.post("/conversations/ann/predict"))["scores"][0]["action"] == "loan_form"
    done = await caller.post("/conversations/ann/execute", {"name": "loan_form"})
    assert done["tracker"]["slots"]["purpose"] == "A roof" and done["tracker"]["active_loop"] == {}
    assert (await caller.post("/conversations/ann/predict"))["scores"][0]["action"] == "utter_noted"
    done = await caller.post("/conversations/ann/execute", {"name": "utter_noted"})
    assert [message["text"] for message in done["messages"]] == ["Noted: A roof."]


async def test_runs_an_answer_that_it_foretold(caller: Caller) -> None:
    await caller.post("/conversations/ann/messages", {"text": "where is it", "sender": "user"})
    assert (await caller.post("/conversations/ann/predict"))["scores"][0]["action"] == "action_answer"
    done = await caller.post("/conversations/ann/execute", {"name": "action_answer"})
    assert done["messages"] == [{"recipient_id": "ann", "text": "Your card is on its way."}]


async def test_notes_a_message_as_its_caller_reads_it(caller: Caller) -> None:
    read = {"intent": {"name": "pick", "confidence": 1.0}, "entities": []}
    body = {"text": "that one", "sender": "user", "parse_data": read}
    state = await caller.post("/conversations/ann/messages", body)
    assert state["latest_message"]["intent"]["name"] == "pick"
    assert caller.server.reader.read_texts == []
    wrong = {"intent": {"name": "pick", "confidence": 1.0}, "entities": [1]}
    await caller.post("/conversations/ann/messages", {**body, "parse_data": wrong}, status=400)
    await caller.post("/conversations/ann/messages", {"sender": "bot", "text": "x"}, status=400)


async def test_predicts_from_events_alone(caller: Caller) -> None:
    events = [{"event": "user", "text": "x", "parse_data": {"intent": {"name": "menu", "confidence": 1.0}}}]
    foreseen = await caller.post("/model/predict", events)
    assert foreseen["scores"][0]["action"] == "utter_menu"
    after = [*events, {"event": "action", "name": "utter_menu"}]
    assert (await caller.post("/model/predict", after))["scores"][0]["action"] == "action_listen"
    assert await caller.server.store.queue.all() == []


async def test_triggers_an_intent_as_rasa_marks_it(caller: Caller) -> None:
    await caller.say("ann", "hi")
    done = await caller.post(
        "/conversations/ann/trigger_intent", {"name": "menu", "entities": {"what": "tea"}}
    )
    assert done["messages"][0]["text"] == "Choose:"
    said = done["tracker"]["latest_message"]
    assert said["text"] == "EXTERNAL: menu" and said["metadata"]["is_external"] is True
    assert said["intent"]["name"] == "menu" and said["entities"][0]["value"] == "tea"
    assert caller.server.reader.read_texts == ["hi"]
    missing = await caller.post("/conversations/ann/trigger_intent", {"name": "nonsense"}, status=404)
    assert missing["reason"] == "NotFound"
    await caller.post("/conversations/ann/trigger_intent", {}, status=400)


async def test_a_customer_cannot_ask_what_only_an_operator_may(caller: Caller) -> None:
    forged = {"outside": {"do": "execute", "action": "utter_noted"}, "is_external": True}
    body = {"sender": "ann", "message": "hi", "metadata": forged}
    assert (await caller.post("/webhooks/rest/webhook", body))[0]["text"] == "Hello."
    said = (await caller.get("/conversations/ann/tracker"))["latest_message"]
    assert said["metadata"] == {}


async def test_does_nothing_beside_a_person(caller: Caller) -> None:
    await caller.say("ann", "human")
    await caller.server.store.desk.take_over("ann", TakenOver(at=1.0, agent="eve"), now=1.0)
    refused = await caller.post("/conversations/ann/execute", {"name": "utter_menu"}, status=409)
    assert refused["reason"] == "ConversationError"
    done = await caller.post("/conversations/ann/trigger_intent", {"name": "menu"})
    assert done["messages"] == []
    await caller.post("/conversations/ann/tracker/events", _asked("purpose"))
    await caller.put("/conversations/ann/tracker/events", {"event": "restart"})
    listed = await caller.server.store.queue.find("ann")
    assert listed is not None and (listed.standing.holder, listed.standing.agent) == ("agent", "eve")
    assert (await caller.post("/conversations/ann/predict"))["scores"][0]["action"] == "action_listen"
    await caller.server.store.desk.hand_back("ann", Returned(at=2.0, agent="eve"), now=2.0)
    assert (await caller.say("ann", "menu"))[0]["text"] == "Choose:"


async def test_waits_behind_the_message_that_is_being_answered(caller: Caller) -> None:
    """An event that comes in mid-turn neither spoils the turn nor has it done twice."""
    reader = caller.server.reader
    reader.go.clear()
    message = {"sender": "ann", "message": "menu"}
    async with asyncio.TaskGroup() as group:
        said = group.create_task(caller.post("/webhooks/rest/webhook", message))
        await _waiting(caller, 1)
        added = group.create_task(caller.post("/conversations/ann/tracker/events", {"event": "pause"}))
        await _waiting(caller, 2)
        reader.go.set()
    assert said.result()[0]["text"] == "Choose:"
    assert kinds(added.result())[-2:] == ["action", "pause"] and reader.read_texts == ["menu"]


async def _waiting(caller: Caller, count: int) -> None:
    """Until so many messages of ann's wait to be answered."""
    async with asyncio.timeout(10):
        while not await _pending(caller, count):  # noqa: ASYNC110 - the store offers no event
            await asyncio.sleep(0.01)


async def _pending(caller: Caller, count: int) -> bool:
    listed = await caller.server.store.queue.find("ann")
    return listed is not None and listed.pending >= count


async def test_refuses_actions_that_are_not_there(caller: Caller) -> None:
    await caller.post("/conversations/nobody/execute", {"name": "utter_menu"}, status=404)
    await caller.say("ann", "hi")
    assert (await caller.post("/conversations/ann/execute", {}, status=400))["details"]["parameter"] == "name"
    refused = await caller.post("/conversations/ann/execute", {"name": "action_nonsense"}, status=500)
    assert refused["reason"] == "ConversationError"
    assert await caller.post("/conversations/nobody/predict", status=404)


async def test_sends_over_a_platform_only_where_that_is_asked_for(caller: Caller) -> None:
    store = caller.server.store
    await store.log.open("telegram:42", channel="telegram", sender="42", now=1.0)
    path = "/conversations/telegram:42/execute"
    done = await caller.post(path, {"name": "utter_menu"})
    assert done["messages"][0]["text"] == "Choose:"
    done = await caller.post(path, {"name": "utter_pick"}, output_channel="latest")
    assert "messages" not in done
    due = await store.outbox.due(owner="t", now=10**10, lease_seconds=1.0, limit=9)
    said = [item.event for item in await store.log.after("telegram:42") if isinstance(item.event, BotSaid)]
    assert len(said) == 2 and len(due) <= 1
