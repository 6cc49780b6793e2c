"""Events to and from JSON: Rasa's event shapes, with our own facts beside them under their own names.

One mapping serves the store, Rasa's tracker interface and the action server, so that nothing is spelt twice.
Knows Rasa 3.6's keys (rasa.shared.core.events; rasa_sdk/events.py); not where the JSON goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.dialogue import events as ev
from bot.dialogue.parse_data import entity_to_json, read_entities
from bot.dialogue.wire_messages import bot_to_json, json_to_bot, json_to_user, user_to_json

Json = dict[str, Any]


class WireError(ValueError):
    """This JSON is no event: a required key is missing or has the wrong type."""


def to_json(event: ev.Event) -> Json:
    """The event as one JSON object; `from_json` gives the equal event back."""
    kind, body = _WRITERS[type(event)](event)
    return {"event": kind, "timestamp": event.at, **body}


def from_json(data: Mapping[str, Any], *, at: float | None = None) -> ev.Event:
    """The event in `data`. `at` stands in for a missing or null timestamp (action servers send null).

    Raises WireError. A kind that Rasa knows and this engine does not act on becomes `Noted`.
    """
    kind = data.get("event")
    if not isinstance(kind, str):
        raise WireError("an event needs a text under 'event'")
    stamp, reader = data.get("timestamp"), _READERS.get(kind)
    try:
        moment = float(stamp) if isinstance(stamp, (int, float)) else at
        if moment is None:
            raise WireError(f"the event '{kind}' has no timestamp")
        if reader is None:
            body = {key: value for key, value in data.items() if key not in ("event", "timestamp")}
            return ev.Noted(at=moment, kind=kind, body=body)
        return reader(data, moment)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise WireError(f"the event '{kind}' lacks or misspells a part: {error}") from error


# What rasa-sdk's actions may say that happened (rasa_sdk/events.py), but for the words of others: what
# customers and agents said is theirs alone to put on record.
SDK_KINDS = frozenset(
    {
        "action", "action_execution_rejected", "active_loop", "bot", "cancel_reminder", "export", "followup",
        "form", "form_validation", "loop_interrupted", "pause", "reminder", "reset_slots", "restart",
        "resume", "rewind", "session_ended", "session_started", "slot", "undo",
    }
)  # fmt: skip


def written_kinds() -> set[type[ev.Event]]:
    """The kinds of event that have a JSON form: all of them, which a test holds."""
    return set(_WRITERS)


def _action(event: ev.ActionRun) -> Json:
    """Rasa gives an end-to-end action no name, but its text."""
    body = {"policy": event.policy, "confidence": event.confidence}
    if event.spoken:
        return {"name": None, **body, "action_text": event.name}
    return {"name": event.name, **body}


def _read_action(data: Mapping[str, Any], at: float) -> ev.ActionRun:
    spoken = data.get("name") is None and data.get("action_text") is not None
    name = _text(data["action_text" if spoken else "name"])
    policy, confidence = data.get("policy"), data.get("confidence")
    return ev.ActionRun(at=at, name=name, policy=policy, confidence=confidence, spoken=spoken)


def _reminder(event: ev.ReminderScheduled) -> Json:
    return {
        "intent": event.intent,
        "entities": [entity_to_json(entity) for entity in event.entities],
        "date_time": event.due.isoformat(),
        "name": event.name,
        "kill_on_user_msg": event.until_message,
    }


def _read_reminder(data: Mapping[str, Any], at: float) -> ev.ReminderScheduled:
    return ev.ReminderScheduled(
        at=at,
        intent=_text(data["intent"]),
        due=datetime.fromisoformat(data["date_time"]),
        entities=read_entities(data.get("entities")),
        name=data.get("name"),
        until_message=bool(data.get("kill_on_user_msg", True)),
    )


def _read_cancelled(data: Mapping[str, Any], at: float) -> ev.ReminderCancelled:
    entities = read_entities(data.get("entities"))
    return ev.ReminderCancelled(at=at, name=data.get("name"), intent=data.get("intent"), entities=entities)


def _read_loop(data: Mapping[str, Any], at: float) -> ev.LoopSet:
    name = data.get("name")
    return ev.LoopSet(at=at, name=None if name is None else _text(name))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a text is due")
    return value


Writer = Callable[[Any], tuple[str, Json]]
Reader = Callable[[Mapping[str, Any], float], ev.Event]

# One row an event: what it is called in JSON, how it is written, how it is read.
_TABLE: tuple[tuple[type[ev.Event], str, Callable[[Any], Json], Reader], ...] = (
    (ev.UserSaid, "user", user_to_json, json_to_user),
    (ev.BotSaid, "bot", bot_to_json, json_to_bot),
    (
        ev.AgentSaid,
        "agent",
        lambda e: {"text": e.text, "data": {"agent": e.agent}},
        lambda d, at: ev.AgentSaid(at=at, text=d["text"], agent=(d.get("data") or {}).get("agent", "")),
    ),
    (ev.ActionRun, "action", _action, _read_action),
    (
        ev.ActionRejected,
        "action_execution_rejected",
        lambda e: {"name": e.name, "policy": e.policy, "confidence": None},
        lambda d, at: ev.ActionRejected(at=at, name=_text(d["name"]), policy=d.get("policy")),
    ),
    (
        ev.ActionFailed,
        "action_failed",
        lambda e: {"name": e.name, "reason": e.reason},
        lambda d, at: ev.ActionFailed(at=at, name=d["name"], reason=d["reason"]),
    ),
    (
        ev.SlotSet,
        "slot",
        lambda e: {"name": e.name, "value": e.value},
        lambda d, at: ev.SlotSet(at=at, name=_text(d["name"]), value=d.get("value")),
    ),
    (ev.SlotsReset, "reset_slots", lambda e: {}, lambda d, at: ev.SlotsReset(at=at)),
    (
        ev.LoopSet,
        "active_loop",
        lambda e: {"name": e.name},
        _read_loop,
    ),
    (
        ev.LoopInterrupted,
        "loop_interrupted",
        lambda e: {"is_interrupted": e.interrupted},
        lambda d, at: ev.LoopInterrupted(at=at, interrupted=bool(d["is_interrupted"])),
    ),
    (ev.SessionStarted, "session_started", lambda e: {}, lambda d, at: ev.SessionStarted(at=at)),
    (ev.Restarted, "restart", lambda e: {}, lambda d, at: ev.Restarted(at=at)),
    (ev.Paused, "pause", lambda e: {}, lambda d, at: ev.Paused(at=at)),
    (ev.Resumed, "resume", lambda e: {}, lambda d, at: ev.Resumed(at=at)),
    (
        ev.FlowStarted,
        "flow_started",
        lambda e: {"flow_id": e.flow, "step_id": e.step, "called": e.called},
        lambda d, at: ev.FlowStarted(
            at=at, flow=d["flow_id"], step=d["step_id"], called=bool(d.get("called", False))
        ),
    ),
    (
        ev.FlowMoved,
        "flow_moved",
        lambda e: {"step_id": e.step},
        lambda d, at: ev.FlowMoved(at=at, step=d["step_id"]),
    ),
    (
        ev.FlowEnded,
        "flow_ended",
        lambda e: {"flow_id": e.flow, "cancelled": e.cancelled},
        lambda d, at: ev.FlowEnded(at=at, flow=d["flow_id"], cancelled=bool(d.get("cancelled", False))),
    ),
    (
        ev.Rewound,
        "rewind",
        lambda e: {"messages": e.messages, "keeps_latest": e.keeps_latest},
        lambda d, at: ev.Rewound(
            at=at, messages=int(d.get("messages", 1)), keeps_latest=bool(d.get("keeps_latest", False))
        ),
    ),
    (ev.Undone, "undo", lambda e: {}, lambda d, at: ev.Undone(at=at)),
    (
        ev.FollowupSet,
        "followup",
        lambda e: {"name": e.name},
        lambda d, at: ev.FollowupSet(at=at, name=_text(d["name"])),
    ),
    (ev.ReminderScheduled, "reminder", _reminder, _read_reminder),
    (
        ev.ReminderCancelled,
        "cancel_reminder",
        lambda e: {"intent": e.intent, "entities": [*map(entity_to_json, e.entities)], "name": e.name},
        _read_cancelled,
    ),
    (
        ev.Decided,
        "decided",
        lambda e: {"row": e.row, "commands": list(e.commands)},
        lambda d, at: ev.Decided(at=at, row=d["row"], commands=tuple(d.get("commands", ()))),
    ),
    (
        ev.RedFlagged,
        "red_flagged",
        lambda e: {"flags": list(e.flags)},
        lambda d, at: ev.RedFlagged(at=at, flags=tuple(d["flags"])),
    ),
    (
        ev.HandedOver,
        "handed_over",
        lambda e: {"reason": e.reason.value, "packet": e.packet},
        lambda d, at: ev.HandedOver(at=at, reason=ev.Reason(d["reason"]), packet=dict(d.get("packet") or {})),
    ),
    (
        ev.TakenOver,
        "taken_over",
        lambda e: {"agent": e.agent},
        lambda d, at: ev.TakenOver(at=at, agent=d["agent"]),
    ),
    (
        ev.Returned,
        "returned",
        lambda e: {"agent": e.agent},
        lambda d, at: ev.Returned(at=at, agent=d["agent"]),
    ),
    (
        ev.Reviewed,
        "reviewed",
        lambda e: {"message_id": e.message_id, "intent": e.intent, "agent": e.agent},
        lambda d, at: ev.Reviewed(
            at=at, message_id=d["message_id"], intent=d.get("intent"), agent=d["agent"]
        ),
    ),
    (
        ev.Failed,
        "failed",
        lambda e: {"part": e.part, "reason": e.reason},
        lambda d, at: ev.Failed(at=at, part=d["part"], reason=d["reason"]),
    ),
)


def _writer(kind: str, write: Callable[[Any], Json]) -> Writer:
    return lambda event: (kind, write(event))


_WRITERS: dict[type[ev.Event], Writer] = {
    **{cls: _writer(kind, write) for cls, kind, write, _ in _TABLE},
    ev.Noted: lambda event: (event.kind, event.body),
}
_READERS: dict[str, Reader] = {
    **{kind: read for _, kind, _, read in _TABLE},
    # What Rasa 1 called the two events of forms; Rasa 3 still reads it.
    "form": _read_loop,
    "form_validation": lambda d, at: ev.LoopInterrupted(at=at, interrupted=not d.get("validate", True)),
}
