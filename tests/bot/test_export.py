"""The export as an operator meets it: a real store, the real command, JSON lines out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.export import export
from bot.dialogue.events import BotSaid, Decided, Event, HandedOver, Reason, Reviewed, UserSaid
from bot.dialogue.reading import Reading, Verdict
from bot.store.migrate import migrate
from bot.store.store import open_store

DAY = 86_400.0


def said(number: int, text: str, *, intent: str | None = "ask_hours", at: float | None = None) -> UserSaid:
    verdicts = (Verdict(intent, 0.81234), Verdict("bye", 0.1)) if intent else ()
    reading = Reading(verdicts=verdicts, language="en", bundle="b1") if intent else None
    return UserSaid(
        at=at or float(number), text=text, message_id=f"m{number}", channel="rest", reading=reading
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRONTDESK_SECRET", "a secret of the tests, long enough")
    for name in ("FRONTDESK_DATABASE", "FRONTDESK_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def keep(project: Path, conversations: dict[str, Sequence[Event]], *, sender: str = "+447700900123") -> None:
    """Write these logs as the server would."""
    url = f"sqlite+aiosqlite:///{project / '.frontdesk' / 'bot.db'}"
    (project / ".frontdesk").mkdir(exist_ok=True)

    async def write() -> None:
        await migrate(url)
        async with open_store(url) as store:
            for name, events in conversations.items():
                now = max(event.at for event in events)
                await store.log.open(name, channel="rest", sender=sender, now=now)
                await store.log.append(name, events, now=now)

    asyncio.run(write())


def run(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(export, [str(project), *arguments], catch_exceptions=False)


def records(project: Path, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(project, *arguments).stdout.splitlines()]


def test_a_record_holds_what_was_said_read_done_and_judged(project: Path) -> None:
    keep(
        project,
        {
            "447700900123": [
                said(1, "mail me at jo@example.com"),
                Decided(at=1.0, row="answer"),
                BotSaid(at=1.0, text="We open at nine.", answer_id="hours"),
                BotSaid(at=1.0, text="Anything else?"),
                said(2, "no, a person please"),
                Decided(at=2.0, row="person"),
                HandedOver(at=2.0, reason=Reason.CUSTOMER_REQUEST),
                Reviewed(at=3.0, message_id="m1", intent="bye", agent="ann"),
                Reviewed(at=4.0, message_id="m1", intent="ask_contact", agent="ben"),
            ]
        },
    )
    first, second = records(project, "--all")
    assert first.pop("conversation") == second["conversation"] != "447700900123"
    assert len(first.pop("contact")) == 32
    by = first["reviewed"].pop("by")
    assert by != "ben" and len(by) == 32
    assert first == {
        "seq": 1,
        "channel": "rest",
        "at": "1970-01-01T00:00:01+00:00",
        "text": "mail me at <email>",
        "language": "en",
        "intent_read": "ask_hours",
        "confidence": 0.8123,
        "bundle": "b1",
        "decided": "answer",
        "answer_id": "hours",
        "handed_over": None,
        "reviewed": {"intent": "ask_contact"},
    }
    assert (second["decided"], second["handed_over"], second["reviewed"]) == (
        "person",
        "customer_request",
        None,
    )


def test_nothing_that_names_a_person_leaves(project: Path) -> None:
    events = [
        said(1, "I am Jo Bloggs, +44 7700 900123"),
        Reviewed(at=2, message_id="m1", intent=None, agent="nora"),
    ]
    keep(project, {"telegram:555019": events})
    written = run(project, "--all").stdout
    for name in ("Bloggs", "900123", "555019", "nora", "a secret"):
        assert name not in written


def test_only_reviewed_messages_unless_all_are_asked_for(project: Path) -> None:
    events = [said(1, "one"), said(2, "two"), Reviewed(at=3, message_id="m2", intent=None, agent="ann")]
    keep(project, {"a": events, "b": [said(1, "three")]})
    assert [(r["text"], r["reviewed"]["intent"]) for r in records(project)] == [("two", None)]
    assert [r["text"] for r in records(project, "--all")] == ["one", "two", "three"]


def test_since_counts_from_the_message(project: Path) -> None:
    keep(
        project, {"a": [said(1, "old", at=DAY), said(2, "new", at=3 * DAY)], "b": [said(1, "older", at=1.0)]}
    )
    assert [r["text"] for r in records(project, "--all", "--since", "1970-01-03")] == ["new"]
    assert run(project, "--since", "yesterday").exit_code == 2


def test_a_message_that_no_model_read_is_exported_without_a_reading(project: Path) -> None:
    keep(project, {"a": [said(1, "hello", intent=None)]})
    (record,) = records(project, "--all")
    assert (record["intent_read"], record["confidence"], record["bundle"]) == (None, None, None)


def test_pseudonyms_hold_across_exports_and_depend_on_the_secret(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(project, {"a": [said(1, "hello")], "b": [said(1, "hello")]})
    one, two = records(project, "--all")
    assert one["contact"] == two["contact"] and one["conversation"] != two["conversation"]
    assert records(project, "--all") == [one, two]
    monkeypatch.setenv("FRONTDESK_SECRET", "another secret of the tests, also long")
    assert records(project, "--all")[0]["contact"] != one["contact"]


def test_what_no_customer_said_is_left_out_with_all_that_followed_it(project: Path) -> None:
    external = replace(said(2, "EXTERNAL: EXTERNAL_water"), metadata={"is_external": True})
    events = [said(1, "hello"), external, Decided(at=2.0, row="rule"), said(3, "thanks")]
    keep(project, {"a": [*events, Decided(at=3.0, row="story")]})
    assert [(r["text"], r["decided"]) for r in records(project, "--all")] == [
        ("hello", None),
        ("thanks", "story"),
    ]


def test_a_long_conversation_comes_whole_and_in_order(project: Path) -> None:
    events: list[Event] = []
    for number in range(1, 801):
        events += [said(number, f"word {number}"), Decided(at=float(number), row="rule")]
    events.append(Reviewed(at=900.0, message_id="m1", intent="late", agent="ann"))
    keep(project, {"a": events})
    found = records(project, "--all")
    assert [r["seq"] for r in found] == [2 * number - 1 for number in range(1, 801)]
    assert found[0]["reviewed"]["intent"] == "late" and {r["decided"] for r in found} == {"rule"}


def test_a_file_is_written_whole_for_its_owner_alone(project: Path) -> None:
    keep(project, {"a": [said(1, "hello")]})
    target = project / "out.jsonl"
    result = run(project, "--all", "--out", str(target))
    assert json.loads(target.read_text(encoding="utf-8"))["text"] == "hello"
    assert target.stat().st_mode & 0o077 == 0
    assert "1 messages of 1 conversations" in result.stderr
    refused = run(project, "--out", str(project / "none" / "out.jsonl"))
    assert refused.exit_code == 1 and "writable path" in refused.stderr


def test_a_project_that_never_served_exports_nothing(project: Path) -> None:
    result = run(project)
    assert result.exit_code == 0 and result.stdout == ""
