"""Makes changes to a YAML file's text: whatever is not changed keeps its words, order and comments.

Knows where libyaml's nodes begin and end; what is changed, and why, is bot.project.migration's. A text whose
values would then not be those that were wanted is not changed at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bot.project.changes import Change, Drop, Rename, apply
from bot.project.node import plain
from bot.project.report import Report
from bot.project.yaml import Loader, Node, parse_yaml
from bot.project.yaml_write import to_yaml

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_STEP = "  "


@dataclass(frozen=True, slots=True)
class _Splice:
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


def rewritten(text: str, changes: Iterable[Change]) -> str | None:
    """The text after the changes; None where it cannot be changed in place (an alias stands there)."""
    wanted = parse_yaml(text, "", Report())
    if wanted is None:
        return None
    changes = tuple(changes)
    goal = plain(apply(wanted, changes))
    tree = yaml.compose(text, Loader=Loader)
    if tree is None or wanted.value is None:
        return text + to_yaml(goal)
    shared = _shared(tree)
    splices: list[_Splice] = []
    for change in changes:
        way = _way(tree, change.path)
        if way is None or any(id(node) in shared for node in way):
            return None
        splice = _splice(text, way, change)
        if splice is None:
            return None
        splices.append(splice)
    return _verified(_spliced(text, splices), goal)


def _verified(text: str, goal: Any) -> str | None:
    found = parse_yaml(text, "", Report())
    return text if found is not None and plain(found) == goal else None


def _spliced(text: str, splices: list[_Splice]) -> str:
    """All at once. What is added at one place keeps its order."""
    windows = "\r\n" in text
    for splice in sorted(reversed(splices), key=lambda each: each.start, reverse=True):
        new = splice.new.replace("\n", "\r\n") if windows else splice.new
        text = text[: splice.start] + new + text[splice.end :]
    return text


def _shared(top: yaml.Node) -> set[int]:
    """Nodes that aliases lead to: to change one would change more than was meant."""
    seen: set[int] = set()
    shared: set[int] = set()
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
    return shared


def _way(top: yaml.Node, path: tuple[str | int, ...]) -> list[yaml.Node] | None:
    """The nodes along the path, without the last where the change adds it; None where the path breaks."""
    way = [top]
    for depth, key in enumerate(path):
        node = _inner(way[-1], key)
        if node is None:
            return way if depth == len(path) - 1 else None
        way.append(node)
    return way


def _inner(node: yaml.Node, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode) and isinstance(key, str):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item: yaml.Node = node.value[key]
        return item
    return None


def _splice(text: str, way: list[yaml.Node], change: Change) -> _Splice | None:
    there = len(way) == len(change.path) + 1
    holder = way[-2] if there else way[-1]
    if not isinstance(holder, yaml.CollectionNode):
        return None
    key = change.path[-1]
    if isinstance(change, Rename):
        name = next(name for name, _ in holder.value if name.value == key)
        new = _inline(change.name, flow=bool(holder.flow_style))
        return _Splice(name.start_mark.index, name.end_mark.index, new)
    if isinstance(change, Drop):
        return _removal(text, holder, key)
    value = plain(change.value) if isinstance(change.value, Node) else _plainly(change.value)
    if there:
        return _replacement(text, holder, key, way[-1], value)
    return _addition(text, holder, key, value)


def _plainly(value: Any) -> Any:
    if isinstance(value, Node):
        return plain(value)
    if isinstance(value, dict):
        return {key: _plainly(entry) for key, entry in value.items()}
    return [_plainly(item) for item in value] if isinstance(value, (list, tuple)) else value


def _inline(value: Any, *, flow: bool = False) -> str:
    """The value in one line; `flow`: within brackets, where more signs need quotes."""
    return to_yaml([value], flow=True).strip()[1:-1] if flow else to_yaml(value, flow=True).rstrip("\n")


def _end(node: yaml.Node, text: str) -> int:
    """Where the node's last word ends: libyaml counts the empty lines and comments after a block in."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style:
        end: int = node.end_mark.index
        return _without_blank(text, node.start_mark.index, end) if _is_block_text(node) else end
    last = node.value[-1] if isinstance(node, yaml.SequenceNode) else node.value[-1][1]
    if isinstance(last, yaml.ScalarNode) and last.start_mark.index == last.end_mark.index:
        before = node.value[-1][0] if isinstance(node, yaml.MappingNode) else last
        stop = text.find("\n", before.end_mark.index)
        line = text[before.end_mark.index : len(text) if stop < 0 else stop]
        bare = line.split(" #")[0].rstrip()
        return int(before.end_mark.index) + len(bare)
    return _end(last, text)


