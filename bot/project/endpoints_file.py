"""Reads `endpoints.yml`: the servers that a project names.

Knows which of Rasa's endpoints are used here; asks none of them.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.project.model import Endpoint
from bot.project.node import Entries, check_keys, entries, number, text
from bot.project.report import Report
from bot.project.yaml import Node

_USED = ("action_endpoint", "nlg")
_UNUSED = ("models", "tracker_store", "lock_store", "event_broker")
_KEYS = ("url", "token", "timeout", "type")


def read_endpoints(node: Node | None, report: Report) -> tuple[Endpoint | None, Endpoint | None]:
    """The action server and the response server, where they are named."""
    top = entries(node, "endpoints.yml", report)
    check_keys(top, (*_USED, *_UNUSED), "endpoints.yml", report)
    unused = [key for key in _UNUSED if key in top]
    if unused:
        message = f"These endpoints are not used: {', '.join(unused)}."
        report.warn(top[unused[0]].place, message, "Give the database with `frontdesk serve --database URL`.")
    action = _endpoint(top, "action_endpoint", "http://localhost:5055/webhook", report)
    given = top.get("action_endpoint")
    if action is None and given is not None and given.value:
        report.lost.add("endpoints")
    return action, _response_server(top, report)


def _response_server(top: Entries, report: Report) -> Endpoint | None:
    """Rasa's `nlg`: a server has the type `callback`; any other chooses among the domain's responses."""
    found = entries(top.get("nlg"), "nlg", Report())
    kind = text(found.get("type"), "nlg.type", report)
    if kind is None or kind.lower() == "callback":
        return _endpoint(top, "nlg", "http://localhost:5056/nlg", report)
    message = f"`nlg` of the type `{kind}` is no server: the domain's own responses are used."
    report.warn(top["nlg"].place, message, "Remove it, or name a server with `url`.")
    return None


def _endpoint(top: Entries, name: str, example: str, report: Report) -> Endpoint | None:
    found = entries(top.get(name), name, report)
    if not found:
        return None
    check_keys(found, _KEYS, name, report)
    url = text(found.get("url"), f"{name}.url", report)
    if not url or not _is_http(url):
        report.error(top[name].place, f"{name} has no HTTP address.", f"Add `url: {example}`.")
        return None
    timeout = number(found.get("timeout"), f"{name}.timeout", report)
    if timeout is not None and timeout <= 0:
        report.error(found["timeout"].place, f"{name}.timeout must be above 0.", "Give seconds.")
        timeout = None
    token = text(found.get("token"), f"{name}.token", report)
    if "token" in found and not token:  # a variable that is unset must not mean a call without it
        report.error(found["token"].place, f"{name}.token is empty.", "Set its variable, or remove the line.")
    return Endpoint(url, token, Endpoint(url).timeout if timeout is None else timeout)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port above 65535, or no number
        return False
