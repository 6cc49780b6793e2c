"""Takes secrets out of `credentials.yml` and `endpoints.yml`: `${NAME}` stands where one was written out.

Knows how secrets are called and what they look like; a file in which one could remain is not given back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.errors import Level
from bot.project.changes import Keys, Put
from bot.project.node import plain
from bot.project.report import Place, Report
from bot.project.rewriting import rewritten
from bot.project.yaml import Node, parse_yaml

_NAMES = re.compile(
    r"token|secret|passw|pwd|passphrase|passcode|credential|verify|signature|private|apikey|cookie|\bpass\b"
    r"|\bkey\b|\bsid\b|\bsig\b|\bauthori[sz]ation\b|\bauth$|^code$",
    re.IGNORECASE,
)
_NO_SECRETS = re.compile(r"(key_?file|certfile|cafile|key_path|jwt_method|token_name)$", re.IGNORECASE)
_IN_URL = re.compile(
    r"://[^/\s@]*:[^/\s@]+@|[?&][^=&\s]*(token|secret|key|passw)[^=&\s]*=|hooks\.\w+\.\w+/", re.IGNORECASE
)
_LONG = re.compile(
    r"\b(?:xox\w-[\w-]{8,}|eyJ[\w-]{8,}\.[\w.-]+|\d{6,}:[\w-]{20,}|(?=[\w+=-]*\d)(?=[\w+=-]*[A-Za-z])[\w+=-]{24,})"
)
_COMMENT = re.compile(r"(?P<before>(?:^|(?<=\s))#.*)$", re.MULTILINE)
_COMMENTED = re.compile(r"(#\s*)([\w-]+)(\s*:\s*)([\"']?)(?![\"'<$])(\S.*)")
_HIDDEN = "…"
_PUBLIC = (("telegram", "verify"),)
"""Entries that sound secret and are not: a Telegram bot's own name."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable to set, in whose place a secret stood in the file."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text without its secrets; `values` holds them by variable, to be kept from every output."""

    text: str
    variables: tuple[Variable, ...]
    values: Mapping[str, str]


def hide_secrets(text: str, file: str) -> Hidden | None:
    """The text with `${NAME}` for each secret; None where the file cannot be read or one could remain."""
    report = Report()
    top = parse_yaml(text, file, report)
    if top is None or any(finding.level is Level.ERROR for finding in report.findings):
        return None
    changes: list[Put] = []
    variables: list[Variable] = []
    values: dict[str, str] = {}
    for path, node in _secrets(top, ()):
        name = _free(_variable(path), values)
        changes.append(Put(path, f"${{{name}}}"))
        variables.append(Variable(name, node.place))
        values[name] = node.raw
    changed = rewritten(text, changes) if changes else text
    if changed is None:
        return None
    quiet = _COMMENT.sub(_without_secrets, changed)
    meant = parse_yaml(quiet, file, Report())
    if meant is None or plain(meant) != plain(parse_yaml(changed, file, Report())):
        return None  # what looked like a comment was part of a text
    if any(value in quiet for value in values.values() if len(value) >= 6):
        return None
    return Hidden(quiet, tuple(variables), values)


def _secrets(node: Node, path: Keys) -> Iterator[tuple[Keys, Node]]:
    if isinstance(node.value, Mapping):
        for name, entry in node.value.items():
            yield from _secrets(entry, (*path, name))
    elif isinstance(node.value, tuple):
        for place, item in enumerate(node.value):
            yield from _secrets(item, (*path, place))
    elif node.raw.strip() and not isinstance(node.value, bool) and not _is_variable(node.raw):
        name = next((key for key in reversed(path) if isinstance(key, str)), "")
        if path not in _PUBLIC and _is_secret(name, node.raw):
            yield path, node


def _is_variable(raw: str) -> bool:
    return re.fullmatch(r"(\$\{\w+\}|<[^>]*>)", raw.strip()) is not None


def _is_secret(name: str, value: str) -> bool:
    spaced = re.sub(r"[_\-.]", " ", name)
    named = _NAMES.search(spaced) is not None and _NO_SECRETS.search(name) is None
    return (
        named or _IN_URL.search(value) is not None or ("://" not in value and _LONG.search(value) is not None)
    )


def _variable(path: Keys) -> str:
    """`slack.slack_token` as SLACK_TOKEN."""
    parts = [re.sub(r"[^A-Z0-9]+", "_", str(part).upper()).strip("_") for part in path]
    told = [
        part
        for part, following in zip(parts, (*parts[1:], ""), strict=True)
        if not following.startswith(part)
    ]
    name = "_".join(told)
    return name if name[:1].isalpha() else f"SECRET_{name}".rstrip("_")


def _free(name: str, taken: Mapping[str, str]) -> str:
    """The name, numbered where another secret has it."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _without_secrets(match: re.Match[str]) -> str:
    """A comment in which no secret stands, in an entry that was put out of use or elsewhere."""
    comment = _COMMENTED.sub(_without_value, match["before"])
    return _LONG.sub(_HIDDEN, _IN_URL.sub(_HIDDEN, comment))


def _without_value(match: re.Match[str]) -> str:
    lead, name, colon, quote, value = match.groups()
    if value.strip("\"' ") == name or not _is_secret(name, value):
        return match[0]  # `password: password` shows where to write one
    return f"{lead}{name}{colon}{quote}{_HIDDEN}{quote}"
