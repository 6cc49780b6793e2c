"""Finds entities by expressions and lookup tables and maps synonyms, as Rasa's RegexEntityExtractor does.

Knows entities.json; learns nothing and knows no slots. Chinese entries need no word boundaries around them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlu.errors import PartUnreadable

FORMAT = 1
FILE = "entities.json"
EXTRACTOR = "RegexEntityExtractor"


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """A mention: text[start:end] (code points) and the value it stands for, synonyms applied."""

    name: str
    value: str
    start: int
    end: int
    role: str | None = None
    group: str | None = None
    extractor: str = EXTRACTOR
    confidence: float | None = None  # a rule has no probability


class EntityExtractor:
    """Compiled tables. Immutable, so safe to call from several threads."""

    def __init__(
        self,
        *,
        lookups: Mapping[str, Sequence[str]],
        regexes: Mapping[str, Sequence[str]],
        synonyms: Mapping[str, str],
    ) -> None:
        """Raises PartUnreadable for an expression that does not compile."""
        self._synonyms = {surface.casefold(): value for surface, value in synonyms.items()}
        self._patterns: dict[str, list[re.Pattern[str]]] = {}
        for name, entries in lookups.items():
            if any(entry.strip() for entry in entries):
                self._patterns.setdefault(name, []).append(_compile(name, _alternatives(entries)))
        for name, expressions in regexes.items():
            self._patterns.setdefault(name, []).extend(_compile(name, e) for e in expressions)

    @classmethod
    def load(cls, folder: Path) -> "EntityExtractor":
        """Loads the `entities` folder of a bundle. Raises PartUnreadable."""
        try:
            settings: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder}: entities of format {settings['format']!r}, not {FORMAT}.")
            return cls(
                lookups=settings["lookups"], regexes=settings["regexes"], synonyms=settings["synonyms"]
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PartUnreadable(f"{folder} holds no readable entities ({error!r}); train anew.") from error

    def extract(self, text: str) -> tuple[FoundEntity, ...]:
        """The entities of a text by their start; of overlapping mentions of one entity the longest stays."""
        found: list[FoundEntity] = []
        for name, patterns in self._patterns.items():
            spans = {span for pattern in patterns for span in _spans(pattern, text)}
            found.extend(
                FoundEntity(name, self._value(text[a:b]), a, b) for a, b in _longest_apart(sorted(spans))
            )
        return tuple(sorted(found, key=lambda entity: (entity.start, entity.end, entity.name)))

    def _value(self, mention: str) -> str:
        return self._synonyms.get(mention.casefold(), mention)


def _compile(name: str, expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.IGNORECASE)
    except re.error as error:
        raise PartUnreadable(f"The expression of {name} does not compile: {error}.") from error


def _alternatives(entries: Sequence[str]) -> str:
    """One expression for a whole lookup table; longer entries first, so that they win."""
    ordered = sorted({entry.strip() for entry in entries if entry.strip()}, key=lambda e: (-len(e), e))
    return "|".join(_edge(e[0], r"(?<!\w)") + re.escape(e) + _edge(e[-1], r"(?!\w)") for e in ordered)


def _edge(character: str, boundary: str) -> str:
    # Only letters and digits of scripts with spaces stop at a word's edge.
    return boundary if character.isalnum() and character < "\u2e80" else ""


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text) if match.end() > match.start())


def _longest_apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= a or b <= start for a, b in kept):
            kept.append((start, end))
    return kept
