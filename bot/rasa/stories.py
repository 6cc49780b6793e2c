"""A conversation as Rasa's test story: what the customer said and what the bot did, as YAML.

Knows Rasa's steps (rasa.shared.core.training_data.story_writer.yaml_story_writer); reads no store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, Event, LoopSet, SessionStarted, SlotSet, UserSaid
from bot.dialogue.names import LANGUAGE_SLOT, LISTEN, SESSION_START, SPOKEN_SLOT, UNLIKELY_INTENT
from bot.dialogue.parse_data import entity_to_json
from bot.dialogue.reading import Entity
from bot.rasa.trackers import Tracker

_ENGINES = frozenset({LANGUAGE_SLOT, SPOKEN_SLOT})  # the engine fills them
_UNTOLD = frozenset({LISTEN, SESSION_START, UNLIKELY_INTENT})  # no story names them
_MARKED = ("entity", "role", "group", "value")


def stories(domain: Domain, tracker: Tracker, *, all_sessions: bool) -> str:
    """The last session as a story, or one story for each session."""
    sessions = _sessions(tracker.events)
    chosen = sessions if all_sessions else sessions[-1:]
    many = len(chosen) > 1
    told = [
        {
            "story": f"{tracker.sender}, story {number}" if many else tracker.sender,
            "steps": [step for event in events for step in _steps(domain, event)],
        }
        for number, events in enumerate(chosen, start=1)
    ]
    body = {"version": "3.1", "stories": told}
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=1000)


def _sessions(events: Sequence[Event]) -> list[list[Event]]:
    """The events of each session; what came before the first one belongs to it."""
    found: list[list[Event]] = [[]]
    for event in events:
        if isinstance(event, SessionStarted) and any(isinstance(e, UserSaid) for e in found[-1]):
            found.append([])
        found[-1].append(event)
    return found


def _steps(domain: Domain, event: Event) -> list[Mapping[str, Any]]:
    match event:
        case UserSaid():
            intent = event.reading.intent if event.reading else None
            entities = event.reading.entities if event.reading else ()
            named = {"intent": intent} if intent else {}
            return [{**named, "user": annotated(event.text, entities)}]
        case ActionRun(name=name, spoken=True):
            return [{"bot": name}]
        case ActionRun(name=name) if name not in _UNTOLD:
            return [{"action": name}]
        case LoopSet(name=name):
            return [{"active_loop": name}]
        case SlotSet(name=name, value=value) if name not in (
            LANGUAGE_SLOT,
            SPOKEN_SLOT,
        ) or name in domain.raw.get("slots", {}):
            return [{"slot_was_set": [{name: value}]}]
        case _:
            return []


def annotated(text: str, entities: Sequence[Entity]) -> str:
    """The text with its entities marked as training data marks them; of overlapping ones the first."""
    parts, end = [], 0
    for entity in sorted(entities, key=lambda found: found.start or 0):
        if entity.start is None or entity.end is None or not end <= entity.start < entity.end <= len(text):
            continue
        found = text[entity.start : entity.end]
        body = {key: value for key, value in entity_to_json(entity).items() if key in _MARKED}
        if body.get("value") == found:
            del body["value"]
        mark = f"({entity.name})" if set(body) == {"entity"} else json.dumps(body, ensure_ascii=False)
        parts += [text[end : entity.start], f"[{found}]{mark}"]
        end = entity.end
    return "".join([*parts, text[end:]])
