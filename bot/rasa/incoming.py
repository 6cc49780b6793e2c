"""Reads what callers of Rasa's interface send: bodies, queries, and events to put on record.

Knows the keys, limits and which events an outside program may write; not what is done with them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from aiohttp import web

from bot.channels.contract import read_body
from bot.dialogue.parse_data import parse_data_to_reading
from bot.dialogue.wire import SDK_KINDS, WireError, from_json
from bot.rasa.refusals import bad_request
from bot.rasa.soundness import is_sound
from bot.rasa.trackers import Verbosity

Json = dict[str, Any]

LARGEST_BODY = 1024 * 1024  # bytes: a whole conversation may be put in place at once
MOST_EVENTS = 5000

# What an outside program may put on record: Rasa's events (rasa/shared/utils/schemas/events.py). Who has the
# conversation, what the policy decided, what a reviewer judged and which red flag was seen is said by this
# program alone.
MAY_WRITE = SDK_KINDS | {
    "agent", "entities", "user", "user_featurization",
}  # fmt: skip


async def read_json(request: web.Request) -> Any:
    """The JSON of the body, whatever its content type says. Raises Refusal, TooLarge."""
    body = await read_body(request, limit=LARGEST_BODY)
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise bad_request("The body is not JSON.") from None


async def read_object(request: web.Request) -> Json:
    """The JSON object of the body. Raises Refusal, TooLarge."""
    body = await read_json(request)
    if not isinstance(body, dict):
        raise bad_request("The body must be a JSON object.")
    return body


async def read_events(request: web.Request, *, at: float) -> list[Json]:
    """One event or a list of them, each fit for the log; `at` stands in for a timestamp that is not given.

    Raises Refusal, TooLarge.
    """
    body = await read_json(request)
    given = body if isinstance(body, list) else [body]
    if not 0 < len(given) <= MOST_EVENTS:
        raise bad_request(f"Send an event, or a list of 1 to {MOST_EVENTS} events.")
    return [read_event(item, at=at) for item in given]


def read_event(item: Any, *, at: float) -> Json:
    """One event that may be written, with a timestamp. Raises Refusal."""
    kind = item.get("event") if isinstance(item, dict) else None
    if not isinstance(kind, str) or kind not in MAY_WRITE:
        raise bad_request(f"Each event needs one of these under `event`: {', '.join(sorted(MAY_WRITE))}.")
    stamp = item.get("timestamp")
    given = isinstance(stamp, (int, float)) and not isinstance(stamp, bool)
    if stamp is not None and not given:
        raise bad_request("`timestamp` must be a number of seconds, or null.", part="timestamp")
    event = {**item, "timestamp": float(stamp) if given else at}
    if kind == "agent":
        event["data"] = {}  # nobody speaks under the name of an account
    try:
        sound = is_sound(from_json(event))
    except WireError:
        sound = False
    if not sound:
        raise bad_request(f"An event of the kind `{kind}` lacks or misspells a part.")
    return event


def text_of(body: Mapping[str, Any], key: str, missing: str) -> str:
    """A text of the body that must be there. Raises Refusal with the message `missing`."""
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise bad_request(missing, part=key)
    return value


def parse_data_of(body: Mapping[str, Any]) -> Json | None:
    """How the caller reads the message, if it says so. Raises Refusal."""
    given = body.get("parse_data")
    if given is None:
        return None
    try:
        sound = is_sound(parse_data_to_reading(given))
    except (AttributeError, KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise bad_request("`parse_data` lacks or misspells a part.", part="parse_data")
    return dict(given)


def entities_of(body: Mapping[str, Any]) -> list[Json]:
    """Entities as Rasa takes them for a trigger: a list of objects, or `{name: value}`. Raises Refusal."""
    given = body.get("entities") or []
    if isinstance(given, dict):
        return [{"entity": name, "value": value} for name, value in given.items()]
    if isinstance(given, list) and all(
        isinstance(item, dict) and isinstance(item.get("entity"), str) for item in given
    ):
        return given
    raise bad_request("`entities` must be a list of objects with `entity` and `value`.", part="entities")


def verbosity(request: web.Request) -> Verbosity:
    """Which events to give (`include_events`). Raises Refusal."""
    named = request.query.get("include_events", Verbosity.AFTER_RESTART).upper()
    if named not in set(Verbosity):
        raise bad_request(
            "Invalid parameter value for 'include_events'. Should be one of " + ", ".join(Verbosity),
            part="include_events",
            where="query",
        )
    return Verbosity(named)


def until(request: web.Request) -> float | None:
    """The time before which events are looked at. Raises Refusal."""
    given = request.query.get("until")
    if given is None:
        return None
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise bad_request("`until` must be a number of seconds.", part="until", where="query")
    return value


def flag(request: web.Request, name: str) -> bool:
    """A switch of the query; absent is off."""
    return request.query.get(name, "").lower() == "true"


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and infinity are no JSON")
