"""The whole server as a process: one message from end to end, a crash in the middle, and bad input of every
kind.
"""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bot.serving import Running, free_port, serving


@pytest.fixture(scope="module")
def server(trained_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    database = tmp_path_factory.mktemp("serving") / "bot.db"
    own = {"FRONTDESK_DATABASE": f"sqlite+aiosqlite:///{database}"}
    with serving(trained_project, environment=own) as running:
        yield running


def wait_until(holds: Callable[[], bool], *, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def count(database: Path, sql: str) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return int(connection.execute(sql).fetchone()[0])


def test_a_message_is_answered_in_rasas_json(server: Running) -> None:
    status, replies = server.post({"sender": "ann", "message": "good morning"})
    assert status == 200
    assert replies == [{"recipient_id": "ann", "text": "Hello, this is the Blue Door."}]


def test_a_form_is_filled_over_several_messages_with_the_projects_own_validation(server: Running) -> None:
    assert server.say("I'd like to reserve a table", sender="bob") == ["For how many?"]
    assert server.say("many", sender="bob") == ["Please give me a number.", "For how many?"]
    assert server.say("4", sender="bob") == ["For which day?"]
    assert server.say("Friday", sender="bob") == ["A table for 4 on Friday: a colleague will confirm it."]


def test_a_stored_answer_comes_in_the_customers_language(server: Running) -> None:
    assert "noon to 11 pm" in server.say("what are your opening hours?", sender="cleo")[0]
    assert "十二点" in server.say("营业时间是几点", sender="cleo")[0]


def test_a_retry_under_the_same_id_gets_the_same_reply_and_no_second_turn(server: Running) -> None:
    first = server.say("good morning", sender="dan", message_id="1")
    again = server.say("good morning", sender="dan", message_id="1")
    assert first == again


def test_an_action_that_breaks_gets_a_sentence_and_a_person(server: Running) -> None:
    replies = server.say("please run the broken job", sender="eve")
    assert len(replies) == 1 and "colleague" in replies[0]
    assert "RuntimeError" not in replies[0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"[]", 400),
        (b'{"sender": {}, "message": "x"}', 400),
        (b'{"sender": "a", "message": 5}', 400),
        (b'{"sender": "a", "message": "' + b"x" * 1_000_000 + b'"}', 413),
        (b"[" * 60_000, 400),
        (b"\xff\xfe\x00", 400),
    ],
)
def test_bad_input_is_a_clear_error_without_a_trace(server: Running, body: bytes, status: int) -> None:
    got, answer = server.post(body)
    assert got == status
    assert set(answer["error"]) == {"code", "message"}
    assert "Traceback" not in str(answer)


def test_addresses_and_methods_that_do_not_exist_answer_in_the_same_shape(server: Running) -> None:
    assert server.get("/nothing")[0] == 404
    assert server.get("/webhooks/rest/webhook")[1]["error"]["code"] == "http_405"


def test_health_metrics_and_the_interface_description_are_there(server: Running) -> None:
    assert server.get("/health/live") == (200, {"status": "ok"})
    assert server.get("/health/ready")[1]["bundle"] is True
    server.say("hello", sender="fay")
    assert "frontdesk_messages_total" in server.get("/metrics")[1]
    assert "/webhooks/rest/webhook" in server.get("/openapi.json")[1]["paths"]


def test_the_chat_page_bears_the_bots_title(server: Running) -> None:
    assert 'data-title="Small Project"' in server.get("/")[1]


def test_a_kill_between_accept_and_reply_loses_nothing_and_doubles_nothing(project: Path) -> None:
    database = project / ".frontdesk" / "bot.db"
    slow = {"SMALL_PROJECT_WAIT": "30"}
    with serving(project, environment=slow) as first:
        hung = threading.Thread(target=_try, args=(first,), daemon=True)
        hung.start()
        wait_until(lambda: count(database, "SELECT count(*) FROM inbox WHERE state = 'pending'") == 1)
        first.kill()
    assert count(database, "SELECT count(*) FROM events") == 0
    with serving(project) as second:
        wait_until(
            lambda: count(database, "SELECT count(*) FROM inbox WHERE state = 'pending'") == 0, seconds=60
        )
        replies = second.say("please run the slow job", message_id="once")
        assert replies == ["The slow job is done."]
    assert count(database, "SELECT count(*) FROM events WHERE kind = 'user'") == 1
    assert count(database, "SELECT count(*) FROM events WHERE kind = 'bot'") == 1


def _try(running: Running) -> None:
    with contextlib.suppress(Exception):
        running.say("please run the slow job", message_id="once")


def test_without_an_action_server_the_customer_gets_a_sentence_and_a_person(project: Path) -> None:
    nobody = {"FRONTDESK_ACTION_URL": f"http://127.0.0.1:{free_port()}/webhook"}
    with serving(project, environment=nobody) as running:
        replies = running.say("please run the slow job")
        assert len(replies) == 1 and "colleague" in replies[0]
        assert running.say("good morning", sender="other") == ["Hello, this is the Blue Door."]


def test_a_bundle_with_one_byte_changed_is_refused(project: Path) -> None:
    bundles = project / ".frontdesk" / "bundles"
    model = bundles / (bundles / "champion").read_text().strip() / "encoder" / "model.onnx"
    model.chmod(0o644)
    body = bytearray(model.read_bytes())
    body[len(body) // 2] ^= 1
    model.write_bytes(bytes(body))
    done = frontdesk("serve", str(project), "--port", "0")
    assert done.returncode == 1
    assert "encoder/model.onnx" in done.stderr
    assert "Traceback" not in done.stderr


def test_broken_yaml_names_its_file_and_line(project: Path) -> None:
    rules = project / "data" / "rules.yml"
    rules.write_text(rules.read_text() + "  - rule: [unclosed\n")
    done = frontdesk("check", str(project))
    assert done.returncode == 1
    assert "data/rules.yml:" in done.stdout
    served = frontdesk("serve", str(project), "--port", "0")
    assert served.returncode == 1
    assert "data/rules.yml:" in served.stderr and "Traceback" not in served.stderr


def frontdesk(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
