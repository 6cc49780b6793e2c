"""Learns entities from annotated examples: which of them, by a tagger or by a table, and how sure it is.

Knows examples and token vectors; knows no corpus folder and no files. Every choice is made on examples that
the tagger in question has not seen.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from nlu.chain import Chain
from nlu.entities import TAGGED, EntityExtractor, FoundEntity
from nlu.tagger import FORMAT, Label, Network, Tagger
from nlu.units import Unit, cut, unit_buckets, unit_vectors, windows
from retrieval.encoder import Tokens
from training.context import Progress
from training.corpus import Example, Span
from training.mentions import mostly_marked
from training.tagger import Sentence, TaggerRecipe, fit_tagger

LEAST_MENTIONS = 10
LEAST_PARTED = 3  # of a role or group, which a table cannot tell: few marks are better than none
FOLDS = 3
LEAST_CALIBRATED = 30  # findings on held-out examples from which confidence is calibrated
LEAST_CONFIDENCE = 0.3
EncodeTokens = Callable[[Sequence[str]], tuple[NDArray[np.float32], list[Tokens]]]
SILENT_PER_ANNOTATED = 3  # examples without a mark that are looked at, for each with one
LEAST_SILENT = 200


@dataclass(frozen=True, slots=True)
class Annotated:
    """One example: its marks, and the encoder's token vectors."""

    text: str
    spans: tuple[Span, ...]
    tokens: Tokens

    @property
    def marks(self) -> frozenset[tuple[Label, int, int]]:
        """(label, start, end) of each mark."""
        return frozenset((label_of(span), span.start, span.end) for span in self.spans)


@dataclass(frozen=True, slots=True)
class Tables:
    """What the project wrote down: it is found whatever is learned."""

    lookups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    regexes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def extractor(
        self, *, mentions: Mapping[str, Sequence[str]] | None = None, tagger: Tagger | None = None
    ) -> EntityExtractor:
        """Finds what is written down, and by more mentions or a tagger what is not."""
        return EntityExtractor(
            lookups=self.lookups, regexes=self.regexes, synonyms={}, mentions=mentions or {}, tagger=tagger
        )


@dataclass(frozen=True, slots=True)
class Learned:
    """A trained tagger and what is written beside its weights; `entities` are those it is trusted with."""

    network: Network
    chain: Chain
    settings: Mapping[str, Any]

    @property
    def entities(self) -> frozenset[str]:
        return frozenset(label["entity"] for label in self.settings["labels"])

    def tagger(self) -> Tagger:
        """The tagger as it will serve."""
        return Tagger(self.network, self.chain, self.settings)


@dataclass(frozen=True, slots=True)
class Tally:
    """Findings that were right, findings that were wrong, and marks that were not found."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was right."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def label_of(span: Span | FoundEntity) -> Label:
    name = span.entity if isinstance(span, Span) else span.name
    return Label(name, span.role, span.group)


def tally(found: Sequence[FoundEntity], row: Annotated, entity: str | None = None) -> Tally:
    """How a row's findings fare against its marks: place, entity, role and group must all be right."""
    named = {(label_of(e), e.start, e.end) for e in found if entity in (None, e.name)}
    marks = {mark for mark in row.marks if entity in (None, mark[0].entity)}
    right = len(named & marks)
    return Tally(right, len(named) - right, len(marks) - right)


def learn(
    examples: Sequence[Example],
    tables: Tables,
    *,
    encode: EncodeTokens,
    recipe: TaggerRecipe,
    seed: int,
    device: str,
    progress: Progress,
) -> tuple[Learned | None, dict[str, Any]]:
    """The tagger of what it finds better than a table of the annotated mentions would, judged on held-out
    examples; and the figures of that. None where that is nothing, or where there are too few mentions.
    """
    labels = candidates(examples, tables)
    if not labels:
        return None, {}
    rows = []
    looked_at = _looked_at(examples, seed)
    for number, example in enumerate(looked_at, 1):
        rows.append(Annotated(example.text, example.entities, encode([example.text])[1][0]))
        if number % 100 == 0 or number == len(looked_at):
            progress("read examples for entities", number, len(looked_at))
    training = _Training(rows, tables, recipe, seed, device, progress)
    trial = training.cross_fit(labels)
    chosen = [label for label in labels if trial.by_tagger[label.entity].f1 > trial.by_table[label.entity].f1]
    figures = {
        entity: {
            "mentions": sum(span.entity == entity for row in rows for span in row.spans),
            "tagger_f1": round(trial.by_tagger[entity].f1, 3),
            "table_f1": round(trial.by_table[entity].f1, 3),
        }
        for entity in sorted({label.entity for label in labels})
    }
    if not chosen:
        return None, figures
    network, chain = training.fit(range(len(rows)), chosen, FOLDS)
    return Learned(network, chain, settings_of(chosen, trial.calibration(chosen))), figures


def settings_of(
    labels: Sequence[Label], calibration: Sequence[float] = (1.0, 0.0), *, least: float = LEAST_CONFIDENCE
) -> dict[str, Any]:
    """tagger.json."""
    return {
        "format": FORMAT,
        "labels": [{"entity": x.entity, "role": x.role, "group": x.group} for x in labels],
        "calibration": list(calibration),
        "least": least,
    }


