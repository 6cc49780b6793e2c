"""System entities: what each sentence holds, in English and Chinese. The set is the specification."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.entities import FoundEntity
from nlu.system_entities import DIMENSIONS, SystemEntities, SystemEntitiesUnusable

FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC).timestamp()
EVERY = SystemEntities(tuple(DIMENSIONS))

# text, dimension, mention, value; a time as far as it is told, a range as two with ".." between
ENGLISH: tuple[tuple[str, str, str, object], ...] = (
    ("I'll be there tomorrow at 5pm", "time", "tomorrow at 5pm", "2026-11-21T17:00"),
    ("can we say next Friday", "time", "next Friday", "2026-11-27T00:00"),
    ("from 3 to 5 pm on Monday", "time", "from 3 to 5 pm on Monday", "2026-11-23T15:00..2026-11-23T17:00"),
    ("between 9 and 11 am tomorrow", "time", "between 9 and 11 am tomorrow",
     "2026-11-21T09:00..2026-11-21T11:00"),
    ("my stay ended on the 3rd of May 2025", "time", "the 3rd of May 2025", "2025-05-03T00:00"),
    ("it was last month", "time", "last month", "2026-10-01T00:00"),
    ("the day after tomorrow is fine", "time", "the day after tomorrow", "2026-11-22T00:00"),
    ("call me at half past nine", "time", "half past nine", "2026-11-20T21:30"),
    ("from Monday to Wednesday", "time", "from Monday to Wednesday", "2026-11-23T00:00..2026-11-25T00:00"),
    ("on Monday please", "time", "Monday", "2026-11-23T00:00"),
    ("my appointment is 2026-12-01", "time", "2026-12-01", "2026-12-01T00:00"),
    ("the party on December 24", "time", "December 24", "2026-12-24T00:00"),
    ("ring in the morning", "time", "in the morning", "2026-11-21T08:00..2026-11-21T12:00"),
    ("does it arrive this week?", "time", "this week", "2026-11-16T00:00"),
    ("at 14:30 please", "time", "14:30", "2026-11-20T14:30"),
    ("yesterday evening", "time", "yesterday evening", "2026-11-19T16:00..2026-11-19T20:00"),
    ("I need it in 3 days", "time", "in 3 days", "2026-11-23T00:00"),
    ("five years ago I had surgery", "time", "five years ago", "2021-11-20T00:00"),
    ("12 May at noon", "time", "12 May at noon", "2027-05-12T12:00"),
    ("I joined in October 2024", "time", "October 2024", "2024-10-01T00:00"),
    ("I waited for three days", "duration", "three days", 3),
    ("it took 30 minutes", "duration", "30 minutes", 30),
    ("half an hour on hold", "duration", "half an hour", 0.5),
    ("two and a half hours", "duration", "two and a half hours", 2.5),
    ("three hundred and twenty dollars", "amount-of-money", "three hundred and twenty dollars", 320),
    ("they charged $1,200.50", "amount-of-money", "$1,200.50", 1200.5),
    ("only 20 euros", "amount-of-money", "20 euros", 20),
    ("a £50 excess", "amount-of-money", "£50", 50),
    ("1.5 million dollars", "amount-of-money", "1.5 million dollars", 1_500_000),
    ("2 people are covered", "number", "2", 2),
    ("I am twenty five", "number", "twenty five", 25),
    ("the second claim", "ordinal", "second", 2),
    ("my 3rd letter", "ordinal", "3rd", 3),
    ("call +44 20 7946 0958", "phone-number", "+44 20 7946 0958", "+442079460958"),
    ("ring me on (202) 456-1414", "phone-number", "(202) 456-1414", "+12024561414"),
    ("mail a.b+c@example.co.uk please", "email", "a.b+c@example.co.uk", "a.b+c@example.co.uk"),
    ("see https://example.org/x?y=1.", "url", "https://example.org/x?y=1", "https://example.org/x?y=1"),
    ("it is on www.example.org/help", "url", "www.example.org/help", "www.example.org/help"),
    ("card 4111 1111 1111 1111", "credit-card-number", "4111 1111 1111 1111", "4111111111111111"),
    ("charged to 5500-0000-0000-0004", "credit-card-number", "5500-0000-0000-0004", "5500000000000004"),
)  # fmt: skip
CHINESE: tuple[tuple[str, str, str, object], ...] = (
    ("我明天下午三点到", "time", "明天下午三点", "2026-11-21T15:00"),
    ("下周五可以吗", "time", "下周五", "2026-11-27T00:00"),
    ("2025年5月3日出院", "time", "2025年5月3日", "2025-05-03T00:00"),
    ("上个月的账单", "time", "上个月", "2026-10-01T00:00"),
    ("从周一到周三", "time", "从周一到周三", "2026-11-23T00:00..2026-11-25T00:00"),
    ("后天上午九点半", "time", "后天上午九点半", "2026-11-22T09:30"),
    ("昨天付的", "time", "昨天", "2026-11-19T00:00"),
    ("去年十月住院", "time", "去年十月", "2025-10-01T00:00"),
    ("六月三号到五号", "time", "六月三号到五号", "2027-06-03T00:00..2027-06-05T00:00"),
    ("今天晚上八点给我打电话", "time", "今天晚上八点", "2026-11-20T20:00"),
    ("三年前买的", "time", "三年前", "2025-11-20T00:00"),
    ("下个月再说", "time", "下个月", "2026-12-01T00:00"),
    ("周末有人吗", "time", "周末", "2026-11-21T00:00..2026-11-23T00:00"),
    ("3月15日到期", "time", "3月15日", "2027-03-15T00:00"),
    ("两周后手术", "time", "两周后", "2026-12-04T00:00"),
    ("10点到12点都行", "time", "10点到12点", "2026-11-20T10:00..2026-11-20T12:00"),
    ("本周能到吗", "time", "本周", "2026-11-16T00:00"),
    ("明天", "time", "明天", "2026-11-21T00:00"),
    ("我等了三天", "duration", "三天", 3),
    ("花了三十分钟", "duration", "三十分钟", 30),
    ("等了半小时", "duration", "半小时", 0.5),
    ("一个月了", "duration", "一个月", 1),
    ("一共三百二十元", "amount-of-money", "三百二十元", 320),
    ("赔我五千块钱", "amount-of-money", "五千块钱", 5000),
    ("我付了1200.5元", "amount-of-money", "1200.5元", 1200.5),
    ("￥300的费用", "amount-of-money", "￥300", 300),
    ("保费一万五千元", "amount-of-money", "一万五千元", 15_000),
    ("大概200美元", "amount-of-money", "200美元", 200),
    ("我们两个人", "number", "两", 2),
    ("一共一百二十三", "number", "一百二十三", 123),
    ("有8份文件", "number", "8", 8),
    ("第二个问题", "ordinal", "第二", 2),
    ("我第一次申请", "ordinal", "第一", 1),
    ("打13812345678找我", "phone-number", "13812345678", "+8613812345678"),
    ("电话是010-62345678", "phone-number", "010-62345678", "+861062345678"),
    ("电话是+86 138 1234 5678", "phone-number", "+86 138 1234 5678", "+8613812345678"),
    ("邮箱是a@b.cn", "email", "a@b.cn", "a@b.cn"),
    ("网址https://example.cn/帮助，谢谢", "url", "https://example.cn/帮助", "https://example.cn/帮助"),
    ("卡号4111111111111111", "credit-card-number", "4111111111111111", "4111111111111111"),
    ("银行卡 5500 0000 0000 0004", "credit-card-number", "5500 0000 0000 0004", "5500000000000004"),
)
NOTHING = (
    "please help me",
    "my policy HL-123456 may be wrong",
    "what is the last step",
    "请帮我",
    "保单号HL-123456",
)


def told(entity: FoundEntity) -> object:
    """The value as the set writes it."""
    if entity.name == "time" and isinstance(entity.value, dict):
        return "..".join(str(entity.value[end])[:16] for end in ("from", "to"))
    return str(entity.value)[:16] if entity.name == "time" else entity.value


@pytest.mark.parametrize(
    ("language", "text", "name", "mention", "value"),
    [("en", *row) for row in ENGLISH] + [("zh", *row) for row in CHINESE],
)
def test_the_set(language: str, text: str, name: str, mention: str, value: object) -> None:
    found = EVERY.extract(text, language=language, at=FRIDAY)
    assert (name, mention, value) in [(e.name, text[e.start : e.end], told(e)) for e in found]
    assert all(e.extractor == "DucklingEntityExtractor" and e.details for e in found)
    json.dumps([[e.value, e.details] for e in found])


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    assert EVERY.extract(text, language="zh" if text > "\u3400" else "en", at=FRIDAY) == ()


def test_only_what_is_asked_for_is_found_and_the_longest_of_it() -> None:
    numbers = SystemEntities(("number",))
    assert [e.value for e in numbers.extract("5 pounds", language="en", at=FRIDAY)] == [5]
    assert [e.name for e in EVERY.extract("5 pounds", language="en", at=FRIDAY)] == ["amount-of-money"]
    assert SystemEntities(()).extract("5 pounds", language="en", at=FRIDAY) == ()


def test_tomorrow_is_the_messages_tomorrow_in_the_projects_zone() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC).timestamp()
    [there] = SystemEntities(("time",), timezone="Asia/Shanghai").extract("tomorrow", language="en", at=late)
    assert there.value == datetime(2026, 11, 22, tzinfo=ZoneInfo("Asia/Shanghai")).isoformat(
        timespec="milliseconds"
    )
    assert there.details == {
        "value": there.value, "grain": "day", "type": "value",
        "values": [{"value": there.value, "grain": "day", "type": "value"}],
    }  # fmt: skip


def test_what_the_project_wrote_down_is_no_number() -> None:
    policy = FoundEntity("policy", "204518", 10, 16)
    learned = FoundEntity("people", "2", 21, 22, extractor="EntityTagger", confidence=0.9)
    found = EVERY.join((policy, learned), "policy is 204518 for 2 people", language="en", at=FRIDAY)
    assert [(e.name, e.value) for e in found] == [("policy", "204518"), ("number", 2), ("people", "2")]


def test_a_card_needs_its_check_digit() -> None:
    found = EVERY.extract("card 4111 1111 1111 1112", language="en", at=FRIDAY)
    assert "credit-card-number" not in {e.name for e in found}


def test_a_number_without_country_code_is_of_the_locale() -> None:
    british = SystemEntities(("phone-number",), region="GB")
    [phone] = british.extract("020 7946 0958", language="en", at=FRIDAY)
    assert phone.value == "+442079460958"


@pytest.mark.parametrize(
    ("dimensions", "timezone", "region", "said"),
    [
        (("distances",), "UTC", None, "distances"),
        (("time",), "Mars/Base", None, "Mars/Base"),
        (("time",), "UTC", "XX", "XX"),
    ],
)
def test_settings_that_cannot_be_are_named(
    dimensions: tuple[str, ...], timezone: str, region: str | None, said: str
) -> None:
    with pytest.raises(SystemEntitiesUnusable, match=said):
        SystemEntities(dimensions, timezone=timezone, region=region)


def test_a_long_text_is_read_at_its_beginning() -> None:
    [first] = EVERY.extract("tomorrow " + "word " * 200 + "next Friday", language="en", at=FRIDAY)
    assert first.start == 0


@pytest.mark.parametrize(
    "text",
    ["see www.[company].com", "http://[IP]/admin", "for 1e400 days", f"for {'9' * 380} days", "5 \ud83d"],
)
def test_odd_texts_are_read(text: str) -> None:
    EVERY.extract(text, language="en", at=FRIDAY)


@given(
    st.text(alphabet="59 .:/@[]-+eİw€$days小时天点号tomorw\U0001f600", max_size=60),
    st.sampled_from(["en", "zh"]),
)
def test_every_text_is_read_and_what_is_found_stands_in_it(text: str, language: str) -> None:
    for entity in EVERY.extract(text, language=language, at=FRIDAY):
        assert 0 <= entity.start < entity.end <= len(text)


def test_a_letter_that_grows_in_lower_case_moves_nothing() -> None:
    text = "İbrahim here, I paid 250 pounds tomorrow"
    found = EVERY.extract(text, language="en", at=FRIDAY)
    assert [text[e.start : e.end] for e in found] == ["250 pounds", "tomorrow"]
