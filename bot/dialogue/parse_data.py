"""A reading to and from Rasa's `parse_data`: intent, ranking, entities, and what we add beside them.

Knows Rasa 3.6's keys (rasa.shared.nlu.constants); used by events, the tracker and the parse interface alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.dialogue.reading import Entity, Likeness, Match, Reading, Request, Sentiment, Verdict
from bot.dialogue.selection import base_of

Json = dict[str, Any]


def reading_to_parse_data(reading: Reading | None, text: str, message_id: str) -> Json:
    """Rasa's `parse_data`: intent, ranking, entities; ours (matches, prediction set, sentiment, language)
    beside them.
    """
    if reading is None:
        return {
            "text": text,
            "message_id": message_id,
            "intent": {"name": None, "confidence": 0.0},
            "entities": [],
        }
    return {
        "text": text,
        "message_id": message_id,
        "intent": {"name": reading.intent, "confidence": reading.confidence},
        "intent_ranking": [{"name": v.intent, "confidence": v.probability} for v in reading.verdicts],
        "entities": [entity_to_json(entity) for entity in reading.entities],
        **_response_selector(reading),
        "prediction_set": list(reading.prediction_set),
        "out_of_scope": reading.out_of_scope,
        "guaranteed": reading.guaranteed,
        "sure": reading.sure,
        "requests": [asdict(request) for request in reading.requests],
        "matches": [_match(match) for match in reading.matches],
        **(
            {"likenesses": [asdict(likeness) for likeness in reading.likenesses]}
            if reading.likenesses
            else {}
        ),
        "sentiment": asdict(reading.sentiment) if reading.sentiment else None,
        "language": reading.language,
        "bundle": reading.bundle,
        "extra": reading.extra,
    }


def _match(match: Match) -> Json:
    """What is not taken from a document says nothing of one."""
    told = asdict(match)
    return told if match.taken_from else {key: value for key, value in told.items() if key != "taken_from"}


def _response_selector(reading: Reading) -> Json:
    """What Rasa's response selectors say, each retrieval intent having one, the likeliest part first."""
    if not reading.selected:
        return {}
    parts: dict[str, list[Verdict]] = {}
    for verdict in reading.selected:
        parts.setdefault(base_of(verdict.intent), []).append(verdict)
    selectors = {base: _selector(verdicts) for base, verdicts in parts.items()}
    default = _selector(reading.selected)
    return {"response_selector": {"all_retrieval_intents": sorted(parts), "default": default, **selectors}}


def _selector(verdicts: Sequence[Verdict]) -> Json:
    ranking = [{"intent_response_key": v.intent, "confidence": v.probability} for v in verdicts]
    return {"response": {**ranking[0], "utter_action": f"utter_{verdicts[0].intent}"}, "ranking": ranking}


def _selected(data: Mapping[str, Any]) -> tuple[Verdict, ...]:
    ranking = ((data.get("response_selector") or {}).get("default") or {}).get("ranking") or ()
    return tuple(Verdict(item["intent_response_key"], float(item["confidence"])) for item in ranking)


def parse_data_to_reading(data: Mapping[str, Any]) -> Reading | None:
    """The reading in a `parse_data`; None where the message was never read."""
    if "intent_ranking" not in data:
        intent = data.get("intent") or {}
        if not intent.get("name"):
            return None
        data = {**data, "intent_ranking": [intent]}
    return Reading(
        verdicts=tuple(Verdict(item["name"], float(item["confidence"])) for item in data["intent_ranking"]),
        selected=_selected(data),
        prediction_set=tuple(data.get("prediction_set", ())),
        out_of_scope=bool(data.get("out_of_scope", False)),
        guaranteed=bool(data.get("guaranteed", False)),
        sure=data.get("sure"),
        entities=tuple(_entity(item) for item in data.get("entities", ())),
        requests=tuple(Request(**item) for item in data.get("requests", ())),
        matches=tuple(Match(**item) for item in data.get("matches", ())),
        likenesses=tuple(Likeness(**item) for item in data.get("likenesses", ())),
        sentiment=Sentiment(**data["sentiment"]) if data.get("sentiment") else None,
        language=data.get("language", "en"),
        bundle=data.get("bundle", ""),
        extra=dict(data.get("extra", {})),
    )


def entity_to_json(entity: Entity) -> Json:
    """Rasa's entity object; absent parts are left out."""
    pairs = {
        "entity": entity.name,
        "value": entity.value,
        "start": entity.start,
        "end": entity.end,
        "role": entity.role,
        "group": entity.group,
        "extractor": entity.extractor,
        "confidence_entity": entity.confidence,
        "additional_info": entity.details,
    }
    return {key: value for key, value in pairs.items() if value is not None or key == "value"}


def read_entities(given: Any) -> tuple[Entity, ...]:
    """The entities of a reminder or a trigger: Rasa's objects in a list, or `{name: value}`
    (rasa.core.processor, trigger_external_user_uttered). Raises KeyError, TypeError.
    """
    if isinstance(given, Mapping):
        given = [{"entity": name, "value": value} for name, value in given.items()]
    return tuple(_entity(item) for item in given or ())


def _entity(item: Mapping[str, Any]) -> Entity:
    return Entity(
        name=item["entity"],
        value=item.get("value"),
        start=item.get("start"),
        end=item.get("end"),
        role=item.get("role"),
        group=item.get("group"),
        extractor=item.get("extractor"),
        confidence=item.get("confidence_entity"),
        details=item.get("additional_info"),
    )
