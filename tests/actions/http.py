"""Small HTTP calls with the standard library, where every status is an answer."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and text of an HTTP answer."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def said(self) -> str:
        """What the action says, joined."""
        return "\n".join(r["text"] for r in self.json["responses"] if r["text"])

    @property
    def slots(self) -> dict[str, Any]:
        """The slots the action sets."""
        return {e["name"]: e["value"] for e in self.json["events"] if e["event"] == "slot"}

    @property
    def next(self) -> list[str]:
        """The actions that are to follow."""
        return [e["name"] for e in self.json["events"] if e["event"] == "followup"]

    @property
    def refused(self) -> list[str]:
        """The names of the responses that the action asks for."""
        return [r["response"] for r in self.json["responses"]]


def call(url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """GET without a body, else POST; bytes go as they are, anything else as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())
