"""Entities by tables and expressions: boundaries, Chinese, synonyms, overlaps, and files that do not fit."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.entities import EntityExtractor
from nlu.errors import PartUnreadable

EXTRACTOR = EntityExtractor(
    lookups={"claim_type": ["hospital", "hospital stay", "住院", "C++ cover"], "empty": ["", " "]},
    regexes={"policy_number": [r"HL-\d{6}"], "amount": [r"\d+(?:\.\d+)?(?= pounds)"]},
    synonyms={"住院": "hospital", "Hospital Stay": "hospital"},
)


def values(text: str) -> list[tuple[str, str]]:
    return [(e.name, e.value) for e in EXTRACTOR.extract(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("my HOSPITAL bill", [("claim_type", "HOSPITAL")]),
        ("a hospital stay", [("claim_type", "hospital")]),
        ("hospitality", []),
        ("我想申请住院理赔", [("claim_type", "hospital")]),
        ("policy hl-123456 please", [("policy_number", "hl-123456")]),
        ("is C++ cover sold", [("claim_type", "C++ cover")]),
        ("12.5 pounds for hospital", [("amount", "12.5"), ("claim_type", "hospital")]),
        ("", []),
    ],
)
def test_mentions(text: str, found: list[tuple[str, str]]) -> None:
    assert values(text) == found


@given(st.text(alphabet="hospital stay住院HL-0123456789 ", max_size=40))
def test_mentions_lie_in_the_text_apart_and_in_order(text: str) -> None:
    found = EXTRACTOR.extract(text)
    assert [e.start for e in found] == sorted(e.start for e in found)
    for entity in found:
        assert 0 <= entity.start < entity.end <= len(text)
    for name in {e.name for e in found}:
        spans = [(e.start, e.end) for e in found if e.name == name]
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_an_expression_that_does_not_compile_is_named() -> None:
    with pytest.raises(PartUnreadable, match="policy_number"):
        EntityExtractor(lookups={}, regexes={"policy_number": ["("]}, synonyms={})


@pytest.mark.parametrize("content", [None, "{", {"format": 2}, {"format": 1}, {"format": 1, "lookups": []}])
def test_files_that_do_not_fit_are_refused(tmp_path: Path, content: Any) -> None:
    if content is not None:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "entities.json").write_text(text)
    with pytest.raises(PartUnreadable):
        EntityExtractor.load(tmp_path)
