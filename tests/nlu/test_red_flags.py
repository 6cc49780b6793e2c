"""Red flags: nothing told of an emergency is missed, whatever plays it down; service questions do not set
them off.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.red_flags import NAMES, find_red_flags

TOLD: dict[str, tuple[str, ...]] = {
    "chest_pain": (
        "I have chest pain",
        "my chest feels tight",
        "crushing pain in my chest",
        "我胸口很痛",
        "胸闷还出冷汗",
    ),
    "stroke": (
        "one side of his face is drooping",
        "my left arm went numb",
        "his speech is slurred",
        "嘴歪了",
        "右手突然动不了",
    ),
    "breathing": ("I can't breathe", "she is struggling to breathe", "he is choking", "喘不上气", "呼吸困难"),
    "anaphylaxis": (
        "my throat is swelling",
        "his tongue is swollen",
        "it is an anaphylactic shock",
        "喉咙肿了",
        "过敏性休克",
    ),
    "bleeding": ("the bleeding won't stop", "he is vomiting blood", "heavy bleeding", "血止不住", "吐血了"),
    "unconscious": ("my father is unconscious", "she passed out", "he won't wake up", "他昏迷了", "叫不醒"),
    "overdose_or_poison": (
        "I took too many pills",
        "he overdosed",
        "my son drank bleach",
        "吃了一整瓶药",
        "误服农药",
    ),
    "self_harm": (
        "I want to kill myself",
        "I don't want to live any more",
        "thinking of suicide",
        "我不想活了",
        "我想自杀",
    ),
    "infant_fever": ("my baby has a fever", "our newborn is burning up", "孩子烧到40度", "宝宝高烧不退"),
    "seizure": ("she is having a seizure", "he has convulsions", "孩子抽搐了", "癫痫发作"),
    "pregnancy": ("I'm pregnant and bleeding", "pregnant, the baby stopped moving", "怀孕出血了", "羊水破了"),
    "diabetic_crisis": ("he is diabetic and keeps vomiting", "糖尿病，一直呕吐昏睡"),
    "injury": ("she hit her head and is vomiting", "I have been stabbed", "头撞了之后一直吐", "触电了"),
    "danger": ("my husband is beating me", "our house is on fire", "他正在打我", "有人要杀我"),
    "abdomen": ("I have severe stomach pain", "肚子痛得打滚"),
}
PLAYED_DOWN = (
    "{}",
    "it is probably nothing but {}",
    "sorry to bother you, {}",
    "my family says I exaggerate, {}",
    "{} lol",
)
CLAIMS_BEFORE = ("I wanted to ask about my claim. {}", "do I need to pay? {}", "你好，{}")

HARMLESS = (
    "no chest pain",
    "I have no trouble breathing, only a cough",
    "does my policy cover heart attacks?",
    "is a stroke covered",
    "he died of a heart attack last year, how do we claim",
    "is suicide covered by life insurance",
    "I'm pregnant, is the birth covered?",
    "add my newborn baby to the policy",
    "a mild cold since Monday and itchy eyes",
    "how much does a blood test cost",
    "you are killing me with these premiums",
    "how long do I have to send in a claim",
    "my daughter is 5 years old, add her to my policy",
    "没有胸痛",
    "没有呼吸困难，只是咳嗽",
    "我没有自杀的想法",
    "心梗能理赔吗",
    "中风在保障范围内吗",
    "孩子可以加到保单里吗",
    "父亲去年因心梗去世，怎么理赔",
)


@pytest.mark.parametrize(("flag", "text"), [(flag, text) for flag, texts in TOLD.items() for text in texts])
def test_what_is_told_is_found_however_it_is_played_down(flag: str, text: str) -> None:
    for frame in itertools.chain(PLAYED_DOWN, CLAIMS_BEFORE):
        assert flag in find_red_flags(frame.format(text)), frame.format(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_service_questions_and_denials_set_off_nothing(text: str) -> None:
    assert find_red_flags(text) == ()


def test_every_row_of_the_table_is_in_these_tests() -> None:
    assert list(NAMES) == list(TOLD)


def test_a_denial_covers_its_clause_only() -> None:
    assert find_red_flags("no chest pain but I cannot breathe") == ("breathing",)
    assert find_red_flags("没有胸痛，但是喘不上气") == ("breathing",)


@pytest.mark.parametrize(
    "text",
    ["I have chest pian", "he is unconcious", "cant breth", "he took an overdoes", "she had a siezure"],
)
def test_typing_errors_do_not_hide_an_emergency(text: str) -> None:
    assert find_red_flags(text)


@pytest.mark.parametrize("text", ["I CAN'T BREATHE!!!", "I can\u2019t breathe", "chest pain\nhelp"])
def test_case_apostrophes_and_line_breaks_do_not_matter(text: str) -> None:
    assert find_red_flags(text)


@given(st.text(max_size=300))
def test_any_text_is_searched_without_trouble(text: str) -> None:
    assert isinstance(find_red_flags(text), tuple)


@given(st.text(alphabet=st.characters(whitelist_categories=("Lu", "Ll", "Zs")), max_size=60))
def test_what_stands_before_in_another_sentence_never_hides_a_flag(before: str) -> None:
    assert "unconscious" in find_red_flags(f"{before}. My father is unconscious")
