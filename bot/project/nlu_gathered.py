"""Training data as it comes together from files of either format.

Knows what an example, a synonym and a regex must be, and says where one is not; reads no file's layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.dialogue.reading import Entity
from bot.project.language import guess_language
from bot.project.model import Example, NluData
from bot.project.report import Place, Report


@dataclass(slots=True)
class Gathered:
    """`languages` are the project's; an example whose language is not told has the likeliest of them."""

    languages: Sequence[str]
    report: Report
    examples: list[Example] = field(default_factory=list)
    synonyms: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, list[str]] = field(default_factory=dict)
    regexes: dict[str, list[str]] = field(default_factory=dict)
    titles: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def data(self) -> NluData:
        return NluData(
            examples=tuple(self.examples),
            synonyms=self.synonyms,
            lookups=_once(self.lookups),
            regexes=_once(self.regexes),
        )

    def add_example(
        self, intent: str, text: str, entities: tuple[Entity, ...], language: str | None, place: Place
    ) -> None:
        """An entity whose value is not what stands in the text makes a synonym, as in Rasa."""
        if not text.strip():
            self.report.warn(place, f"An example of intent `{intent}` is empty.", "Remove the line.")
            return
        for entity in entities:
            self.add_synonym(text[entity.start : entity.end], str(entity.value), place)
        spoken = language or guess_language(text, self.languages)
        self.examples.append(Example(text, intent, spoken, entities, place))

    def add_synonym(self, surface: str, value: str, place: Place) -> None:
        if surface == value:
            return
        known = self.synonyms.setdefault(surface, value)
        if known != value:
            message = f"`{surface}` stands for `{value}` here and for `{known}` elsewhere; the first holds."
            self.report.warn(place, message, "Keep one of the two.")

    def add_regex(self, name: str, pattern: str, place: Place) -> None:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            what = error.msg if isinstance(error, re.error) else "it is too large"
            message = f"The regex `{name}` is not a regular expression: {what}."
            self.report.error(place, message, "Mend the pattern.")
            return
        self.regexes.setdefault(name, []).append(pattern)


def _once(found: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}
