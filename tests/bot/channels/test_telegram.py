"""Telegram: updates from the documentation in, Bot API calls out to a server built from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.contract import Misconfigured, SendFailed
from bot.channels.split import split, units
from bot.channels.telegram import SECRET_HEADER, TelegramCredentials
from bot.dialogue.events import SlotSet, UserSaid
from bot.store.outbox import Delivery
from tests.bot.channels.fake_telegram import FakeTelegram, fake_telegram
from tests.bot.channels.small_server import LONG_PAYLOAD, SECRET, TOKEN, SmallServer, small_server, until

PATH = "/webhooks/telegram/webhook"
HEADERS = {
    SECRET_HEADER: TelegramCredentials.read({"access_token": TOKEN}, server_secret=SECRET).secret_token
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram(TOKEN) as running:
        yield running


@pytest.fixture
async def server(tmp_path: Path, fake: FakeTelegram) -> AsyncIterator[SmallServer]:
    async with small_server(tmp_path, telegram_api=fake.url) as running:
        yield running


def update(number: int, text: str, *, chat: int = 42, kind: str = "private") -> dict[str, Any]:
    person = {"id": chat, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    message = {
        "message_id": number,
        "from": person,
        "chat": {"id": chat, "type": kind},
        "date": 1,
        "text": text,
    }
    return {"update_id": number, "message": message}


def press(number: int, data: str, *, chat: int = 42) -> dict[str, Any]:
    message = {"message_id": 1, "chat": {"id": chat, "type": "private"}, "date": 1, "text": "Choose:"}
    return {
        "update_id": number,
        "callback_query": {"id": "q1", "from": {"id": chat}, "data": data, "message": message},
    }


async def post(server: SmallServer, body: dict[str, Any], headers: dict[str, str] = HEADERS) -> Any:
    return await server.client.post(PATH, json=body, headers=headers)


def texts(fake: FakeTelegram) -> list[str]:
    return [body["text"] for method, body in fake.taken if method == "sendMessage"]


async def test_answers_through_the_outbox(server: SmallServer, fake: FakeTelegram) -> None:
    response = await post(server, update(1, "hi"))
    assert response.status == 200
    await until(lambda: len(fake.taken) == 1)
    assert fake.taken == [("sendMessage", {"chat_id": "42", "text": "Hello.\n\nHow can we help?"})]
    assert await server.store.queue.find("telegram:42") is not None


@pytest.mark.parametrize(
    "secret", [None, "", "wrong", HEADERS[SECRET_HEADER][:-1], HEADERS[SECRET_HEADER] + "0"]
)
async def test_refuses_a_forged_update(server: SmallServer, secret: str | None) -> None:
    headers = {} if secret is None else {SECRET_HEADER: secret}
    assert (await post(server, update(1, "hi"), headers)).status == 401
    assert await server.store.queue.find("telegram:42") is None


async def test_takes_a_redelivered_update_once(server: SmallServer, fake: FakeTelegram) -> None:
    await asyncio.gather(*(post(server, update(7, "hi")) for _ in range(6)))
    await post(server, update(7, "hi"))
    await until(lambda: len(fake.taken) == 1)
    await post(server, update(8, "menu"))
    await until(lambda: len(fake.taken) == 2)
    assert server.reader.read_texts == ["hi", "menu"]


IGNORED: list[dict[str, Any]] = [
    {"update_id": 1, "edited_message": update(1, "hi")["message"]},
    {
        "update_id": 1,
        "message": {"message_id": 1, "chat": {"id": 42, "type": "private"}, "pinned_message": {}},
    },
    {"update_id": 1, "my_chat_member": {}},
    {"update_id": 1, "callback_query": {"id": "q", "data": None}},
    {"update_id": 1},
    update(1, "hi", chat=-100, kind="supergroup"),
]


@pytest.mark.parametrize("body", IGNORED, ids=range(len(IGNORED)))
async def test_acknowledges_other_kinds_and_leaves_them(server: SmallServer, body: dict[str, Any]) -> None:
    assert (await post(server, body)).status == 200
    assert await server.store.queue.all() == []


def sent(number: int, parts: dict[str, Any]) -> dict[str, Any]:
    """A message of these parts, without text."""
    message = {key: value for key, value in update(number, "")["message"].items() if key != "text"}
    return {"update_id": number, "message": {**message, **parts}}


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "document", "video_note", "location"])
async def test_asks_for_words_where_it_was_sent_none(
    server: SmallServer, fake: FakeTelegram, kind: str
) -> None:
    await post(server, sent(1, {kind: {"file_id": "x"}}))
    await until(lambda: len(fake.taken) == 1)
    assert "written messages" in texts(fake)[0]
    assert server.reader.read_texts == []  # there is nothing to understand
    said = [item.event for item in await server.store.log.after("telegram:42", 0)]
    assert [e.metadata["title"] for e in said if isinstance(e, UserSaid)] == [f"[{kind}]"]


async def test_asks_for_words_in_the_customers_language(server: SmallServer, fake: FakeTelegram) -> None:
    await server.store.log.open("telegram:42", channel="telegram", sender="42", now=1.0)
    await server.store.log.append("telegram:42", [SlotSet(at=1.0, name="language", value="zh")], now=1.0)
    await post(server, sent(1, {"voice": {}}))
    await until(lambda: len(fake.taken) == 1)
    assert "文字" in texts(fake)[0]


async def test_takes_a_caption_for_the_words(server: SmallServer, fake: FakeTelegram) -> None:
    await post(server, sent(1, {"photo": [{"file_id": "x"}], "caption": "menu"}))
    await until(lambda: len(fake.taken) == 1)
    assert (server.reader.read_texts, texts(fake)) == (["menu"], ["Choose:"])


async def test_an_album_is_asked_about_once(server: SmallServer, fake: FakeTelegram) -> None:
    for number in (1, 2, 3):
        await post(server, sent(number, {"photo": [{}], "media_group_id": "777"}))
    await post(server, update(4, "hi"))
    await until(lambda: len(fake.taken) == 2)
    assert "written messages" in texts(fake)[0] and texts(fake)[1].startswith("Hello")


async def test_a_sticker_in_a_group_is_nobodys_business(server: SmallServer) -> None:
    body = sent(1, {"sticker": {}})
    body["message"]["chat"]["type"] = "group"
    assert (await post(server, body)).status == 200
    assert await server.store.queue.all() == []


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}", b'{"update_id": "1"}'])
async def test_refuses_what_is_no_update(server: SmallServer, body: bytes) -> None:
    response = await server.client.post(PATH, data=body, headers=HEADERS)
    assert (response.status, (await response.json())["error"]["code"]) == (400, "bad_request")


async def test_takes_the_first_command_for_a_greeting(server: SmallServer, fake: FakeTelegram) -> None:
    await post(server, update(1, "/start campaign7"))
    await until(lambda: len(fake.taken) == 1)
    assert server.reader.read_texts == ["Hello"]


async def test_carries_payloads_of_any_length(server: SmallServer, fake: FakeTelegram) -> None:
    await post(server, update(1, "menu"))
    await until(lambda: len(fake.taken) == 1)
    rows = fake.taken[0][1]["reply_markup"]["inline_keyboard"]
    short, long = (row[0] for row in rows)
    assert (short["text"], short["callback_data"]) == ("Short", "/pick")
    assert len(long["callback_data"].encode()) <= 64

    answer = await (await post(server, press(2, long["callback_data"]))).json()
    assert answer == {"method": "answerCallbackQuery", "callback_query_id": "q1"}
    await until(lambda: len(fake.taken) == 2)
    assert texts(fake)[-1] == "You picked."
    events = await server.store.log.after("telegram:42")
    last = [item.event for item in events if isinstance(item.event, UserSaid)][-1]
    assert (last.text, last.metadata) == (LONG_PAYLOAD, {"title": "Long"})


async def test_reads_no_other_chats_button(server: SmallServer, fake: FakeTelegram) -> None:
    await post(server, update(1, "menu"))
    await until(lambda: len(fake.taken) == 1)
    data = fake.taken[0][1]["reply_markup"]["inline_keyboard"][1][0]["callback_data"]
    await post(server, press(2, data, chat=43))
    await until(lambda: len(fake.taken) == 2)
    assert server.reader.read_texts[-1] == data


async def test_cuts_a_long_reply_and_keeps_its_order(server: SmallServer, fake: FakeTelegram) -> None:
    await post(server, update(1, "long"))
    await until(lambda: len(fake.taken) == 3)
    assert " ".join(texts(fake)).split() == ["word"] * 2000


async def test_goes_on_where_a_long_reply_stopped(server: SmallServer, fake: FakeTelegram) -> None:
    delivery = Delivery(1, "telegram:42", "telegram", 5, "42", {"text": "word " * 2000}, 1)
    fake.refusals, fake.refuse_after = [(500, {})], 1
    with pytest.raises(SendFailed):
        await server.telegram.send(delivery)
    assert len(fake.taken) == 1
    await server.telegram.send(delivery)
    assert " ".join(texts(fake)).split() == ["word"] * 2000


async def test_waits_as_long_as_the_platform_wishes(server: SmallServer, fake: FakeTelegram) -> None:
    fake.refusals = [(429, {"parameters": {"retry_after": 7}})]
    delivery = Delivery(1, "telegram:42", "telegram", 5, "42", {"text": "a"}, 1)
    with pytest.raises(SendFailed) as failed:
        await server.telegram.send(delivery)
    assert (failed.value.retry_after, failed.value.permanent) == (7.0, False)


async def test_tries_again_after_a_refusal_and_sends_in_order(
    server: SmallServer, fake: FakeTelegram
) -> None:
    fake.refusals = [(502, {}), (500, {})]
    await post(server, update(1, "hi"))
    await post(server, update(2, "menu"))
    await until(lambda: len(fake.taken) == 2)
    assert texts(fake) == ["Hello.\n\nHow can we help?", "Choose:"]


async def test_gives_up_on_a_customer_who_blocked_the_bot(server: SmallServer, fake: FakeTelegram) -> None:
    fake.refusals = [(403, {"description": "Forbidden: bot was blocked by the user"})]
    await post(server, update(1, "hi"))
    await until(lambda: fake.asked == 1)
    await post(server, update(2, "menu"))
    await until(lambda: len(fake.taken) == 1)
    assert texts(fake) == ["Choose:"]


async def test_gives_up_after_enough_attempts_and_goes_on(server: SmallServer, fake: FakeTelegram) -> None:
    fake.refusals = [(500, {})] * 4
    await post(server, update(1, "hi"))
    await until(lambda: fake.asked == 4)
    await post(server, update(2, "menu"))
    await until(lambda: len(fake.taken) == 1)
    assert texts(fake) == ["Choose:"]


async def test_never_shows_its_token(fake: FakeTelegram) -> None:
    credentials = TelegramCredentials.read({"access_token": TOKEN}, server_secret=SECRET)
    assert TOKEN not in repr(credentials) and credentials.secret_token not in repr(credentials)


async def test_registers_no_webhook_without_an_address(server: SmallServer, fake: FakeTelegram) -> None:
    with pytest.raises(Misconfigured):
        await server.telegram.register()


async def test_registers_as_soon_as_the_platform_is_there(server: SmallServer, fake: FakeTelegram) -> None:
    url = "https://a.example/webhooks/telegram/webhook"
    block = {"access_token": TOKEN, "webhook_url": url, "api": fake.url}
    channel = replace(
        server.telegram, credentials=TelegramCredentials.read(block, server_secret=SECRET), _taken={}
    )
    fake.refusals = [(502, {})]
    await channel.announce()
    assert [(method, body["url"]) for method, body in fake.taken] == [("setWebhook", url)]
    assert fake.taken[0][1]["secret_token"] == channel.credentials.secret_token
    await server.telegram.announce()
    assert len(fake.taken) == 1


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"access_token": "nonsense"},
        {"access_token": None},
        {"access_token": TOKEN, "secret_token": "a b"},
        {"access_token": TOKEN, "secret_token": ""},
        {"access_token": TOKEN, "secret_token": None},
    ],
)
def test_refuses_credentials_that_cannot_work(given: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        TelegramCredentials.read(given, server_secret=SECRET)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab .\n\t!?。😀界"), max_size=300), st.integers(2, 40))
def test_cutting_loses_only_space(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(0 < units(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_cuts_between_paragraphs_first() -> None:
    assert split("one two\n\nthree four", 14) == ["one two", "three four"]
    assert split("One two. Three four.", 14) == ["One two.", "Three four."]
