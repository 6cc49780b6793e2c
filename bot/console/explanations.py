"""Why the bot read a customer's message as it did: computed when somebody asks, by the bundle that serves
now.

Knows the request and its answer's shape; the words' weights are nlu's, the computing is inference's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from bot.console.conversations import customer_message, find_conversation
from bot.console.errors import BadInput, NotThere, Unavailable
from bot.console.policy import Ask
from bot.dialogue.ports import ReadError
from bot.store.store import Store
from nlu.explain import Explanation

Explain = Callable[[str], Awaitable[tuple[Explanation, str] | None]]

_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "number"}
_PLACE: dict[str, Any] = {"type": "integer", "minimum": 0, "description": "in code points of the message"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: dict[str, Any], told: str) -> dict[str, Any]:
    return {"type": "array", "items": items, "description": told}


# What OpenAPI says of the route: its query, and the answer's shape.
QUERY = {"conversation": _TEXT, "seq": {"type": "integer", "minimum": 1}}
ANSWER = _object(
    intent=_TEXT,
    confidence=_NUMBER,
    out_of_scope={"type": "boolean"},
    bundle={**_TEXT, "description": "that explains; another than that of the message, after a promotion"},
    words=_list(
        _object(start=_PLACE, end=_PLACE, weight=_NUMBER),
        "what the intent loses in log-odds without the words; below 0 they speak against it",
    ),
    examples=_list(_object(text=_TEXT, intent=_TEXT, cosine=_NUMBER), "nearest training examples first"),
)


@dataclass(frozen=True, slots=True)
class Explanations:
    """`explain` gives the explanation of a text and the bundle's id, None where no intents are served."""

    store: Store
    explain: Explain
    clock: Callable[[], float]

    async def read(self, ask: Ask) -> web.Response:
        """`?conversation=&seq=`: the words that carried the reading, and the nearest training examples."""
        query = ask.request.query
        place = query.get("seq", "")
        if not (place.isascii() and place.isdigit() and len(place) < 16):
            raise BadInput("'seq' must be the number of a customer's message.")
        found = await find_conversation(self.store, query.get("conversation", ""))
        said = await customer_message(self.store, found.id, int(place))
        await self.store.audit.note(at=self.clock(), actor=ask.user, verb="explain", subject=found.id)
        try:
            explained = await self.explain(said.text)
        except ReadError as error:
            raise Unavailable("The models did not answer; ask again in a moment.") from error
        if explained is None:
            raise NotThere("The bot that serves reads no intents, so there is nothing to explain.")
        return web.json_response(explanation_json(*explained))


def explanation_json(found: Explanation, bundle: str) -> dict[str, Any]:
    """The answer, as ANSWER describes it."""
    return {
        "intent": found.intent,
        "confidence": found.confidence,
        "out_of_scope": found.out_of_scope,
        "bundle": bundle,
        "words": [asdict(one) for one in found.weights],
        "examples": [asdict(one) for one in found.nearest],
    }
