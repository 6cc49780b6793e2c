"""Conditions of flows: what they say, and what is no condition."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.conditions import ConditionError, parse

SLOTS = {
    "amount": 100,
    "text": "250",
    "yes": True,
    "no": False,
    "size": "Large",
    "many": ["a", "b"],
    "none": None,
    "named": "Nan",
    "huge": 10**400,
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("slots.amount = 100", True), ("amount == 100.0", True), ("slots.amount != 100", False),
        ("slots.text > 200", True), ("slots.none > 1", False), ("slots.none < 1", False),
        ("slots.yes", True), ("not slots.no", True), ("slots.no is false", True),
        ("slots.yes is not true", False),
        ("slots.none is null", True), ("slots.gone is null", True), ("slots.amount is not null", True),
        ("slots.size = 'Large'", True), ("slots.size = 'large'", False), ("slots.size contains 'arg'", True),
        ("slots.many contains 'a'", True), ("'c' in slots.many", False), ("'c' not in slots.many", True),
        ("slots.size in ['Small', 'Large']", True), ("slots.size matches '^L'", True),
        ("slots.amount > 50 and slots.amount <= 100", True), ("slots.no or slots.yes and slots.no", False),
        ("(slots.no or slots.yes) and slots.yes", True), ("not (slots.yes and slots.no)", True),
        ("slots.many = ['a', 'b']", True), ("slots.many = ['a']", False), ("slots.many != ['a']", True),
        ("slots.named = 'Nan'", True), ("slots.named = 'Infinity'", False), ("slots.huge > 5", False),
        ("slots.amount >= -5 AND NOT slots.no", True), ("true", True), ("false or null", False),
    ],
)  # fmt: skip
def test_a_condition_is_read_as_written(text: str, holds: bool) -> None:
    assert parse(text).holds(SLOTS) is holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it ends too early"), ("slots.a >", "it ends too early"), ("slots.a slots.b", "nothing more"),
        ("(slots.a", "`)` was expected"), ("slots.a = [slots.b]", "a list may hold only"),
        ("slots.a not 3", "followed by `in`"), ("__import__('os')", "nothing more was expected at `(`"),
        ("slots.a ; 1", "neither a slot"), ("not " * 60 + "a", "too deeply"),
        ("a in " + "[" * 3000, "a list may hold only"), ("a matches '" + "(" * 3000 + "'", "is too large"),
        ("a matches 'b{99999999999}'", "is too large"), ("a matches '('", "no regular expression"),
        ("a matches b", "a text was expected"),
    ],
)  # fmt: skip
def test_what_is_none_is_told(text: str, said: str) -> None:
    with pytest.raises(
        ConditionError, match=said.replace("(", r"\(").replace(")", r"\)").replace("[", r"\[")
    ):
        parse(text)


def test_it_names_the_slots_it_looks_at() -> None:
    assert parse("slots.a > 3 and not (b or c = 'd')").slots == {"a", "b", "c"}


@given(
    st.text(max_size=40), st.dictionaries(st.sampled_from(["a", "b"]), st.none() | st.integers() | st.text())
)
def test_any_text_holds_or_is_refused(text: str, slots: dict[str, Any]) -> None:
    try:
        condition = parse(text)
    except ConditionError:
        return
    assert condition.holds(slots) in (True, False)
