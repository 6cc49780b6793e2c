"""Reads YAML 1.2 with the line of every value; what cannot be read becomes a finding, not a stack trace.

Knows YAML and `${VAR}`; knows nothing of what the files mean. libyaml composes the nodes (about ten times
faster than a pure Python parser, which a start in three seconds needs); the types of plain scalars are
decided here, by YAML 1.2's core schema as Rasa 3 does, so that `yes`, `no` and `on` stay texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from bot.project.escapes import unescaped
from bot.project.report import Place, Report
from bot.project.yaml_faults import report_character, report_syntax

Scalar = str | int | float | bool | None

LARGEST_FILE = 16 * 2**20
"""Bytes: a hundred times the largest real file."""

LARGEST = 2_000_000
"""Values a file may amount to once its aliases are written out: room for any real bot, none for an alias
bomb."""

_PLAIN = "!plain"
_INT = re.compile(r"[-+]?(0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = {"": None, "~": None, "null": None, "true": True, "false": False}
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file with its place. `raw` is a scalar as written; `start` is the line where the value
    itself begins (a map's entry has its key's line as `place`); `literal` marks a `|` block, whose lines are
    the file's lines."""

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    place: Place
    start: int = 1
    raw: str = ""
    literal: bool = False


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the base is chosen at run time
    """Composes nodes and leaves the type of plain scalars to us."""

    yaml_implicit_resolvers = {None: [(_PLAIN, re.compile(""))]}  # noqa: RUF012  # PyYAML's own class attribute


