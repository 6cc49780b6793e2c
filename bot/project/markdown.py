"""Training data of Rasa 1 in Markdown as values of Rasa 3: examples, stories, responses of retrieval intents.

Knows the line formats (markdown.py, markdown_nlg.py and markdown_story_reader.py of Rasa 2.8); reads no file.
A line that cannot be converted becomes a remark with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.project.old_format import Remark
from bot.project.report import Place
from bot.project.rules_file import SNIPPET

Lookup = Callable[[str], "list[str] | None"]
"""The lines of a lookup table's file by the path that names it; None where it cannot be had."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SECTION = re.compile(r"##\s*(intent|synonym|regex|lookup)\s*:(.+)")
_ITEM = re.compile(r"[-*+]\s+(.*)")
_PART = re.compile(r"([^{}]+?)\s*(\{.*\})?\s*(?::\s+(.*))?", re.DOTALL)
_EVENT = re.compile(r"([^{]+)(\{.*)?", re.DOTALL)
_UNPRINTED = re.compile(r"[^\S ]")
_BY_FORM = re.compile(r"[*-]\s*form\s*:")
_ACTED = re.compile(r"-\s*(utter_|action_|respond_|slot\s*\{|form\s*\{)")
_RETRIEVED = re.compile(r"\*\s*([^\s/{]+/[^\s{]+)")
_NAME = re.compile(r"[^\s:{}\"]+")
_HELD = "Convert it by hand; the rest of the file is converted."


@dataclass(slots=True)
class Converted:
    """A file's values by section, ready to be written, and what could not be converted."""

    sections: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)


def convert(text: str, file: str, lookup: Lookup) -> Converted | None:
    """The training data of a Markdown file; None where it holds none."""
    lines = list(_lines(text))
    if any(_SECTION.match(line) for _, line in lines):
        return _examples(lines, file, lookup)
    if any(_ACTED.match(line) for _, line in lines):
        return _stories(lines, file)
    if any(_RETRIEVED.fullmatch(line) for _, line in lines):
        return _responses(lines, file)
    return None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers; comments become empty."""
    bare = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(bare.split("\n"), start=1):
        cleaned = _UNPRINTED.sub(" ", line).strip()
        if cleaned:
            yield number, cleaned


def _held(into: Converted, file: str, line: int, why: str) -> None:
    into.remarks.append(Remark(Place(file, line), why, _HELD))


def _examples(lines: list[tuple[int, str]], file: str, lookup: Lookup) -> Converted:
    found = Converted()
    items: list[dict[str, Any]] = []
    gathered: list[str] = []
    kind = ""
    for number, line in lines:
        if header := _SECTION.match(line):
            kind, gathered = header[1], []
            items.append({kind: header[2].strip(), "examples": gathered})
        elif not items:
            _held(found, file, number, "This line stands before any `## intent:` section.")
        elif kind == "lookup" and not _ITEM.match(line):
            listed = lookup(line)
            if listed is None:
                _held(found, file, number, "The file of this lookup table cannot be read.")
            gathered += listed or []
        elif (item := _ITEM.match(line)) and item[1].isprintable():
            gathered.append(item[1])
        else:
            _held(found, file, number, "This line is none that training data has.")
    written = [{**item, "examples": _block(item["examples"])} for item in items if item["examples"]]
    found.sections = {"nlu": written} if written else {}
    return found


def _block(examples: list[str]) -> str:
    return "".join(f"- {example}\n" for example in examples)


def _responses(lines: list[tuple[int, str]], file: str) -> Converted:
    """`* faq/ask_name` with its texts: responses, whose names begin with `utter_`."""
    found = Converted()
    responses: dict[str, list[dict[str, str]]] = {}
    variations: list[dict[str, str]] | None = None
    for number, line in lines:
        if line.startswith("#"):
            continue
        if intent := _RETRIEVED.fullmatch(line):
            variations = responses.setdefault(f"utter_{intent[1]}", [])
        elif variations is not None and line.startswith("-") and line.isprintable():
            # Rasa wrote a line break within a text as a backslash and an n.
            variations.append({"text": line[1:].strip().replace("\\n", "\n")})
        else:
            _held(found, file, number, "This line is none that responses have.")
    found.sections = {"responses": {name: texts for name, texts in responses.items() if texts}}
    return found


def _stories(lines: list[tuple[int, str]], file: str) -> Converted:
    found = Converted()
    told: dict[str, list[dict[str, Any]]] = {"stories": [], "rules": []}
    steps: list[Any] | None = None
    section = "stories"
    for number, line in lines:
        if line.startswith((">>", "#")):
            section, key = ("rules", "rule") if line.startswith(">>") else ("stories", "story")
            name = line.strip("#> ")
            steps = []
            told[section].append({key: name or f"line {number}", "steps": steps})
            continue
        step = _step(line) if line.isprintable() else None
        if section == "rules" and line[1:].strip() == SNIPPET:
            step = [SNIPPET]
        if step is None or steps is None:
            _held(found, file, number, "This line of a story cannot be converted.")
        else:
            steps += step
    kept = {section: [story for story in stories if story["steps"]] for section, stories in told.items()}
    found.sections = {section: stories for section, stories in kept.items() if stories}
    return found


def _step(line: str) -> list[Any] | None:
    """The steps of one line, none where a form wrote it; None where it is not understood."""
    if _BY_FORM.match(line):
        return []  # what a form asked and heard while stories were recorded; it tells nothing
    try:
        if line.startswith(">"):
            name, options = _event(line[1:])
            return [{"checkpoint": name, **({"slot_was_set": _slots(options)} if options else {})}]
        if line.startswith("*"):
            heard = [_heard(part.strip()) for part in line[1:].split(" OR ")]
            return heard if len(heard) == 1 else [{"or": heard}]
        return _acted(line[1:]) if line.startswith("-") else None
    except ValueError:
        return None


def _acted(line: str) -> list[dict[str, Any]] | None:
    name, options = _event(line)
    if name == "slot":
        return [{"slot_was_set": _slots(options)}]
    if name == "form" and "name" in options:
        return [{"active_loop": options["name"]}]
    return [{"action": name}] if not options and _NAME.fullmatch(name) and name != SNIPPET else None


def _slots(options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value} for name, value in options.items()]


def _heard(part: str) -> dict[str, Any]:
    """`greet`, `greet{"name": "Ann"}`, or `greet: hello [Ann](name)` of a test. Raises ValueError."""
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError("no intent")
    intent, options, said = match[1].strip(), _options(match[2]), match[3]
    if not _NAME.fullmatch(intent):
        raise ValueError("no intent")
    step: dict[str, Any] = {"user": said} if said else {}
    step["intent"] = intent.removeprefix("/")
    if options and not said:
        step["entities"] = [{name: value} for name, value in options.items()]
    return step


def _event(line: str) -> tuple[str, dict[str, Any]]:
    match = _EVENT.fullmatch(line.strip())
    if match is None:
        raise ValueError("no event")
    return match[1].strip(), _options(match[2])


def _options(given: str | None) -> dict[str, Any]:
    """The JSON object after a name. Raises ValueError."""
    found = json.loads(given) if given and given.strip() else {}
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found
