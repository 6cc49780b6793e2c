"""The tagger and what it meets: the chain against counting everything, precedence, and typing errors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nlu.chain import Chain, Scores, stretch_probability
from nlu.entities import EntityExtractor
from nlu.errors import PartUnreadable
from nlu.tagger import Network, Tagger, stretches_of
from nlu.units import cut, unit_buckets, unit_vectors

WORDS = frozenset(
    [
        "i",
        "want",
        "my",
        "the",
        "in",
        "to",
        "from",
        "for",
        "a",
        "cancel",
        "plan",
        "please",
        "go",
        "dance",
        "cancer",
        "wealth",
        "health",
    ]
)


@dataclass(frozen=True)
class Tokens:
    vectors: NDArray[np.float32]
    places: NDArray[np.int64]


NONE = Tokens(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int64))


def tagger_of(words: dict[str, int], labels: list[dict[str, str]]) -> Tagger:
    """A tagger that knows the tag of some words and nothing else."""
    tags = 2 * len(labels) + 1
    features = np.zeros((65_536, tags), np.float32)
    for word, tag in words.items():
        [buckets] = unit_buckets(word, cut(word), (), size=len(features))
        features[buckets[0], tag] = 20.0
    zeros = np.zeros((tags, tags), np.float32)
    network = Network(np.zeros((6, 1), np.float32), np.zeros(1, np.float32), zeros[:1], zeros[0], features)
    network.b2[0] += 5.0
    settings = {"labels": labels, "calibration": [1.0, 0.0], "least": 0.3}
    return Tagger(network, Chain(zeros, zeros[0], zeros[0]), settings)


def test_the_chain_agrees_with_counting_every_sequence() -> None:
    chance = np.random.default_rng(0)
    for units in (1, 2, 4):
        emissions = chance.normal(size=(units, 5)).astype(np.float32)
        chain = Chain(*(chance.normal(size=s).astype(np.float32) for s in ((5, 5), 5, 5)))
        weights = {tags: np.exp(_score(chain, emissions, tags)) for tags in product(range(5), repeat=units)}
        total = sum(weights.values())
        assert tuple(chain.best(emissions)) == max(weights, key=lambda tags: weights[tags])
        before, behind = chain.forward(emissions), chain.backward(emissions)
        for start, end, first in ((0, 1, 1), (units - 1, units, 3), (0, units, 3)):
            want = (first, *[first + 1] * (end - start - 1))
            counted = sum(
                weight
                for tags, weight in weights.items()
                if tags[start:end] == want and (end == units or tags[end] != first + 1)
            )
            found = stretch_probability(chain, emissions, before, behind, start=start, end=end, first=first)
            assert found == pytest.approx(counted / total, rel=1e-3)


def _score(chain: Chain, emissions: Scores, tags: tuple[int, ...]) -> float:
    score = chain.beginning[tags[0]] + chain.ending[tags[-1]]
    score += sum(emissions[i, tag] for i, tag in enumerate(tags))
    return float(score + sum(chain.following[a, b] for a, b in pairwise(tags)))


@pytest.mark.parametrize(
    ("tags", "stretches"),
    [
        ([0, 1, 2, 0], [(0, 1, 3)]),
        ([1, 1, 2], [(0, 0, 1), (0, 1, 3)]),
        ([2, 0, 3, 2], [(0, 0, 1), (1, 2, 3), (0, 3, 4)]),
        ([0, 0], []),
    ],
)
def test_stretches_of_tags(tags: list[int], stretches: list[tuple[int, int, int]]) -> None:
    assert stretches_of(tags) == stretches


def test_units_are_words_numbers_signs_and_chinese_characters() -> None:
    text = "fly at 9am, 去北京!"
    assert [text[a:b] for a, b in cut(text)] == ["fly", "at", "9", "am", ",", "去", "北", "京", "!"]


def test_a_unit_has_the_mean_of_its_tokens_and_zeros_without_any() -> None:
    vectors = np.asarray([[1, 0], [3, 0], [0, 5]], dtype=np.float32)
    places = np.asarray([[0, 2], [2, 4], [5, 6]])
    assert unit_vectors([(0, 4), (5, 6), (7, 9)], places, vectors).tolist() == [[2, 0], [0, 5], [0, 0]]


def test_what_is_learned_bears_role_group_place_and_confidence() -> None:
    labels = [{"entity": "city", "role": "from"}, {"entity": "city", "role": "to", "group": "1"}]
    extractor = EntityExtractor(
        lookups={}, regexes={}, synonyms={"NYC": "New York"}, tagger=tagger_of({"nyc": 1, "oslo": 3}, labels)
    )
    found = extractor.extract("from NYC to Oslo", NONE)
    assert [(e.name, e.value, e.start, e.end, e.role, e.group, e.extractor) for e in found] == [
        ("city", "New York", 5, 8, "from", None, "EntityTagger"),
        ("city", "Oslo", 12, 16, "to", "1", "EntityTagger"),
    ]
    assert all(e.confidence is not None and e.confidence > 0.9 for e in found)
    assert extractor.extract("from NYC to Oslo") == ()  # without tokens nothing learned is found


def test_written_goes_before_learned_and_learned_before_examples() -> None:
    extractor = EntityExtractor(
        lookups={"city": ["Oslo"], "product": ["gold"]},
        regexes={},
        synonyms={},
        mentions={"colour": ["gold", "plan", "blue"]},
        tagger=tagger_of({"oslo": 1, "gold": 1, "plan": 1}, [{"entity": "city", "role": "to"}]),
    )
    found = {(e.name, e.value, e.role) for e in extractor.extract("Oslo gold and plan blue", NONE)}
    assert found == {
        ("city", "Oslo", "to"),
        ("product", "gold", None),
        ("city", "plan", "to"),
        ("colour", "blue", None),
    }


MENDING = EntityExtractor(
    lookups={
        "claim_type": ["hospital", "hospital cash plan", "dental", "cancer", "gp", "physiotherapy"],
        "policy": ["HL-204518"],
        "疾病": ["糖尿病并发症"],
    },
    regexes={},
    synonyms={"hospital": "inpatient"},
    words=WORDS,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("my hopsital bill", [("claim_type", "inpatient", "hopsital")]),
        ("the hospitel cash plan please", [("claim_type", "hospital cash plan", "hospitel cash plan")]),
        ("for phisiotherpy", [("claim_type", "physiotherapy", "phisiotherpy")]),
        ("DENTLA cover", [("claim_type", "dental", "DENTLA")]),
        ("i want to cancel my plan", []),  # a word is no error of another
        ("gq", []),  # too short
        ("HL-204519", []),  # of a code each sign counts
        ("糖尿病并发证", []),
        ("denxxl", []),  # two errors in six letters
    ],
)
def test_a_typing_error_is_mended_where_no_other_word_is_meant(
    text: str, found: list[tuple[str, str, str]]
) -> None:
    near = [e for e in MENDING.extract(text) if e.extractor == "FuzzyLookup"]
    assert [(e.name, e.value, text[e.start : e.end]) for e in near] == found
    assert all(e.confidence is not None and 0.7 < e.confidence < 1 for e in near)


def test_two_entries_equally_near_are_neither() -> None:
    extractor = EntityExtractor(lookups={"name": ["marina", "marine"]}, regexes={}, synonyms={}, words=())
    assert extractor.extract("marinx") == ()


def test_a_mended_mention_that_was_learned_too_gives_its_value() -> None:
    extractor = EntityExtractor(
        lookups={"city": ["Stockholm"]},
        regexes={},
        synonyms={},
        words=WORDS,
        tagger=tagger_of({"stokholm": 1}, [{"entity": "city", "role": "to"}]),
    )
    [city] = extractor.extract("to stokholm", NONE)
    assert (city.value, city.role, city.extractor) == ("Stockholm", "to", "EntityTagger")


def test_a_tagger_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tagger.json").write_text('{"format": 9}')
    with pytest.raises(PartUnreadable, match="format 9"):
        Tagger.load(tmp_path)
