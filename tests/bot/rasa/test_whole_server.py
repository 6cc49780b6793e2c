"""Rasa's clients against `frontdesk serve` as an operator starts it: models, action server, credentials and
all.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.bot.serving import Running, serving

TOKEN = "an operator's token"
CREDENTIALS = "rest:\nsocketio:\n  session_persistence: true\n"


@pytest.fixture
def running(project: Path) -> Any:
    (project / "credentials.yml").write_text(CREDENTIALS, encoding="utf-8")
    with serving(project, environment={"FRONTDESK_API_TOKEN": TOKEN}) as server:
        yield server


def call(server: Running, method: str, path: str, body: Any = None) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data=raw, method=method)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def test_rasas_clients_work(running: Running) -> None:
    _a_form_is_stepped_through_with_the_projects_own_validation(running)
    asyncio.run(_a_page_is_answered(running))
    parsed = call(running, "POST", "/model/parse", {"text": "good morning"})
    assert parsed["intent"]["name"] == "greet" and len(parsed["intent_ranking"]) > 1
    assert "table_form" in call(running, "GET", "/domain")["forms"]
    assert call(running, "GET", "/status")["model_id"]
    paths = running.get("/openapi.json")[1]["paths"]
    assert {"/conversations/{conversation_id}/tracker/events", "/socket.io/", "/model/parse"} <= paths.keys()


def _a_form_is_stepped_through_with_the_projects_own_validation(running: Running) -> None:
    one = "/conversations/ann"
    for text, done in (
        ("I'd like to reserve a table", ["table_form"]),
        ("4", ["table_form"]),
        ("Friday", ["table_form", "utter_noted"]),
    ):
        call(running, "POST", f"{one}/messages", {"text": text, "sender": "user"})
        acted = []
        for _ in range(5):
            action = call(running, "POST", f"{one}/predict")["scores"][0]["action"]
            state = call(running, "POST", f"{one}/execute", {"name": action})["tracker"]
            if action == "action_listen":
                break
            acted.append(action)
        assert acted[0] == done[0] and len(acted) == len(done), (text, acted)
    assert (state["slots"]["guests"], state["slots"]["day"], state["active_loop"]) == (4, "Friday", {})


async def _a_page_is_answered(running: Running) -> None:
    client, told = socketio.AsyncClient(), asyncio.Queue[Any]()
    client.on("bot_uttered", told.put)
    await client.connect(running.url, transports=["websocket"])
    await client.emit("session_request", {"session_id": None})
    await client.emit("user_uttered", {"message": "good morning"})
    assert await asyncio.wait_for(told.get(), 30) == {"text": "Hello, this is the Blue Door."}
    await client.disconnect()
