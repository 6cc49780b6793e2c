"""Reading, taking over, answering, handing back and reviewing, as the page asks for them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse

from bot.channels.contract import inbound
from bot.dialogue.events import AgentSaid, BotSaid, Reviewed, UserSaid
from tests.bot.channels.small_server import SmallServer
from tests.bot.channels.test_socket import visit
from tests.bot.console.browser import Browser, customer_says
from tests.bot.console.conftest import SignIn


async def rows(browser: Browser, which: str, **more: str) -> list[str]:
    answer = await (await browser.get("conversations", list=which, **more)).json()
    return [row["id"] for row in answer["rows"]]


async def read(browser: Browser, conversation: str) -> dict[str, Any]:
    answer: dict[str, Any] = await (await browser.get("conversation", id=conversation)).json()
    return answer


async def test_a_conversation_goes_to_a_person_and_back(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "hi")
    assert (await rows(agent, "waiting"), await rows(agent, "all")) == ([], ["ann"])
    await customer_says(server, "human")
    assert await rows(agent, "waiting") == ["ann"]

    assert (await agent.post("say", conversation="ann", text="early")).status == 409
    assert (await agent.post("take-over", conversation="ann")).status == 200
    assert (await rows(agent, "waiting"), await rows(agent, "mine")) == ([], ["ann"])
    assert await customer_says(server, "menu") == []
    assert (await agent.post("say", conversation="ann", text=" I am here ")).status == 200
    assert (await agent.post("hand-back", conversation="ann")).status == 200
    assert len(await customer_says(server, "hi")) == 2

    said = [
        e["event"]
        for e in (await read(agent, "ann"))["events"]
        if e["event"] in ("agent", "taken_over", "returned")
    ]
    assert said == ["taken_over", "agent", "returned"]


async def test_shows_the_bots_mind(server: SmallServer, sign_in: SignIn) -> None:
    viewer = await sign_in("vera", "viewer")
    await customer_says(server, "hi")
    events = (await read(viewer, "ann"))["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    user = next(event for event in events if event["event"] == "user")
    parse = user["parse_data"]
    assert parse["intent"] == {"name": "greet", "confidence": 0.97}
    assert parse["prediction_set"] == ["greet"] and parse["guaranteed"] is True
    assert parse["matches"][0]["answer_id"] == "card" and parse["bundle"] == "b1"
    assert any(event["event"] == "decided" and event["row"] for event in events)


async def test_only_a_supervisor_takes_from_a_colleague(server: SmallServer, sign_in: SignIn) -> None:
    eve, max_, boss = (
        await sign_in("eve", "agent"),
        await sign_in("max", "agent"),
        await sign_in("bo", "supervisor"),
    )
    await customer_says(server, "human")
    await eve.post("take-over", conversation="ann")
    taken = await max_.post("take-over", conversation="ann")
    assert (taken.status, (await taken.json())["error"]["code"]) == (409, "held_by_another")
    assert (await max_.post("take-over", conversation="ann", force=True)).status == 403
    assert (await max_.post("say", conversation="ann", text="hi")).status == 409
    assert (await max_.post("hand-back", conversation="ann")).status == 409
    assert (await boss.post("take-over", conversation="ann", force=True)).status == 200
    assert (await eve.post("say", conversation="ann", text="late")).status == 409


async def test_an_agents_answer_leaves_through_the_outbox_where_there_is_one(
    server: SmallServer, sign_in: SignIn
) -> None:
    agent = await sign_in("eve", "agent")
    await server.store.log.open("telegram:42", channel="telegram", sender="42", now=1.0)
    await agent.post("take-over", conversation="telegram:42")
    server.sender.platforms = {}
    await agent.post("say", conversation="telegram:42", text="hello")
    events = await server.store.log.after("telegram:42")
    assert [e.event.text for e in events if isinstance(e.event, AgentSaid)] == ["hello"]
    due = await server.store.outbox.due(owner="t", now=1e12, lease_seconds=1.0, limit=9)
    assert [(d.address, d.body) for d in due] == [("42", {"text": "hello"})]


async def test_the_open_question_is_asked_again_on_return_and_in_the_outbox_too(
    server: SmallServer, sign_in: SignIn
) -> None:
    agent = await sign_in("eve", "agent")
    server.sender.platforms = {}
    for number, text in enumerate(("a loan", "human")):
        message = inbound(
            conversation_id="telegram:42",
            channel="telegram",
            sender="42",
            external_id=f"telegram:{number}",
            text=text,
            at=time.time(),
        )
        assert await server.manager.answered(await server.manager.accept(message), timeout=10)
    before = await server.store.queue.find("telegram:42")
    assert before is not None
    await agent.post("take-over", conversation="telegram:42")
    assert (await agent.post("hand-back", conversation="telegram:42")).status == 200
    events = await server.store.log.after("telegram:42", before.last_seq)
    said = [item for item in events if isinstance(item.event, BotSaid)]
    assert [item.event.text for item in said if isinstance(item.event, BotSaid)][-1] == "What for?"
    due = await server.store.outbox.due(owner="t", now=1e12, lease_seconds=1.0, limit=1)
    sent = []
    while due:
        sent.append((due[0].seq, due[0].address, due[0].body["text"]))
        await server.store.outbox.sent(due[0], provider_id=None)
        due = await server.store.outbox.due(owner="t", now=1e12, lease_seconds=1.0, limit=1)
    assert sent[-1] == (said[-1].seq, "42", "What for?")
    assert [seq for seq, *_ in sent][-len(said) :] == [item.seq for item in said]


async def test_the_form_goes_on_after_the_return(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "a loan")
    await customer_says(server, "human")
    await agent.post("take-over", conversation="ann")
    await agent.post("hand-back", conversation="ann")
    assert [reply["text"] for reply in await customer_says(server, "A roof")] == ["Noted: A roof."]


async def test_a_list_says_what_each_conversation_is_about(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "a loan")
    await customer_says(server, "where is \n my   card " + "x" * 500)
    await customer_says(server, "human")
    await customer_says(server, "hello?")
    for which in ("waiting", "all"):
        (row,) = (await (await agent.get("conversations", list=which)).json())["rows"]
        about = row["about"]
        assert about["said"] == "hello?" and about["form"] == "loan_form" and about["intent"] is None
        assert about["question"].startswith("where is my card x") and len(about["question"]) == 160
    await customer_says(server, "hi", sender="bob")
    listed = (await (await agent.get("conversations", list="all")).json())["rows"]
    assert [row["about"]["said"] for row in listed] == ["hi", "hello?"]
    assert listed[0]["about"]["question"] is None


async def test_colleagues_are_named_as_they_wish(server: SmallServer, sign_in: SignIn) -> None:
    eve, boss = await sign_in("eve", "agent"), await sign_in("bo", "supervisor")
    await eve.post("display-name", display_name="Eve Meyer")
    await customer_says(server, "human")
    await eve.post("take-over", conversation="ann")
    assert (await read(boss, "ann"))["names"] == {"eve": "Eve Meyer"}
    assert (await (await boss.get("conversations", list="all")).json())["names"] == {"eve": "Eve Meyer"}
    socket = await boss.live()
    await socket.send_json({"type": "watch", "id": "ann", "after": 0})
    assert (await _events(socket))["names"] == {"eve": "Eve Meyer"}
    await socket.close()


async def test_looking_through_a_list_is_on_record_once(server: SmallServer, sign_in: SignIn) -> None:
    agent, boss = await sign_in("eve", "agent"), await sign_in("bo", "supervisor")
    for which in ("waiting", "all", "all", "waiting"):
        await rows(agent, which)
    entries = (await (await boss.get("audit")).json())["entries"]
    assert sorted((e["actor"], e["subject"]) for e in entries if e["verb"] == "list") == [
        ("eve", "all"),
        ("eve", "waiting"),
    ]


async def test_records_a_review(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "hi")
    events = (await read(agent, "ann"))["events"]
    user = next(event for event in events if event["event"] == "user")
    bot = next(event for event in events if event["event"] == "bot")
    for intent in ("menu", None):
        done = await agent.post("review", conversation="ann", seq=user["seq"], intent=intent)
        assert done.status == 200
    reviews = [e.event for e in await server.store.log.after("ann") if isinstance(e.event, Reviewed)]
    assert [(r.message_id, r.intent, r.agent) for r in reviews] == [
        (user["message_id"], "menu", "eve"),
        (user["message_id"], None, "eve"),
    ]
    for bad in (
        {"seq": user["seq"], "intent": "no such intent"},
        {"seq": user["seq"], "intent": ["menu"]},
        {"seq": bot["seq"], "intent": "menu"},
        {"seq": 0, "intent": "menu"},
        {"seq": 10_000, "intent": "menu"},
        {"seq": True, "intent": "menu"},
        {"intent": "menu"},
    ):
        assert (await agent.post("review", conversation="ann", **bad)).status in (400, 404), bad


async def test_a_reminder_is_no_words_to_review(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "hi")
    mark = {"is_external": True}
    due = UserSaid(at=1.0, text="EXTERNAL: pick", message_id="r", channel="rest", metadata=mark)
    seq = await server.store.log.append("ann", [due], now=1.0)
    assert (await agent.post("review", conversation="ann", seq=seq, intent="menu")).status == 404
    rows = (await (await agent.get("conversations", list="all")).json())["rows"]
    assert rows[0]["about"]["said"] == "hi"


async def test_every_human_read_is_on_record(server: SmallServer, sign_in: SignIn) -> None:
    await customer_says(server, "human")
    agent, boss = await sign_in("eve", "viewer"), await sign_in("bo", "supervisor")
    await read(agent, "ann")
    await rows(agent, "all")
    socket = await agent.live()
    await socket.send_json({"type": "watch", "id": "ann", "after": 0})
    await _events(socket)
    entries = (await (await boss.get("audit")).json())["entries"]
    reads = [(e["actor"], e["verb"], e["subject"]) for e in entries if e["subject"] == "ann"]
    assert sorted(reads) == [("eve", "read", "ann"), ("eve", "watch", "ann")]
    assert "human" not in str(entries)
    await socket.close()


async def test_pages_through_long_lists_without_gap_or_double(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    for number in range(120):
        await server.store.log.open(f"c{number}", channel="rest", sender="x", now=1.0 + number // 3)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = await (await agent.get("conversations", list="all", **after)).json()
        seen += [row["id"] for row in answer["rows"]]
        if not answer["next"]:
            break
        after = {"after": answer["next"]}
    assert len(seen) == len(set(seen)) == 120
    assert seen[0] in ("c117", "c118", "c119")


async def test_pages_back_through_a_long_conversation(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await server.store.log.open("long", channel="rest", sender="x", now=1.0)
    events = [AgentSaid(at=1.0, text=str(n), agent="max") for n in range(1000)]
    await server.store.log.append("long", events, now=1.0)
    latest = await read(agent, "long")
    assert latest["earlier"] and latest["events"][-1]["seq"] == 1000
    numbers = [event["seq"] for event in latest["events"]]
    while numbers[0] > 1:
        page = await (await agent.get("conversation", id="long", before=numbers[0])).json()
        numbers = [event["seq"] for event in page["events"]] + numbers
    assert numbers == list(range(1, 1001)) and page["earlier"] is False


@pytest.mark.parametrize("name", ["..", "a/b", "a%2Fb", "ü 你好", "?id=x&y", "rest:web:1", "#"])
async def test_reads_conversations_of_any_name(server: SmallServer, sign_in: SignIn, name: str) -> None:
    agent = await sign_in("eve", "agent")
    await server.store.log.open(name, channel="rest", sender="x", now=1.0)
    assert (await read(agent, name))["conversation"]["id"] == name
    assert (await agent.post("take-over", conversation=name)).status == 200


async def test_refuses_what_it_cannot_read(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    assert (await agent.get("conversation", id="nowhere")).status == 404
    assert (await agent.get("conversation")).status == 404
    assert (await agent.get("conversations", list="theirs")).status == 400
    for cursor in ("x", "W10=", "é", "eyJhIjoxfQ=="):
        assert (await agent.get("conversations", list="all", after=cursor)).status == 400, cursor
    assert (await agent.post("take-over", conversation="nowhere")).status == 404
    assert (await agent.post("say", conversation="nowhere", text="x")).status == 404
    assert (await agent.post("say", conversation="nowhere", text=" ")).status == 400
    assert (await agent.post("take-over")).status == 400
    huge = await agent.post("say", conversation="x", text="x" * 100_000)
    assert huge.status == 400


async def _events(socket: ClientWebSocketResponse, *, waiting: list[int] | None = None) -> dict[str, Any]:
    """The next frame of events; `waiting` collects what was said of the queue meanwhile."""
    while True:
        frame: dict[str, Any] = await socket.receive_json(timeout=10)
        if frame["type"] == "events":
            return frame
        if waiting is not None:
            waiting.append(frame["waiting"])


async def test_tells_an_open_console_what_is_new_once(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "hi")
    socket = await agent.live()
    await socket.send_json({"type": "watch", "id": "ann", "after": 2})
    seen = [event["seq"] for event in (await _events(socket))["events"]]
    assert seen[0] == 3
    await customer_says(server, "human")
    told: list[int] = []
    frame = await _events(socket, waiting=told)
    seen += [event["seq"] for event in frame["events"]]
    assert seen == list(range(3, 3 + len(seen)))
    assert frame["conversation"]["holder"] == "queue" and told[-1] == 1
    await socket.close()


async def test_an_open_console_is_closed_when_its_user_is_locked_out(
    server: SmallServer, sign_in: SignIn
) -> None:
    admin, agent = await sign_in("bo", "administrator"), await sign_in("eve", "agent")
    socket = await agent.live()
    await socket.receive_json(timeout=10)
    await admin.post("users/change", name="eve", disabled=True)
    server.hub.ring("anything")
    async for _ in socket:
        pass
    assert socket.close_code == 4401


async def test_ignores_frames_it_does_not_know(server: SmallServer, sign_in: SignIn) -> None:
    socket = await (await sign_in("eve", "agent")).live()
    for frame in ("no json", "[]", '{"type": "watch", "id": 3}', '{"type": "watch", "id": "x", "after": -1}'):
        await socket.send_str(frame)
    await socket.send_json({"type": "ping"})
    while (await socket.receive_json(timeout=10))["type"] != "pong":
        pass
    await socket.close()


async def test_each_side_sees_that_the_other_is_typing(server: SmallServer, sign_in: SignIn) -> None:
    eve, bo = await sign_in("eve", "agent"), await sign_in("bo", "agent")
    await eve.post("display-name", display_name="Eve")
    page = await visit(server)
    await page.say("human")
    await page.until(lambda frame: frame["type"] == "state")
    before = await server.store.log.after(page.conversation)
    sockets = [await browser.live() for browser in (eve, bo)]
    for socket in sockets:
        await socket.send_json({"type": "watch", "id": page.conversation, "after": 0})
        await _events(socket)
    await page.send(type="typing")  # to nobody: the conversation waits
    await eve.post("take-over", conversation=page.conversation)
    await page.until(lambda frame: frame["type"] == "state" and frame["holder"] == "agent")
    await page.send(type="typing")
    for socket in sockets:
        while (frame := await socket.receive_json(timeout=10))["type"] != "typing":
            pass
        assert frame == {"type": "typing", "id": page.conversation}
    await sockets[1].send_json({"type": "typing"})  # only reads along
    await sockets[1].send_json({"type": "ping"})
    while (await sockets[1].receive_json(timeout=10))["type"] != "pong":
        pass
    await sockets[0].send_json({"type": "typing"})
    frame = await page.until(lambda frame: frame["type"] == "typing" and "name" in frame)
    assert frame == {"type": "typing", "on": True, "name": "Eve"}
    after = await server.store.log.after(page.conversation)
    assert len(after) == len(before) + 1
    for socket in (*sockets, page.socket):
        await socket.close()
