"""Why a message was read as it was, as the page asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.console.explanations import ANSWER
from bot.dialogue.events import UserSaid
from bot.operations import describe
from tests.bot.channels.small_server import SmallServer
from tests.bot.console.browser import customer_says
from tests.bot.console.conftest import SignIn


async def place_of(server: SmallServer, text: str) -> int:
    items = await server.store.log.after("ann")
    return next(i.seq for i in items if isinstance(i.event, UserSaid) and i.event.text == text)


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """The part of JSON Schema that the routes use."""
    match schema["type"]:
        case "object":
            inside = schema["properties"]
            return set(value) == set(schema["required"]) and all(fits(value[k], inside[k]) for k in inside)
        case "array":
            return isinstance(value, list) and all(fits(item, schema["items"]) for item in value)
        case kind:
            types: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}
            return isinstance(value, types[kind])


async def test_the_words_and_the_nearest_examples(server: SmallServer, sign_in: SignIn) -> None:
    viewer = await sign_in("vera", "viewer")
    text = "hello, not you 😀 你好"
    await customer_says(server, text)
    answer = await viewer.get("explanation", conversation="ann", seq=await place_of(server, text))
    found = await answer.json()
    assert answer.status == 200 and fits(found, ANSWER)
    words = [(text[one["start"] : one["end"]], one["weight"]) for one in found["words"]]
    assert words == [("hello", 1.25), ("not", -2.0), ("you", 0.75), ("你", 0.25), ("好", 0.25)]
    assert [one["intent"] for one in found["examples"]] == ["greet", "greet"] and found["bundle"] == "b1"
    noted = await server.store.audit.page(limit=9)
    assert ("vera", "explain", "ann") in {(entry.actor, entry.verb, entry.subject) for entry in noted}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"conversation": "ann"}, 400, "bad_input"),
        ({"conversation": "ann", "seq": "one"}, 400, "bad_input"),
        ({"conversation": "ann", "seq": "9" * 30}, 400, "bad_input"),
        ({"conversation": "nobody", "seq": "1"}, 404, "not_found"),
        ({"conversation": "ann", "seq": "0"}, 404, "not_found"),
        ({"conversation": "ann", "seq": "999"}, 404, "not_found"),
    ],
)
async def test_what_is_not_there_is_refused(
    server: SmallServer, sign_in: SignIn, query: dict[str, str], status: int, code: str
) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "hi")
    answer = await agent.get("explanation", **query)
    assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)


async def test_a_place_of_the_bots_own_is_no_message(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "hi")
    items = await server.store.log.after("ann")
    place = next(item.seq for item in items if not isinstance(item.event, UserSaid))
    assert (await agent.get("explanation", conversation="ann", seq=place)).status == 404


async def test_a_bot_without_intents_has_nothing_to_explain(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "A roof")
    answer = await agent.get("explanation", conversation="ann", seq=await place_of(server, "A roof"))
    assert (answer.status, (await answer.json())["error"]["code"]) == (404, "not_found")


async def test_models_that_fail_are_told_of(server: SmallServer, sign_in: SignIn) -> None:
    agent = await sign_in("eve", "agent")
    await customer_says(server, "hi")
    server.reader.explains = False
    answer = await agent.get("explanation", conversation="ann", seq=await place_of(server, "hi"))
    assert (answer.status, (await answer.json())["error"]["code"]) == (503, "unavailable")


def test_openapi_tells_the_query_and_the_answers_shape(server: SmallServer) -> None:
    told = describe(server.console.routes())["paths"]["/console/api/explanation"]["get"]
    assert [(one["name"], one["in"]) for one in told["parameters"]] == [
        ("conversation", "query"),
        ("seq", "query"),
    ]
    assert told["responses"]["200"]["content"]["application/json"]["schema"] == ANSWER
    assert "nearest training examples" in told["summary"]
