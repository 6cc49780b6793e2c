"""What operators and machines ask of a running server: alive, ready, metrics, the interface description.

Knows counts and states, no conversation's content.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.dialogue.events import ActionFailed, BotSaid, Decided, Event, Failed, HandedOver, UserSaid

_PATTERN = re.compile(r"\{(\w+):[^}]*\}")  # a part of a path with what it must look like
_BUCKETS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Counters and one histogram, in a registry of their own so that two servers in one process do not
    meet.
    """

    registry: CollectorRegistry
    messages: Counter
    decisions: Counter
    replies: Counter
    handovers: Counter
    failures: Counter
    turn_seconds: Histogram

    @classmethod
    def fresh(cls) -> Metrics:
        own = CollectorRegistry()
        return cls(
            registry=own,
            messages=Counter("frontdesk_messages", "Customers' messages answered", ["channel"], registry=own),
            decisions=Counter(
                "frontdesk_decisions", "Rows of the policy table that held", ["row"], registry=own
            ),
            replies=Counter("frontdesk_replies", "Bot messages by origin", ["origin"], registry=own),
            handovers=Counter("frontdesk_handovers", "Conversations handed over", ["reason"], registry=own),
            failures=Counter(
                "frontdesk_failures", "Parts of turns that failed", ["part", "reason"], registry=own
            ),
            turn_seconds=Histogram(
                "frontdesk_turn_seconds", "From load to record", registry=own, buckets=_BUCKETS
            ),
        )

    def observe(self, events: Sequence[Event], seconds: float) -> None:
        """Count one turn."""
        self.turn_seconds.observe(seconds)
        for event in events:
            match event:
                case UserSaid(channel=channel) if not event.external:
                    self.messages.labels(channel).inc()
                case Decided(row=row):
                    self.decisions.labels(row).inc()
                case BotSaid(origin=origin):
                    self.replies.labels(origin.value).inc()
                case HandedOver(reason=reason):
                    self.handovers.labels(reason.value).inc()
                case ActionFailed(reason=reason):
                    self.failures.labels("action", reason).inc()
                case Failed(part=part, reason=reason):
                    self.failures.labels(part, reason).inc()


@dataclass(frozen=True, slots=True)
class Operations:
    """`state` tells what readiness depends on: each name true or false, all true is ready."""

    metrics: Metrics
    state: Callable[[], dict[str, bool]]
    described: list[web.RouteDef] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/health/live", self.live),
            web.get("/health/ready", self.ready),
            web.get("/metrics", self.exposition),
            web.get("/openapi.json", self.openapi),
        ]

    async def live(self, request: web.Request) -> web.Response:
        """The process answers."""
        return web.json_response({"status": "ok"})

    async def ready(self, request: web.Request) -> web.Response:
        """The bundle is verified and loaded; 503 until then."""
        state = self.state()
        ready = all(state.values())
        return web.json_response(
            {"status": "ready" if ready else "starting", **state}, status=200 if ready else 503
        )

    async def exposition(self, request: web.Request) -> web.Response:
        """Prometheus' text format."""
        body = generate_latest(self.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def openapi(self, request: web.Request) -> web.Response:
        """Every route of this server, as OpenAPI 3.1."""
        return web.json_response(describe([*self.described, *self.routes()]))


# The one shape of an error (bot.errors).
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def _query(route: web.RouteDef) -> list[dict[str, Any]]:
    """The parameters that a handler says its query needs."""
    query: Mapping[str, Any] = getattr(route.handler, "query", None) or {}
    return [
        {"name": name, "in": "query", "required": True, "schema": schema} for name, schema in query.items()
    ]


def _answer(route: web.RouteDef) -> dict[str, Any]:
    """The schema of the answer, where the handler says it."""
    schema = getattr(route.handler, "answer", None)
    return {"content": {"application/json": {"schema": schema}}} if schema else {}


def describe(routes: Sequence[web.RouteDef]) -> dict[str, Any]:
    """An OpenAPI document of these routes; each handler's docstring is its summary."""
    paths: dict[str, dict[str, Any]] = {}
    names: Tally[str] = Tally()
    for route in routes:
        if route.method == "*":
            continue
        name = getattr(route.handler, "__name__", "handler")
        names[name] += 1
        summary = (route.handler.__doc__ or "").strip().split("\n")[0]
        parts = [part[1:-1].split(":")[0] for part in route.path.split("/") if part.startswith("{")]
        paths.setdefault(_PATTERN.sub(r"{\1}", route.path), {})[route.method.lower()] = {
            "operationId": name if names[name] == 1 else f"{name}_{names[name]}",
            "summary": summary,
            "parameters": [
                *(
                    {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
                    for part in parts
                ),
                *_query(route),
            ],
            "responses": {
                "200": {"description": "Done", **_answer(route)},
                "default": {
                    "description": "Refused or failed",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            },
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Frontdesk", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Error": ERROR}},
    }