def candidates(examples: Sequence[Example], tables: Tables) -> list[Label]:
    """The labels with enough marks that the project's own tables and expressions do not find."""
    extractor = tables.extractor()
    counts: Counter[Label] = Counter()
    for example in (example for example in examples if example.entities):
        written = {(Label(name), start, end) for name, start, end in extractor.mentions(example.text)}
        marks = {(label_of(span), span.start, span.end) for span in example.entities}
        counts.update(label for label, _, _ in marks - written)
    enough = [label for label, n in counts.items() if n >= _least(label)]
    return sorted(enough, key=lambda label: (label.entity, label.role or "", label.group or ""))


def _least(label: Label) -> int:
    return LEAST_PARTED if label.role or label.group else LEAST_MENTIONS


def _looked_at(examples: Sequence[Example], seed: int) -> list[Example]:
    """Every example with a mark, and some of those without."""
    marked = [example for example in examples if example.entities]
    silent = [example for example in examples if not example.entities]
    most = max(LEAST_SILENT, SILENT_PER_ANNOTATED * len(marked))
    order = np.random.default_rng(seed).permutation(len(silent))[:most]
    return [*marked, *(silent[i] for i in sorted(order))]


@dataclass(slots=True)
class _Trial:
    """How the two ways fared on held-out examples, and what the tagger found there: (label, its own
    probability, whether it was right).
    """

    by_tagger: dict[str, Tally] = field(default_factory=dict)
    by_table: dict[str, Tally] = field(default_factory=dict)
    findings: list[tuple[Label, float, bool]] = field(default_factory=list)

    def calibration(self, labels: Sequence[Label]) -> tuple[float, float]:
        """Slope and offset of Platt's scaling; (1, 0) where too little was found to tell."""
        found = [(p, right) for label, p, right in self.findings if label in labels]
        rights = [right for _, right in found]
        if len(found) < LEAST_CALIBRATED or len(set(rights)) < 2:
            return 1.0, 0.0
        inner = np.clip([p for p, _ in found], 1e-6, 1 - 1e-6)
        fitted = LogisticRegression(C=1e3).fit(np.log(inner / (1 - inner))[:, None], rights)
        return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


@dataclass(frozen=True, slots=True)
class _Training:
    rows: Sequence[Annotated]
    tables: Tables
    recipe: TaggerRecipe
    seed: int
    device: str
    progress: Progress

    def cross_fit(self, labels: Sequence[Label]) -> _Trial:
        """Taggers and tables of two thirds of the rows, tried on the third."""
        trial = _Trial()
        entities = sorted({label.entity for label in labels})
        for entity in entities:
            trial.by_tagger[entity] = trial.by_table[entity] = Tally()
        folds = np.random.default_rng(self.seed).permutation(len(self.rows)) % FOLDS
        for fold in range(FOLDS):
            taught = np.flatnonzero(folds != fold).tolist()
            fitted = self.fit(taught, labels, fold)
            tagger = Tagger(*fitted, settings_of(labels, least=0.0))
            mentions = table_of([self.rows[i] for i in taught])
            ways = self.tables.extractor(tagger=tagger), self.tables.extractor(mentions=mentions)
            for row in (self.rows[i] for i in np.flatnonzero(folds == fold).tolist()):
                found, listed = ways[0].extract(row.text, row.tokens), ways[1].extract(row.text)
                for entity in entities:
                    trial.by_tagger[entity] += tally(found, row, entity)
                    trial.by_table[entity] += tally(listed, row, entity)
                trial.findings.extend(
                    (label_of(e), e.confidence or 0.0, (label_of(e), e.start, e.end) in row.marks)
                    for e in found
                    if e.extractor == TAGGED
                )
        return trial

    def fit(self, chosen: Sequence[int], labels: Sequence[Label], step: int) -> tuple[Network, Chain]:
        """A tagger of the chosen rows; `step` of FOLDS + 1 is told."""
        written = self.tables.extractor()
        numbers = {label: i for i, label in enumerate(labels)}
        sentences = [_sentence(self.rows[i], numbers, written, self.recipe) for i in chosen]
        return fit_tagger(
            [sentence for sentence in sentences if sentence.tags],
            labels=len(labels),
            recipe=self.recipe,
            seed=self.seed,
            device=self.device,
            progress=lambda done, total: self.progress(
                "train entities", step * total + done, (FOLDS + 1) * total
            ),
        )


def table_of(rows: Sequence[Annotated]) -> dict[str, list[str]]:
    """The mentions that are looked up where no tagger is trusted, by entity."""
    marked = ((span.entity, row.text[span.start : span.end]) for row in rows for span in row.spans)
    return mostly_marked(marked, [row.text for row in rows])


def _sentence(
    row: Annotated, numbers: Mapping[Label, int], written: EntityExtractor, recipe: TaggerRecipe
) -> Sentence:
    units = cut(row.text)
    vectors = unit_vectors(units, row.tokens.places, row.tokens.vectors)
    buckets = unit_buckets(row.text, units, written.mentions(row.text), size=recipe.buckets)
    return Sentence(windows(vectors), buckets, tags_of(units, row.spans, numbers))


def tags_of(units: Sequence[Unit], spans: Sequence[Span], numbers: Mapping[Label, int]) -> list[int]:
    """A tag a unit (nlu/tagger.py says which); of marks that overlap the first holds."""
    tags = [0] * len(units)
    for span in spans:
        number = numbers.get(label_of(span))
        own = [i for i, (start, end) in enumerate(units) if start < span.end and end > span.start]
        if number is not None and not any(tags[i] for i in own):
            for i in own:
                tags[i] = 2 * number + (1 if i == own[0] else 2)
    return tags
