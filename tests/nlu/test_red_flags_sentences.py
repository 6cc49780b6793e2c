"""Red flags measured on sentences: those the signs were tuned on, and those set aside before; and what must
hold of any sentence.

`held_out.tsv` was written before the signs and none was tuned on it. Its recall is asserted whole and its
false alarms at one in twenty; a change that breaks either is to be mended by a general rule, never by that
sentence.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.emergencies import SENTENCES
from nlu.red_flags import find_red_flags
from nlu.red_flags_chinese import TABLE as CHINESE
from nlu.red_flags_english import TABLE as ENGLISH
from nlu.red_flags_row import Row

FOLDER = Path(__file__).parent / "red_flags"
PARTS = ("tuned_on", "held_out")


def sentences(part: str, kind: str) -> list[str]:
    rows = (line.split("\t") for line in (FOLDER / f"{part}.tsv").read_text(encoding="utf-8").splitlines())
    return [text for told, _, text in rows if told == kind]


EMERGENCIES = [*sentences("tuned_on", "emergency"), *SENTENCES]
# A clause before, each with what might undo a sign: a denial, a date, a question about cover, a bare name.
PREFIXES_EN = (
    "I have no fever",
    "I never got a reply",
    "there is nobody here",
    "I don't know what to do",
    "I had an operation in 2019",
    "my policy does not cover anything",
    "is my claim paid",
    "I'm not joking",
)
PREFIXES_ZH = (
    "我没有发烧",
    "没有人接电话",
    "我不知道怎么办",
    "我2019年做过手术",
    "保险什么都不赔",
    "不是开玩笑",
    "理赔的事先不说",
    "去年买的保单",
)


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.parametrize("part", PARTS)
def test_every_emergency_is_found(part: str) -> None:
    assert [text for text in sentences(part, "emergency") if not find_red_flags(text)] == []


def test_every_rehearsed_emergency_is_found() -> None:
    assert [text for text in SENTENCES if not find_red_flags(text)] == []


@pytest.mark.parametrize("part", PARTS)
def test_few_harmless_sentences_set_one_off(part: str) -> None:
    harmless = sentences(part, "harmless")
    alarms = [text for text in harmless if find_red_flags(text)]
    assert len(alarms) <= len(harmless) / 20, alarms


@given(st.sampled_from(EMERGENCIES), st.data())
def test_a_flag_survives_a_clause_before_it_in_any_case(text: str, data: st.DataObject) -> None:
    prefix, joint = (
        (data.draw(st.sampled_from(PREFIXES_ZH)), data.draw(st.sampled_from(("，", ",", "。", "，但是"))))
        if is_chinese(text)
        else (
            data.draw(st.sampled_from(PREFIXES_EN)),
            data.draw(st.sampled_from((", and ", ", ", ". ", " but "))),
        )
    )
    said = f"{prefix}{joint}{text}"
    assert find_red_flags(said)
    assert find_red_flags(said.upper()) == find_red_flags(said.lower()) != ()


@given(
    st.sampled_from(
        [text for text in EMERGENCIES if text.startswith(("I ", "I'm ", "my ", "he ", "she ", "our "))]
    )
)
def test_a_flag_survives_a_clause_joined_by_and_alone(text: str) -> None:
    assert [prefix for prefix in PREFIXES_EN if not find_red_flags(f"{prefix} and {text}")] == []


@given(st.sampled_from(EMERGENCIES))
def test_a_flag_survives_what_is_said_after_it(text: str) -> None:
    after = "，请问理赔要什么材料？" if is_chinese(text) else ". Where do I send the claim form?"
    assert find_red_flags(text + after)


@pytest.mark.parametrize("row", [*ENGLISH, *CHINESE], ids=lambda row: row.name)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_pattern_matches_holds_a_stem_of_its_row(row: Row, data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from([*row.always, *row.signs, *row.names]))
    letters = st.characters(codec="ascii") if row in ENGLISH else None
    text = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=letters))
    assert any(stem in text for stem in row.stems)


PIECES = (
    "pregnant",
    "pregnan",
    "had ",
    "slurr",
    "no ",
    "a",
    "aaaaaaaa",
    " ",
    ", ",
    "my chest ",
    "not",
    "took all my ",
    "我",
    "没有",
    "胸",
    "血",
    "，",
    "39",
    ".",
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.integers(500, 3000))
def test_a_long_message_of_repeated_pieces_is_read_to_its_end(pieces: list[str], times: int) -> None:
    # A pattern that backtracks without bound would not come back from these within the suite's patience.
    assert "self_harm" in find_red_flags("".join(pieces) * times + ". I want to kill myself. 我想自杀")


@pytest.mark.parametrize(
    "piece", ["i was unconscious in 2019 ", "last year chest pain ", "no chest pain, ", "没有胸痛、"]
)
def test_thousands_of_undone_signs_are_read_to_the_end(piece: str) -> None:
    # Each sign is weighed against its surroundings only: against the whole text, this would take minutes.
    assert "breathing" in find_red_flags(piece * 8000 + ". I can't breathe")


@pytest.mark.parametrize(
    "text", ["我是多余的", "我就是个累赘", "胸痛，请问理赔要什么材料？", "去年买的保单，透不过气来了快不行了"]
)
def test_a_sign_is_found_whatever_the_first_look_knows(text: str) -> None:
    assert find_red_flags(text)