def read_yaml(
    path: Path,
    name: str,
    report: Report,
    *,
    environ: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Node | None:
    """The top value of a file; None, with a finding, where it cannot be read. An empty file gives a null
    node.

    `name` is what findings call the file. With `environ`, `${VAR}` in scalars is replaced; an unset variable
    is an error, or, `lenient`, only worth a warning, and the scalar is empty: half a secret is none.
    """
    try:
        if (size := path.stat().st_size) > LARGEST_FILE:
            message = f"This file has {size // 2**20} MiB; {LARGEST_FILE // 2**20} can be read."
            report.unreadable(Place(name), message, "Split it, or check how it came to be so large.")
            return None
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        report.unreadable(Place(name, line), "This file is not UTF-8.", "Save it as UTF-8 in your editor.")
        return None
    except OSError as error:
        mend = "Check its permissions." if path.exists() else "Let the link lead to a file, or remove it."
        report.unreadable(Place(name), f"This file cannot be read ({error.strerror}).", mend)
        return None
    return parse_yaml(text, name, report, environ=environ, lenient=lenient)


def parse_yaml(
    text: str,
    name: str,
    report: Report,
    *,
    environ: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Node | None:
    """As `read_yaml`, from a text."""
    try:
        documents = list(yaml.compose_all(unescaped(text), Loader=Loader))
    except yaml.MarkedYAMLError as error:
        report_syntax(text, name, error, report)
        return None
    except yaml.YAMLError as error:
        report_character(text, name, error, report)
        return None
    except RecursionError:
        report.unreadable(Place(name), "This file nests too deeply.", "Flatten its lists and maps.")
        return None
    if not documents or documents[0] is None:
        return Node(None, Place(name))
    if len(documents) > 1:
        line = documents[1].start_mark.line + 1
        report.unreadable(
            Place(name, line), "A second YAML document starts here.", "Keep one per file: remove the `---`."
        )
    return _Conversion(name, report, environ, lenient=lenient).run(documents[0])


class _Conversion:
    """One file's nodes, each converted once; `sizes` bounds what aliases may amount to."""

    def __init__(
        self, name: str, report: Report, environ: Mapping[str, str] | None, *, lenient: bool
    ) -> None:
        self.name = name
        self.report = report
        self.environ, self.lenient = environ, lenient
        self.done: dict[int, Node] = {}
        self.sizes: dict[int, int] = {}
        self.merged = 0
        self.open: set[int] = set()

    def run(self, node: yaml.Node) -> Node | None:
        try:
            converted = self.convert(node)
        except RecursionError:
            self.report.unreadable(
                self.place(node), "This file nests too deeply.", "Flatten its lists and maps."
            )
            return None
        if self.sizes[id(node)] > LARGEST:
            self.report.unreadable(
                self.place(node), "The aliases of this file amount to too much.", "Use fewer `*aliases`."
            )
            return None
        return converted

    def place(self, node: yaml.Node) -> Place:
        return Place(self.name, node.start_mark.line + 1)

    def convert(self, node: yaml.Node) -> Node:
        key = id(node)
        if key in self.done:
            return self.done[key]
        if key in self.open:
            self.report.error(self.place(node), "This anchor contains itself.", "Remove the alias inside it.")
            self.sizes[key] = 1
            return Node(None, self.place(node))
        self.open.add(key)
        converted = self._by_kind(node)
        self.open.discard(key)
        self.done[key] = converted
        return converted

    def _by_kind(self, node: yaml.Node) -> Node:
        place = self.place(node)
        if isinstance(node, yaml.ScalarNode):
            self.sizes[id(node)] = 1
            return self._scalar(node, place)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(self.convert(item) for item in node.value)
            self.sizes[id(node)] = 1 + sum(self.sizes[id(item)] for item in node.value)
            return Node(items, place, place.line)
        assert isinstance(node, yaml.MappingNode)  # a node is one of three kinds
        entries = self._entries(node)
        self.sizes[id(node)] = 1 + sum(self.sizes[id(value)] for _, value in node.value)
        return Node(entries, place, place.line)

    def _entries(self, node: yaml.MappingNode) -> Mapping[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            converted = self.convert(value)
            place = self.place(key)
            if not isinstance(key, yaml.ScalarNode):
                self.report.error(
                    place, "A list or map stands where a name belongs.", "Put a text before the colon."
                )
            elif key.value == "<<" and key.tag == _PLAIN:
                self.merged += self.sizes[id(value)]  # beyond LARGEST the whole file is refused
                sources = converted.value if isinstance(converted.value, tuple) else (converted,)
                for source in sources if self.merged <= LARGEST else ():
                    merged = {**(source.value if isinstance(source.value, Mapping) else {}), **merged}
            elif key.value in own:
                first = own[key.value].place.line
                message = f"`{key.value}` is given twice; the first is on line {first}."
                self.report.error(place, message, "Join the two or rename one.")
                own[key.value] = _joined(own[key.value], converted)
            else:
                own[key.value] = replace(converted, place=place)
        return {**merged, **own} if merged else own

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Node:
        raw = self._expand(node.value, place)
        if node.tag == _PLAIN:
            value: Scalar = plain_value(raw)
        elif node.tag in ("tag:yaml.org,2002:str", "!"):
            value = raw
        elif node.tag.startswith("tag:yaml.org,2002:"):
            value = plain_value(raw)
        else:
            self.report.error(place, f"The tag `{node.tag}` is not supported.", "Write the value without it.")
            value = raw
        return Node(value, place, place.line, raw, node.style == "|")

    def _expand(self, raw: str, place: Place) -> str:
        if self.environ is None or "${" not in raw:
            return raw
        unset = sorted({match[1] for match in _VARIABLE.finditer(raw)} - set(self.environ))
        for variable in unset:
            message = f"The environment variable {variable} is not set."
            tell = self.report.warn if self.lenient else self.report.error
            tell(place, message, f"Set {variable} before the start, or remove this entry.")
        if unset:
            return ""
        environ = self.environ
        return _VARIABLE.sub(lambda match: environ[match[1]], raw)


def _joined(first: Node, second: Node) -> Node:
    """A name given twice is told once; nothing of what stands under either is missed elsewhere for it."""
    if isinstance(first.value, Mapping) and isinstance(second.value, Mapping):
        return replace(first, value={**second.value, **first.value})
    if isinstance(first.value, tuple) and isinstance(second.value, tuple):
        return replace(first, value=(*first.value, *second.value))
    return first


def plain_value(raw: str) -> Scalar:
    """What an unquoted scalar means by YAML 1.2's core schema; dates stay texts."""
    lowered = raw.lower()
    if lowered in _SPECIAL and raw in (lowered, lowered.upper(), lowered.capitalize()):
        return _SPECIAL[lowered]
    if _INT.match(raw):
        digits = raw.lstrip("+-")
        base = {"0o": 8, "0x": 16}.get(digits[:2], 10)
        whole = int(digits[2:] if base != 10 else digits, base) if len(digits) < 300 else math.inf
        return -whole if raw.startswith("-") else whole
    if _FLOAT.match(raw):
        return float(raw)
    if lowered.lstrip("+-") in (".inf", ".nan"):
        return float(lowered.replace(".", ""))
    return raw