def _is_block_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")


def _without_blank(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _line_end(text: str, index: int) -> int:
    """The end of the line, its break left out."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found - (text[found - 1 : found] == "\r")


def _replacement(
    text: str, holder: yaml.CollectionNode, key: str | int, node: yaml.Node, value: Any
) -> _Splice:
    start, end = int(node.start_mark.index), _end(node, text)
    if holder.flow_style or (not isinstance(value, (dict, list)) and isinstance(node, yaml.ScalarNode)):
        new = _inline(value, flow=bool(holder.flow_style))
        return _Splice(start, end, f" {new}" if text[start - 1 : start] == ":" else new)
    indent = _indent(holder)
    if isinstance(key, int):
        block = _item(value, indent)
        start = text.rindex("-", 0, start)
        return _Splice(start, end, _kept(text, start, end, indent) + block.lstrip(" "))
    name = next(name for name, _ in holder.value if name.value == key)
    start = int(name.start_mark.index)
    raw = text[start : name.end_mark.index]
    return _Splice(start, end, _kept(text, start, end, indent) + _entry(raw, value, indent).lstrip(" "))


def _kept(text: str, start: int, end: int, indent: str) -> str:
    """The comments that stood among what is replaced, above it."""
    comments = list(_comments(text, start, end))
    return "".join(f"{comment}\n{indent}" for comment in comments)


def _comments(text: str, start: int, end: int) -> Iterator[str]:
    if "#" not in text[start:end]:
        return
    last = start
    for token in yaml.scan(text, Loader=Loader):
        begin, stop = token.start_mark.index, token.end_mark.index
        if start <= last and begin <= end:
            yield from _COMMENT.findall(text[last:begin])
        if begin > end:
            return
        last = max(last, stop)


def _addition(text: str, holder: yaml.CollectionNode, key: str | int, value: Any) -> _Splice:
    if holder.flow_style:
        end = int(holder.end_mark.index) - 1
        new = _inline(value if isinstance(key, int) else {key: value}, flow=True)
        new = new if isinstance(key, int) else new[1:-1]
        return _Splice(end, end, f", {new}" if holder.value else new)
    indent = _indent(holder)
    end = _end(holder, text)
    end = _line_end(text, end)
    block = _item(value, indent) if isinstance(key, int) else _entry(_inline(key), value, indent)
    return _Splice(end, end, f"\n{block}")


def _indent(holder: yaml.CollectionNode) -> str:
    """The column in which the entries or dashes of a block stand."""
    return " " * int(holder.start_mark.column)


def _entry(name: str, value: Any, indent: str) -> str:
    if isinstance(value, (dict, list)) and value:
        deeper = indent if isinstance(value, list) else indent + _STEP
        return f"{indent}{name}:\n{_block(value, deeper)}"
    return f"{indent}{name}: {_inline(value)}"


def _item(value: Any, indent: str) -> str:
    if isinstance(value, dict) and value:
        block = _block(value, indent + _STEP)
        return f"{indent}- {block.lstrip(' ')}"
    return f"{indent}- {_inline(value)}"


def _block(value: Any, indent: str) -> str:
    lines = to_yaml(value).rstrip("\n").split("\n")
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def _removal(text: str, holder: yaml.CollectionNode, key: str | int) -> _Splice:
    """The entry or item with its line; in a flow, with its comma. Comments above it stay."""
    if isinstance(key, int):
        parts = [(int(node.start_mark.index), _end(node, text)) for node in holder.value]
        place = key
    else:
        parts = [
            (int(name.start_mark.index), max(_end(value, text), int(name.end_mark.index) + 1))
            for name, value in holder.value
        ]
        place = next(n for n, (name, _) in enumerate(holder.value) if name.value == key)
    start, end = parts[place]
    if holder.flow_style:
        if place + 1 < len(parts):
            return _Splice(start, parts[place + 1][0], "")
        return _Splice(parts[place - 1][1] if place else start, end, "")
    if isinstance(key, int):
        start = text.rindex("-", 0, start)
    begin = text.rfind("\n", 0, start) + 1
    if text[begin:start].strip():  # the first entry of an item stands beside its dash
        following = parts[place + 1][0] if place + 1 < len(parts) else end
        return _Splice(start, following, "")
    return _Splice(begin, min(_line_end(text, end) + 1, len(text)), "")
