"""What leaves the log: no identifier that has a form, and the sentence around it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.iso7064 import mod_11_2, mod_97_10

from bot.redaction import redact

DIGITS = "0123456789"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to jo.bloggs+claims@mail.example.co.uk please", "write to <email> please"),
        ("我的邮箱是wang@example.cn谢谢", "我的邮箱是<email>谢谢"),
        ("is it jo@example.com?", "is it <email>?"),
        ("jo (at) example (dot) com", "<email>"),
        ("see https://example.com/reset?token=s3cr3t请帮我", "see <url>请帮我"),
        ("open example.com/a?key=1 now", "open <url> now"),
        ("call +44 7700 900123 after six", "call <phone> after six"),
        ("手机13800138000,谢谢", "手机<phone>,谢谢"),
        ("１３８００１３８０００", "<phone>"),
        ("ring 01632-960-961-2 today", "ring <number> today"),
        ("card 4111 1111 1111 1111 exp 12/25", "card <card> exp 12/25"),
        ("IBAN GB82 WEST 1234 5698 7654 32 please", "IBAN <iban> please"),
        ("身份证11010519491231002X", "身份证<resident_id>"),
        ("my policy is HL-123456.", "my policy is <reference>."),
        ("claim CLM-2024-00017 and hl123456", "claim <reference> and <reference>"),
        ("account 12345678 is mine", "account <number> is mine"),
        ("from 192.0.2.17 or 2001:db8::1", "from <ip> or <ip>"),
        ("My name is Zoë O'Neil-Smith and I moved", "My name is <name> and I moved"),
        ("my name is john", "my name is <name>"),
        ("Hi, I'm Maria Lopez, about my claim", "Hi, I'm <name>, about my claim"),
        ("我叫王小明，想报案", "我叫<name>，想报案"),
        ("姓名：欧阳小红 ", "姓名：<name> "),
    ],
)
def test_an_identifier_becomes_its_placeholder(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "I am interested in a loan of 1,000,000 or 50000 yuan over 24 months",
        "my name is wrong on the policy",
        "I AM NOT HAPPY",
        "bp 120/80, temperature 38.5 for 3 days",
        "on 2024-03-15 at 10:30 I paid 99.50, due 31-12-2025",
        "我叫了救护车，等了30分钟",
        "我想贷款20万，分36期",
        "COVID-19 and section 3.2.1",
        "yes/no, and/or, e.g. this",
        "<email> and <phone> were here",
    ],
)
def test_ordinary_words_and_figures_stay(text: str) -> None:
    assert redact(text) == text


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=length, max_size=length)


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    body = draw(digits(17))
    return body + mod_11_2.calc_check_digit(body)


@st.composite
def cards(draw: st.DrawFn) -> str:
    body = "4" + draw(digits(14))
    whole = body + luhn.calc_check_digit(body)
    separator = draw(st.sampled_from(["", " ", "-"]))
    return separator.join(whole[place : place + 4] for place in range(0, 16, 4))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    body = "WEST" + draw(digits(14))
    check = mod_97_10.calc_check_digits(body + "GB")
    whole = f"GB{check}{body}"
    separator = draw(st.sampled_from(["", " "]))
    whole = separator.join(whole[place : place + 4] for place in range(0, 22, 4))
    return draw(st.sampled_from([whole, whole.lower()]))


IDENTIFIERS = st.one_of(
    resident_ids(),
    cards(),
    ibans(),
    st.builds("{}@{}.example".format, st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), st.just("mail")),
    st.builds("1{}{}".format, st.sampled_from("3456789"), digits(9)),
    st.builds("+44 20 79{} {}".format, digits(2), digits(4)),
    st.builds("HL-{}".format, digits(6)),
    st.builds("https://example.com/?token={}".format, st.from_regex(r"[a-z0-9]{4,20}", fullmatch=True)),
    digits(10),
)


@given(before=st.text(max_size=30), planted=IDENTIFIERS, after=st.text(max_size=30))
@settings(max_examples=400, deadline=None)
def test_nothing_planted_survives_whatever_stands_beside_it(before: str, planted: str, after: str) -> None:
    redacted = redact(f"{before} {planted}{after}")
    assert planted not in redacted


@given(before=st.text("abc ：王", max_size=8), planted=IDENTIFIERS, after=st.text("xyz ，李.", max_size=8))
@settings(max_examples=300, deadline=None)
def test_an_identifier_glued_to_words_goes_too(before: str, planted: str, after: str) -> None:
    assert planted not in redact(before + planted + after)


@given(st.one_of(st.text(), st.text("my name is I am我叫王1234567890-+@.:/ <>ABCx"), IDENTIFIERS))
@settings(max_examples=500, deadline=None)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
