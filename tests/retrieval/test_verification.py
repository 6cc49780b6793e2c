"""Verification lets a faithful wording through and stops every changed, added or lost fact."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.facts import sentences, split
from retrieval.verification import verify

ENGLISH = (
    "A claim must reach us within 30 days of the treatment. You can send it to care@harbourlight.example or "
    "call 0800 555 0199. Cosmetic treatment is not covered, and the excess is HK$1,500 per year."
)
CHINESE = (
    "理赔申请须在治疗后30天内提交。您可以发送邮件至care@harbourlight.example，或致电0800 555 0199。"
    "美容治疗不在保障范围内，每年自付额为港币1,500元。"
)

FAITHFUL = [
    (ENGLISH, ENGLISH),
    (ENGLISH, "I am sorry to hear that. " + ENGLISH),
    (ENGLISH, "Thanks for asking! " + ENGLISH + " Is there anything else I can help you with?"),
    (ENGLISH, ENGLISH.replace("30 days", "thirty days")),
    (ENGLISH, ENGLISH.replace("HK$1,500", "HK$1500")),
    (ENGLISH, ENGLISH.replace("A claim", "Your claim").replace("covered, and the", "covered. The")),
    (CHINESE, CHINESE),
    (CHINESE, "很抱歉听到这个消息。" + CHINESE),
    (CHINESE, "您好，感谢您的咨询。" + CHINESE + "请问还有什么可以帮您？"),
    (CHINESE, CHINESE.replace("30天", "三十天")),
]

UNFAITHFUL = [
    (ENGLISH, "", "empty"),
    (ENGLISH, ENGLISH.replace("30 days", "30 months"), "fact"),
    (ENGLISH, ENGLISH.replace("30 days", "a few days"), "fact"),
    (ENGLISH, ENGLISH.replace("HK$", "US$"), "fact"),
    (ENGLISH, ENGLISH.replace("care@", "help@"), "fact"),
    (ENGLISH, ENGLISH.replace("not covered", "covered"), "marker"),
    (ENGLISH, ENGLISH.replace("must", "should"), "marker"),
    (ENGLISH, ENGLISH.replace("within", "after"), "marker"),
    (ENGLISH, ENGLISH.replace("Cosmetic", "Dental"), "unsupported"),
    (ENGLISH, ENGLISH.replace("Cosmetic treatment", "Treatment"), "missing"),
    (ENGLISH, ENGLISH.replace("A claim", "A claim to Bupa"), "name"),
    (ENGLISH, ENGLISH + " We will pay you soon.", "unsupported"),
    (ENGLISH, ENGLISH + " I will look into that for you.", "unsupported"),
    (ENGLISH, "Yes. " + ENGLISH, "unsupported"),
    (ENGLISH, ENGLISH.split(" You can")[0], "missing"),
    (CHINESE, CHINESE.replace("不在", "在"), "marker"),
    (CHINESE, CHINESE.replace("须", "可以"), "marker"),
    (CHINESE, CHINESE.replace("30天", "30个月"), "fact"),
    (CHINESE, CHINESE.replace("三十", "三").replace("30天", "三天"), "fact"),
    (CHINESE, CHINESE.replace("美容", "牙科"), "unsupported"),
    (CHINESE, CHINESE + "我们会立即赔付。", "unsupported"),
    (CHINESE, "当然可以。" + CHINESE, "unsupported"),
]


@pytest.mark.parametrize(("source", "text"), FAITHFUL)
def test_a_faithful_wording_passes(source: str, text: str) -> None:
    assert verify(text, [source]) == ()


@pytest.mark.parametrize(("source", "text", "fault"), UNFAITHFUL)
def test_an_unfaithful_wording_is_stopped_and_says_why(source: str, text: str, fault: str) -> None:
    assert fault in {finding.fault for finding in verify(text, [source])}


@given(st.sampled_from([ENGLISH, CHINESE]), st.data())
def test_changing_any_digit_is_stopped(source: str, data: st.DataObject) -> None:
    places = [found.start() for found in re.finditer(r"\d", source)]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != source[place]]))
    assert verify(source[:place] + digit + source[place + 1 :], [source])


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["days", "HKD", "%", "months", ""]))
def test_two_numbers_agree_only_when_they_are_one(left: int, right: int, unit: str) -> None:
    source, text = (f"The limit of the policy is {n:,} {unit} for a member." for n in (left, right))
    assert (verify(text, [source]) == ()) == (left == right)


@given(st.permutations([3, 14, 60, 365]))
def test_numbers_that_change_places_are_stopped(order: list[int]) -> None:
    frame = "Outpatient bills take {} days, dental bills {} days, hospital bills {} days, others {} days."
    source = frame.format(3, 14, 60, 365)
    assert (verify(frame.format(*order), [source]) == ()) == (order == [3, 14, 60, 365])


@given(st.sampled_from([ENGLISH, CHINESE]), st.data())
def test_leaving_out_a_sentence_is_stopped_when_the_whole_is_to_be_said(
    source: str, data: st.DataObject
) -> None:
    parts = split(source)
    dropped = data.draw(st.integers(0, len(parts) - 1))
    rest = " ".join(part for i, part in enumerate(parts) if i != dropped)
    assert verify(rest, [source])
    assert verify(rest, [source], whole=False) == ()


@given(st.text(max_size=80))
def test_any_text_is_judged_and_only_what_says_nothing_new_passes_beside_nothing(text: str) -> None:
    findings = verify(text, [])
    assert findings or all(sentence.courtesy for sentence in sentences(text))


def test_a_negation_cannot_move_to_another_sentence() -> None:
    source = "Dental treatment is covered. Cosmetic treatment is not covered."
    assert verify("Dental treatment is not covered. Cosmetic treatment is covered.", [source])


def test_sentences_may_come_from_several_sources() -> None:
    sources = ["The excess is HK$500.", "Claims reach us by post or by e-mail."]
    assert verify("Claims reach us by post or by e-mail. The excess is HK$500.", sources, whole=False) == ()
    assert verify("The excess is HK$600.", sources, whole=False)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Within 30 calendar days", ("30 day",)),
        ("twenty-five working days", ("25 workday",)),
        ("两万五千元", ("25000 yuan",)),
        ("二〇二六年3月1日", ("2026 year", "3 month", "1 day")),
        ("on 1 May 2026, Monday 9:00 a.m.", ("1", "may", "2026", "monday", "9:00 am")),
        ("You may call", ()),
        ("请拨打HL-123456号", ("HL-123456",)),
        ("一般情况下", ()),
        ("a 24-hour line, 9am", ("24 hour", "9 am")),
        ("see www.harbourlight.example/claims.", ("www.harbourlight.example/claims",)),
        ("Dear {name}", ("{name}",)),
        ("0.50 % and 0.5%", ("0.5 %", "0.5 %")),
        ("３０天", ("30 day",)),
    ],
)
def test_facts_are_found_with_their_units(text: str, facts: tuple[str, ...]) -> None:
    assert tuple(fact for sentence in sentences(text) for fact in sentence.facts) == facts
