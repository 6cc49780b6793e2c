"""Entities learned from marked examples: roles, unseen words, and when a table knows better."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nlu.entities import EntityExtractor
from nlu.units import cut
from retrieval.encoder import Tokens
from training.annotated import Annotated, Tables, learn, table_of
from training.context import TrainContext
from training.corpus import USUAL, Corpus, Example, Span
from training.entities import known_words, train_entities, write_tagger
from training.errors import CorpusInvalid
from training.evaluate_entities import read_annotated
from training.knobs import Choice
from training.tagger import TaggerRecipe

CITIES = ("oslo", "rome", "bonn", "cork", "lyon", "kyiv", "york", "bath", "nice", "porto", "turin", "milan")
SMALL = TaggerRecipe(hidden=16, buckets=1_024, epochs=2, least_steps=60, batch=16, rate=2e-2)


def encode_tokens(texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
    """Stands in for the encoder: every word has a vector of its own."""
    tokens = []
    for text in texts:
        places = cut(text)
        rows = [
            np.random.default_rng(zlib.crc32(text[a:b].encode())).normal(size=8).astype(np.float32)
            for a, b in places
        ]
        tokens.append(Tokens(np.stack(rows), np.asarray(places, dtype=np.int64)))
    return np.zeros((len(texts), 8), np.float32), tokens


def trips() -> list[Example]:
    """Journeys between two cities each, and talk without any."""
    rows = []
    for i, city in enumerate(CITIES * 2):
        other = CITIES[(i * 5 + 3) % len(CITIES)]
        text = f"book from {city} to {other} now"
        start = text.index(f"{other} now")
        spans = (
            Span("city", city, 10, 10 + len(city), "from"),
            Span("city", other, start, start + len(other), "to"),
        )
        rows.append(Example(text, "book", entities=spans))
    return rows + [Example(f"please help me with number {n}", "help") for n in range(20)]


def test_roles_are_learned_and_words_never_seen_are_found(tmp_path: Path) -> None:
    learned, figures = learn(
        trips(), Tables(), encode=encode_tokens, recipe=SMALL, seed=0, device="cpu", progress=_silent
    )
    assert learned is not None and learned.entities == {"city"}
    assert figures["city"]["tagger_f1"] > figures["city"]["table_f1"]
    write_tagger(learned, tmp_path)
    (tmp_path / "entities.json").write_text(
        json.dumps({"format": 1, "lookups": {}, "regexes": {}, "synonyms": {}})
    )
    extractor = EntityExtractor.load(tmp_path)
    text = "book from atlantis to utopia now"
    found = extractor.extract(text, encode_tokens([text])[1][0])
    assert [(e.value, e.role) for e in found] == [("atlantis", "from"), ("utopia", "to")]
    assert extractor.extract("please help me", encode_tokens(["please help me"])[1][0]) == ()


def test_a_few_marks_of_a_role_are_learned_for_no_table_tells_it() -> None:
    few = [*trips()[:6], *trips()[len(CITIES) * 2 :]]
    learned, figures = learn(
        few, Tables(), encode=encode_tokens, recipe=SMALL, seed=0, device="cpu", progress=_silent
    )
    assert learned is not None and figures["city"]["mentions"] == 12
    assert {label["role"] for label in learned.settings["labels"]} == {"from", "to"}


def test_few_mentions_and_what_tables_find_already_are_not_learned() -> None:
    def learned(rows: Sequence[Example], tables: Tables) -> object:
        return learn(
            rows, tables, encode=encode_tokens, recipe=SMALL, seed=0, device="cpu", progress=_silent
        )[0]

    assert learned(trips()[:2], Tables()) is None
    coded = [Example(f"it is AB-{n}", "tell", entities=(Span("code", "", 6, 10),)) for n in range(1, 10)] * 3
    assert learned(coded, Tables(regexes={"code": [r"AB-\d"]})) is None
    same = [
        Example(f"{w} wien", "go", entities=(Span("city", "wien", len(w) + 1, len(w) + 5),)) for w in CITIES
    ]
    assert learned(same, Tables()) is None  # a table of one word finds all of them


def test_a_mention_that_mostly_stands_unmarked_is_not_looked_up(tiny_base: Path, tmp_path: Path) -> None:
    """`yes` answers one question about parking; everywhere else it is a word like any other."""
    marked = Example("yes", "inform", entities=(Span("parking", "yes", 0, 3),))
    gold = Example("the gold plan", "inform", entities=(Span("plan", "gold", 4, 8),))
    rows = (
        marked,
        gold,
        Example("oh yes", "affirm"),
        Example("yes please", "affirm"),
        Example("goldfish", "a"),
    )
    context = TrainContext(
        _corpus(rows), tmp_path, tmp_path, lambda texts: np.zeros((len(texts), 8), np.float32), 0, "cpu",
        Choice(), tiny_base, _silent,
    )  # fmt: skip
    assert train_entities(context) is not None
    extractor = EntityExtractor.load(tmp_path)
    assert extractor.extract("yes, do that") == ()
    assert [e.value for e in extractor.extract("the gold plan, yes")] == ["gold"]


def test_the_table_on_trial_is_the_one_that_would_serve() -> None:
    """`plus` marked once and meant otherwise everywhere else: no table would look it up."""
    none = Tokens(np.zeros((0, 8), np.float32), np.zeros((0, 2), np.int64))
    rows = [Annotated("the plus plan", (Span("plan", "plus", 4, 8),), none)]
    rows += [
        Annotated(f"{word} plan", (Span("plan", word, 0, len(word)),), none) for word in ("gold", "basic")
    ]
    rows += [Annotated(f"{number} plus two", (), none) for number in range(5)]
    assert table_of(rows) == {"plan": ["basic", "gold"]}


def test_words_of_the_vocabulary_and_of_several_texts_are_no_errors(tiny_base: Path) -> None:
    rows = (Example("my dashcam", "a"), Example("the dashcam", "a"), Example("one typpo", "a"))
    words = known_words(tiny_base, _corpus(rows))
    assert {"policy", "dashcam"} <= words and not {"typpo", "a"} & words


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no rows"),
        ("{", "line 1 is no JSON"),
        ('{"entities": []}', "needs `text`"),
        ('{"text": "hi", "entities": [{"start": 0, "end": 9, "entity": "x"}]}', "outside"),
        ('{"text": "hi", "entities": [{"start": 0}]}', "needs entity, start and end"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(CorpusInvalid, match=said):
        read_annotated(path)


def _corpus(rows: tuple[Example, ...]) -> Corpus:
    return Corpus(Path(), "small", ("en",), USUAL, "", examples=rows)


def _silent(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total, stage
