"""Reads `endpoints.yml`: the servers that a project names, and what calls of them carry.

Knows which of Rasa's endpoints and keys are used here (rasa/utils/endpoints.py); asks none of them.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bot.project.model import Endpoint
from bot.project.node import Entries, check_keys, entries, number, text
from bot.project.report import Report
from bot.project.yaml import Node

_USED = ("action_endpoint", "nlg")
_UNUSED = ("models", "tracker_store", "lock_store", "event_broker")
_KEYS = (
    "url", "type", "timeout", "token", "token_name", "headers", "params", "basic_auth", "cafile",
)  # fmt: skip
_SENT = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")  # what may stand in a header's value (RFC 9110, 5.5)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # what a header may be called (RFC 9110, 5.6.2)
_SET = "Set its variable, or remove the line."  # one that is unset must not mean a call without it


def read_endpoints(
    node: Node | None, folder: Path, report: Report
) -> tuple[Endpoint | None, Endpoint | None]:
    """The action server and the response server, where they are named; files are found from `folder`."""
    top = entries(node, "endpoints.yml", report)
    check_keys(top, (*_USED, *_UNUSED), "endpoints.yml", report)
    unused = [key for key in _UNUSED if key in top]
    if unused:
        message = f"These endpoints are not used: {', '.join(unused)}."
        report.warn(top[unused[0]].place, message, "Give the database with `frontdesk serve --database URL`.")
    action = _endpoint(top, "action_endpoint", "http://localhost:5055/webhook", folder, report)
    given = top.get("action_endpoint")
    if action is None and given is not None and given.value:
        report.lost.add("endpoints")
    return action, _response_server(top, folder, report)


def _response_server(top: Entries, folder: Path, report: Report) -> Endpoint | None:
    """Rasa's `nlg`: a server has the type `callback`; any other chooses among the domain's responses."""
    found = entries(top.get("nlg"), "nlg", Report())
    kind = text(found.get("type"), "nlg.type", report)
    if kind is None or kind.lower() == "callback":
        return _endpoint(top, "nlg", "http://localhost:5056/nlg", folder, report)
    message = f"`nlg` of the type `{kind}` is no server: the domain's own responses are used."
    report.warn(top["nlg"].place, message, "Remove it, or name a server with `url`.")
    return None


def _endpoint(top: Entries, name: str, example: str, folder: Path, report: Report) -> Endpoint | None:
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
    named = text(found.get("token_name"), f"{name}.token_name", report)
    return Endpoint(
        url,
        _given(found, "token", name, report),
        Endpoint(url).timeout if timeout is None else timeout,
        token_name=named or Endpoint(url).token_name,
        headers=_headers(found, name, report),
        params=_texts(found, "params", name, report),
        basic_auth=_basic_auth(found, name, report),
        cafile=_cafile(found, name, folder, report),
    )


def _given(found: Entries, key: str, what: str, report: Report) -> str | None:
    """A text that is not empty where its key stands."""
    value = text(found.get(key), f"{what}.{key}", report)
    if key in found and not value:
        report.error(found[key].place, f"{what}.{key} is empty.", _SET)
    return value


def _texts(found: Entries, section: str, name: str, report: Report) -> Mapping[str, str]:
    """The texts under a section's names."""
    inner, what = entries(found.get(section), f"{name}.{section}", report), f"{name}.{section}"
    return {key: _given(inner, key, what, report) or "" for key in inner}


def _headers(found: Entries, name: str, report: Report) -> Mapping[str, str]:
    headers = _texts(found, "headers", name, report)
    for key, value in headers.items():
        place = entries(found["headers"], "headers", report)[key].place
        if not (_NAME.fullmatch(key) and _SENT.fullmatch(value)):
            message = f"{name}.headers.{key} cannot be sent as a header."
            report.error(place, message, "Name it without spaces, and keep its value on one line.")
        elif key.lower() == "authorization" and "basic_auth" in found:
            message = f"{name} has both `basic_auth` and the header `{key}`."
            report.error(place, message, "Keep one of the two.")
    return headers


def _basic_auth(found: Entries, name: str, report: Report) -> tuple[str, str] | None:
    inner, what = entries(found.get("basic_auth"), f"{name}.basic_auth", report), f"{name}.basic_auth"
    if not inner:
        return None
    check_keys(inner, ("username", "password"), what, report)
    for key in ("username", "password"):
        if key not in inner:
            report.error(found["basic_auth"].place, f"{what} has no {key}.", f"Add `{key}:`.")
    username, password = (_given(inner, key, what, report) or "" for key in ("username", "password"))
    if ":" in username:  # the two travel as one text, which a colon divides
        report.error(inner["username"].place, f"{what}.username cannot hold a colon.", "Remove the colon.")
        return None
    return username, password


def _cafile(found: Entries, name: str, folder: Path, report: Report) -> Path | None:
    """The file, which must hold certificates now: a call that trusts nobody would find out too late."""
    given = _given(found, "cafile", name, report)
    if not given:
        return None
    path = folder / given
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        message = f"{name}.cafile holds no certificate."
        report.error(found["cafile"].place, message, "Name a PEM file with the authority's certificate.")
    except OSError as error:
        message = f"{name}.cafile cannot be read ({error.strerror})."
        report.error(found["cafile"].place, message, "Name it by its path from the project's folder.")
    return path


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port above 65535, or no number
        return False
