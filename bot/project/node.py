"""Takes typed values out of YAML nodes; a value of the wrong kind becomes a finding and an empty value.

Knows kinds (text, number, list, map); knows nothing of a bot.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bot.project.report import Place, Report, suggest
from bot.project.yaml import Node

Entries = Mapping[str, Node]


def entries(node: Node | None, what: str, report: Report) -> Entries:
    """The entries of a map; a missing or empty value is an empty map."""
    if node is None or node.value is None:
        return {}
    if isinstance(node.value, Mapping):
        return node.value
    report.wrong_kind(
        node.place,
        f"{what} must be a map (`name: value` lines).",
        "This is a list; write `name:` where an item begins with `- `."
        if isinstance(node.value, tuple)
        else f"This is {kind(node)}; indent its entries.",
    )
    return {}


def items(node: Node | None, what: str, report: Report) -> tuple[Node, ...]:
    """The items of a list; a missing or empty value is an empty list."""
    if node is None or node.value is None:
        return ()
    if isinstance(node.value, tuple):
        return node.value
    report.wrong_kind(
        node.place,
        f"{what} must be a list (`- item` lines).",
        f"This is {kind(node)}; put `- ` before each item.",
    )
    return ()


def is_map(node: Node | None) -> bool:
    """Whether `entries` would find no fault with it."""
    return node is None or node.value is None or isinstance(node.value, Mapping)


def is_list(node: Node | None) -> bool:
    """Whether `items` would find no fault with it."""
    return node is None or node.value is None or isinstance(node.value, tuple)


def text(node: Node | None, what: str, report: Report) -> str | None:
    """A text as written (a bare number or `yes` counts as one), None where it is missing or empty."""
    if node is None or node.value is None:
        return None
    if isinstance(node.value, (tuple, Mapping)):
        report.wrong_kind(node.place, f"{what} must be a text.", f"This is {kind(node)}.")
        return None
    return node.raw


def number(node: Node | None, what: str, report: Report) -> float | None:
    """A finite number, None where it is missing."""
    if node is None or node.value is None:
        return None
    value = node.value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    report.wrong_kind(
        node.place, f"{what} must be a number.", f"This is {kind(node)}; write it without quotes or units."
    )
    return None


def flag(node: Node | None, what: str, report: Report, *, default: bool) -> bool:
    """`true` or `false`."""
    if node is None or node.value is None:
        return default
    if isinstance(node.value, bool):
        return node.value
    report.wrong_kind(node.place, f"{what} must be `true` or `false`.", f"This is {kind(node)}.")
    return default


def share(found: Entries, key: str, highest: float, report: Report) -> float | None:
    """A number from 0 to `highest`."""
    value = number(found.get(key), key, report)
    if value is None or 0.0 <= value <= highest:
        return value
    report.error(found[key].place, f"`{key}` must lie between 0 and {highest:g}.", "Correct the number.")
    return None


def names(node: Node | None, what: str, report: Report) -> tuple[str, ...]:
    """One name or a list of names."""
    if node is None or node.value is None:
        return ()
    many = node.value if isinstance(node.value, tuple) else (node,)
    found = (text(item, f"{what}: each item", report) for item in many)
    return tuple(name for name in found if name)


def named(node: Node, what: str, report: Report) -> Iterator[tuple[str, Node, Place]]:
    """The items of a list of names, each either `- name` or `- name: {details}`: (name, details, place)."""
    for item in items(node, what, report):
        if isinstance(item.value, Mapping):
            if len(item.value) != 1:
                report.error(
                    item.place,
                    f"{what}: an item must hold one name.",
                    "Indent its details two columns further.",
                )
            for name, details in item.value.items():
                yield name, details, details.place
        elif item.value is None:
            report.warn(item.place, f"{what}: an item is empty.", "Remove the line or write a name.")
        elif (own := text(item, f"{what}: each item", report)) is not None:
            yield own, Node(None, item.place), item.place


def check_keys(found: Entries, known: Collection[str], what: str, report: Report) -> None:
    """Warns of each key that nothing reads."""
    for key, node in found.items():
        if key not in known:
            mend = suggest(key, known, f"Known here: {', '.join(sorted(known))}.")
            report.warn(node.place, f"{what}: the key `{key}` is not known and has no effect.", mend)


def check_sections(
    found: Entries, known: Collection[str], what: str, parts: Mapping[str, str], report: Report
) -> None:
    """As `check_keys` for the sections of a file, where a slip of the pen loses all that stands below it."""
    for key in [key for key in found if key not in known]:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.75)
        if near and found[key].value is not None:
            report.error(
                found[key].place, f"{what}: the section `{key}` is not known.", f"Did you mean `{near[0]}`?"
            )
            report.lost.update([parts[near[0]]] if near[0] in parts else [])
        else:
            message = f"{what}: the section `{key}` is not known and has no effect."
            report.warn(found[key].place, message, f"Known here: {', '.join(sorted(known))}.")


def plain(node: Node | None) -> Any:
    """The node as JSON-able values."""
    if node is None:
        return None
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    if isinstance(node.value, Mapping):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, float) and not math.isfinite(node.value):
        return node.raw
    return node.value


def kind(node: Node) -> str:
    """What a value is, in words, without the value itself."""
    value = node.value
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, tuple):
        return "a list"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "empty" if value is None else "a text"
