"""Finds entities: by a project's expressions and lookup tables, by what annotated examples taught, and by
entries with a typing error; maps synonyms.

Knows the `entities` part of a bundle and which finding goes before which; knows no encoder and no slots.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from nlu.errors import PartUnreadable
from nlu.lookup import Lookups, NearLookups, NearMention
from nlu.tagger import SETTINGS as TAGGER
from nlu.tagger import Tagged, Tagger, TokenVectors
from nlu.units import Mention, Unit, cut

FORMAT = 1
FILE, WORDS = "entities.json", "words.txt"
EXTRACTOR = "RegexEntityExtractor"  # Rasa's component for expressions and tables
TAGGED, NEAR = "EntityTagger", "FuzzyLookup"


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """A mention: text[start:end] (code points) and the value it stands for, synonyms applied."""

    name: str
    value: Any
    start: int
    end: int
    role: str | None = None
    group: str | None = None
    extractor: str = EXTRACTOR
    confidence: float | None = None  # a rule has no probability
    details: Mapping[str, Any] | None = None  # of a system entity: what the value alone does not say


Place = FoundEntity | Tagged | NearMention


class EntityExtractor:
    """Compiled tables, and a tagger where one was trained. Immutable, so safe to call from several
    threads.
    """

    def __init__(
        self,
        *,
        lookups: Mapping[str, Sequence[str]],
        regexes: Mapping[str, Sequence[str]],
        synonyms: Mapping[str, str],
        mentions: Mapping[str, Sequence[str]] | None = None,
        words: Collection[str] | None = None,
        tagger: Tagger | None = None,
    ) -> None:
        """`mentions` are those of examples, and count less than the tables of `lookups`. `words`, folded,
        are no typing errors; without them none is mended. Raises PartUnreadable for an expression that does
        not compile.
        """
        self._synonyms = {surface.casefold(): value for surface, value in synonyms.items()}
        self._lookups, self._mentions = Lookups(lookups), Lookups(mentions or {})
        every = {
            n: [*lookups.get(n, ()), *(mentions or {}).get(n, ())] for n in {**lookups, **(mentions or {})}
        }
        self._near = None if words is None else NearLookups(every, words)
        self._patterns = {name: [_compile(name, e) for e in regexes[name]] for name in regexes}
        self._tagger = tagger

    @classmethod
    def load(cls, folder: Path) -> "EntityExtractor":
        """Loads the `entities` folder of a bundle. Raises PartUnreadable."""
        try:
            settings: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if settings["format"] != FORMAT:
                raise PartUnreadable(f"{folder}: entities of format {settings['format']!r}, not {FORMAT}.")
            words = folder / WORDS
            return cls(
                lookups=settings["lookups"],
                regexes=settings["regexes"],
                synonyms=settings["synonyms"],
                mentions=settings.get("mentions"),
                words=frozenset(words.read_text(encoding="utf-8").split()) if words.is_file() else None,
                tagger=Tagger.load(folder) if (folder / TAGGER).is_file() else None,
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PartUnreadable(f"{folder} holds no readable entities ({error!r}); train anew.") from error

    @property
    def reads_tokens(self) -> bool:
        """Whether a tagger waits for the encoder's token vectors."""
        return self._tagger is not None

    def extract(self, text: str, tokens: TokenVectors | None = None) -> tuple[FoundEntity, ...]:
        """The entities of a text by their start; of overlapping mentions of one entity the longest stays.

        What the project wrote down goes before what was learned, that before what examples mention, and that
        before what was mended. A later finding that overlaps an earlier one is dropped; but a learned one
        that is the same entity gives its role and group, and a mended one its value. Without `tokens`
        nothing learned is found.
        """
        units = cut(text)
        exact = self._exact(text, units)
        mended = self._near.find(text, units) if self._near else []
        tagged: Sequence[Tagged] = ()
        if self._tagger and tokens is not None:
            tagged = self._tagger.tag(text, tokens, known=[(e.name, e.start, e.end) for e in exact])
        found = [_with_role(entity, tagged) for entity in exact]
        found += [self._learned(text, tag, mended) for tag in tagged if _is_free(tag, exact)]
        listed = self._found(text, self._mentions.find(text, units))
        found += [entity for entity in listed if _is_free(entity, found)]
        found += [self._mended(near) for near in mended if _is_free(near, found)]
        return tuple(sorted(found, key=lambda entity: (entity.start, entity.end, entity.name)))

    def mentions(self, text: str) -> list[Mention]:
        """What expressions and tables find: (entity, start, end)."""
        return [(entity.name, entity.start, entity.end) for entity in self._exact(text, cut(text))]

    def _exact(self, text: str, units: Sequence[Unit]) -> list[FoundEntity]:
        matched = (
            (name, *span)
            for name, patterns in self._patterns.items()
            for pattern in patterns
            for span in _spans(pattern, text)
        )
        return self._found(text, chain(self._lookups.find(text, units), matched))

    def _found(self, text: str, mentions: Iterable[Mention]) -> list[FoundEntity]:
        """The mentions as entities; of overlapping ones of one entity the longest."""
        spans: dict[str, set[Unit]] = {}
        for name, start, end in mentions:
            spans.setdefault(name, set()).add((start, end))
        return [
            FoundEntity(name, self._value(text[a:b]), a, b)
            for name, places in spans.items()
            for a, b in _longest_apart(sorted(places))
        ]

    def _learned(self, text: str, tag: Tagged, mended: Sequence[NearMention]) -> FoundEntity:
        label = tag.label
        spelt = next((n.entry for n in mended if n.name == label.entity and _overlap(n, tag)), None)
        value = self._value(spelt or text[tag.start : tag.end])
        return FoundEntity(
            label.entity, value, tag.start, tag.end, label.role, label.group, TAGGED, tag.probability
        )

    def _mended(self, near: NearMention) -> FoundEntity:
        value = self._value(near.entry)
        return FoundEntity(near.name, value, near.start, near.end, extractor=NEAR, confidence=near.similarity)

    def _value(self, mention: str) -> str:
        return self._synonyms.get(mention.casefold(), mention)


def _with_role(entity: FoundEntity, tagged: Sequence[Tagged]) -> FoundEntity:
    """The entity in the role and group that were learned for where it stands."""
    for tag in tagged:
        if tag.label.entity == entity.name and _overlap(entity, tag):
            return replace(entity, role=tag.label.role, group=tag.label.group)
    return entity


def _is_free(found: Place, taken: Sequence[FoundEntity]) -> bool:
    return not any(_overlap(entity, found) for entity in taken)


def _overlap(one: Place, other: Place) -> bool:
    return one.start < other.end and other.start < one.end


def _compile(name: str, expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression, re.IGNORECASE)
    except re.error as error:
        raise PartUnreadable(f"The expression of {name} does not compile: {error}.") from error


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text) if match.end() > match.start())


def _longest_apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= a or b <= start for a, b in kept):
            kept.append((start, end))
    return kept
