"""A conversation as Rasa's interface shows it: the tracker's state and its events, to a given fullness.

Knows Rasa's keys and which of a log's events Rasa has (rasa.shared.core.trackers, events); reads no store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import Event
from bot.dialogue.fold import fold
from bot.dialogue.tracker import tracker
from bot.dialogue.wire import to_json

Json = dict[str, Any]

# Kinds that only this program's log has: who has the conversation, what was decided, judged or failed.
_OURS = frozenset(
    {
        "action_failed",
        "decided",
        "failed",
        "handed_over",
        "red_flagged",
        "returned",
        "reviewed",
        "taken_over",
    }
)
# Keys that Rasa's events have and ours need not keep, and one that is not for its clients.
_ALSO: dict[str, Json] = {"action": {"action_text": None, "hide_rule_turn": False}}
_HIDDEN: dict[str, Json] = {"agent": {"data": None}}
_BOT_DATA = {
    "elements": None,
    "quick_replies": None,
    "buttons": None,
    "attachment": None,
    "image": None,
    "custom": None,
}
_NOTHING_SAID: Json = {"intent": {}, "entities": [], "text": None, "message_id": None, "metadata": {}}


class Verbosity(StrEnum):
    """Which events a tracker is shown with (rasa.shared.core.trackers, EventVerbosity)."""

    NONE = "NONE"
    APPLIED = "APPLIED"
    AFTER_RESTART = "AFTER_RESTART"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Tracker:
    """A conversation with its whole log, as `sender` knows it. `slots` hold before any event."""

    sender: str
    events: tuple[Event, ...]
    slots: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Conversation:
        """What the events amount to."""
        return fold(Conversation(self.sender, slots=self.slots), self.events)

    def until(self, time: float | None) -> Tracker:
        """As it was before `time`, in seconds since the epoch."""
        if time is None:
            return self
        return replace(self, events=tuple(event for event in self.events if event.at < time))

    def to_json(self, domain: Domain, verbosity: Verbosity) -> Json:
        """Rasa's state of a tracker."""
        body, shown = tracker(domain, self.state, self.events[-1:]), self.rasa_events()
        if not body["latest_message"]:
            body["latest_message"] = dict(_NOTHING_SAID)
        if not shown:
            body["latest_event_time"] = None
        return {**body, "events": _chosen(shown, verbosity)}

    def rasa_events(self) -> list[Json]:
        """Those of the events that Rasa has, as it writes them."""
        told = (to_json(event) for event in self.events)
        return [_as_rasa(event) for event in told if event["event"] not in _OURS]


def _as_rasa(event: Json) -> Json:
    if event["event"] == "bot":
        return {**event, "data": {**_BOT_DATA, **(event.get("data") or {})}}
    return {**_ALSO.get(event["event"], {}), **event, **_HIDDEN.get(event["event"], {})}


def _chosen(events: list[Json], verbosity: Verbosity) -> list[Json] | None:
    match verbosity:
        case Verbosity.NONE:
            return None
        case Verbosity.ALL:
            return events
        case Verbosity.APPLIED:
            return applied(events)
        case Verbosity.AFTER_RESTART:
            restarts = [place for place, event in enumerate(events) if event["event"] == "restart"]
            return events[restarts[-1] + 1 :] if restarts else events


def applied(events: Sequence[Json]) -> list[Json]:
    """Without what was taken back (rasa.shared.core.trackers, applied_events)."""
    kept: list[Json] = []
    for event in events:
        match event["event"]:
            case "restart" | "session_started":
                kept = []
            case "undo":
                _undo(kept, "action")
            case "rewind":
                _rewind(kept, event)
            case _:
                kept.append(event)
    return kept


def _rewind(kept: list[Json], event: Json) -> None:
    """Take messages back; the newest comes after all where the event says so."""
    said = [event for event in kept if event["event"] == "user"]
    for _ in said[-event.get("messages", 1) :]:
        _undo(kept, "user")
        _undo(kept, "action")
    if event.get("keeps_latest"):
        kept += said[-1:]


def _undo(kept: list[Json], kind: str) -> None:
    """Drop everything from the last event of this kind on; all of it where there is none."""
    while kept and kept.pop()["event"] != kind:
        pass
