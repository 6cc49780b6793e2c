"""Language by script, and the n-grams that carry Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.language import cjk_share, detect_language, words
from nlu.ngrams import buckets, grams


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my claim", "en"),
        ("我的理赔到哪了", "zh"),
        ("我要退 Premium Gold 保险", "zh"),
        ("my friend 王 told me about you", "en"),
        ("1234", "en"),
        ("", "en"),
        ("où est ma carte", "en"),
    ],
)
def test_language_of_texts(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_what_has_no_letters_stays_with_the_conversation() -> None:
    assert detect_language("42 👍", default="zh") == "zh"
    assert detect_language("hello", default="zh") == "en"
    assert detect_language("你好", ("en",), default="en") == "en"
    assert detect_language("bonjour", ("fr", "zh"), default="zh") == "fr"
    assert detect_language("hello", ("zh",), default="zh") == "zh"


def test_codes_and_numbers_are_no_words() -> None:
    assert words("HL-654321, x1 and 12k") == ["and"]
    assert words("yes, the dental one") == ["yes", "the", "dental", "one"]


@given(st.text())
def test_any_text_has_a_share_and_features(text: str) -> None:
    assert 0.0 <= cjk_share(text) <= 1.0
    found = buckets(text, size=64)
    assert found == sorted(set(found)) and all(0 <= bucket < 64 for bucket in found)


def test_features_see_through_case_and_width_and_into_chinese() -> None:
    assert grams("CARD") == grams("card") == grams("ｃａｒｄ")
    assert {"理", "理赔", "赔进度"} <= set(grams("理赔进度"))
    assert "<card>" in grams("my card!")
    assert grams("!?") == []
