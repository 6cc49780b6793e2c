"""Changes to a file's values: put, drop, rename. Made to nodes here, to a text by bot.project.rewriting.

Knows nodes; what is changed, and why, is bot.project.migration's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.project.report import Place
from bot.project.yaml import Node, Scalar

Keys = tuple[str | int, ...]
"""The way to a value: names of entries and places in lists. One past the end of a list adds to it."""


@dataclass(frozen=True, slots=True)
class Put:
    """The value becomes this one; an entry that is not there yet is added. `value` is made of plain values
    and of nodes, which keep their lines."""

    path: Keys
    value: Any


@dataclass(frozen=True, slots=True)
class Drop:
    """The entry or item goes."""

    path: Keys


@dataclass(frozen=True, slots=True)
class Rename:
    """The entry is called otherwise."""

    path: Keys
    name: str


Change = Put | Drop | Rename


def apply(top: Node, changes: Iterable[Change]) -> Node:
    """The tree after all changes, whose paths are those of the tree before: what is dropped from a list is
    dropped last, from its end."""
    ordered = sorted(changes, key=lambda change: isinstance(change, Drop))
    drops = [change for change in ordered if isinstance(change, Drop)]
    others = [change for change in ordered if not isinstance(change, Drop)]
    for change in (*others, *reversed(drops)):
        top = _changed(top, change.path, change, top.place)
    return top


def value_at(top: Node | None, path: Keys) -> Node | None:
    """The value that a path leads to."""
    for key in path:
        if top is None:
            return None
        if isinstance(key, str):
            top = top.value.get(key) if isinstance(top.value, Mapping) else None
        else:
            top = top.value[key] if isinstance(top.value, tuple) and key < len(top.value) else None
    return top


def place_of(top: Node, path: Keys) -> Place:
    """Where a change is made: the line of the value, or of what it is added to."""
    found = next(filter(None, (value_at(top, path[:length]) for length in range(len(path), 0, -1))), top)
    return found.place


def node_of(value: Any, place: Place) -> Node:
    """Plain values as a node; a node stays as it is."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Mapping):
        return Node({str(key): node_of(entry, place) for key, entry in value.items()}, place, place.line)
    if isinstance(value, (list, tuple)):
        return Node(tuple(node_of(item, place) for item in value), place, place.line)
    return Node(value, place, place.line, _raw(value))


def _raw(value: Scalar) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _changed(node: Node, path: Keys, change: Change, place: Place) -> Node:
    key, rest = path[0], path[1:]
    inner = value_at(node, (key,))
    if rest:
        below = _changed(inner or Node(None, node.place), rest, change, place)
        return _with(node, key, below)
    if isinstance(change, Put):
        return _with(node, key, node_of(change.value, inner.place if inner else node.place))
    if isinstance(change, Rename):
        entries = node.value if isinstance(node.value, Mapping) else {}
        renamed = {change.name if name == key else name: entry for name, entry in entries.items()}
        return Node(renamed, node.place, node.start)
    return _with(node, key, None)


def _with(node: Node, key: str | int, value: Node | None) -> Node:
    """The node with another value under `key`, or without it."""
    if isinstance(key, str):
        entries = dict(node.value) if isinstance(node.value, Mapping) else {}
        if value is None:
            entries.pop(key, None)
        else:
            entries[key] = value
        return Node(entries, node.place, node.start)
    items = list(node.value) if isinstance(node.value, tuple) else []
    items[key : key + 1] = [] if value is None else [value]
    return Node(tuple(items), node.place, node.start)
