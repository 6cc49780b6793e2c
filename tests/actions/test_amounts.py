"""Numbers as customers write them."""

import math

import pytest
from cn2an import an2cn
from hypothesis import given
from hypothesis import strategies as st

from actions.amounts import parse_count, parse_number, parse_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3万", 30000),
        ("12.5k", 12500),
        ("1,200", 1200),
        ("五千", 5000),
        ("五千块", 5000),
        ("三万五", 35000),
        ("3千5百", 3500),
        ("一点五万", 15000),
        ("1,200万", 12_000_000),
        ("大概12万", 120_000),
        ("约4,000元", 4000),
        ("一共860元", 860),
        ("两千零五十", 2050),
        ("六年半", 6.5),
        ("半", 0.5),
        ("１２３４", 1234),
        ("2w", 20000),
        ("one hundred", 100),
        ("a hundred and five", 105),
        ("twelve and a half thousand", 12500),
        ("half a million", 500_000),
        ("1.5 million", 1_500_000),
        ("minus five", -5),
        ("-500", -500),
        ("$1,234.56", 1234.56),
        ("it came to 340", 340),
        ("5 000", 5000),
        ("sorry, that was a typo, I meant 85", 85),
        ("no, not 5000, 6000", 6000),
        ("不是5000，是6000", 6000),
        ("不对，我刚才打错了，应该是320", 320),
    ],
)
def test_one_number_is_read(text: str, number: float) -> None:
    assert parse_number(text) == pytest.approx(number)


@pytest.mark.parametrize(
    "text", ["", "blue", "between 3000 and 4000", "5%", "1e5", "1.2.3", "HL-123456", "9" * 400, "万一", "2nd"]
)
def test_no_number_or_several_are_none(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize("value", [None, True, [], {}, math.nan, math.inf, 1e300])
def test_a_value_that_is_no_plain_number_is_none(value: object) -> None:
    assert parse_number(value) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [("never", 0), ("没有", 0), ("no", 0), ("once", 1), ("1次", 1), ("twice", 2), ("两三次", 3), ("2-3", 3)],
)
def test_times_are_counted(text: str, count: float) -> None:
    assert parse_count(text) == count


def test_none_counts_as_zero_only_where_asked_for() -> None:
    assert parse_number("none") is None
    assert parse_number("none", none_is_zero=True) == 0


@given(st.integers(0, 10**12))
def test_a_grouped_number_reads_as_itself(number: int) -> None:
    assert parse_number(f"{number:,}") == parse_number(str(number)) == number


@given(st.integers(0, 99_999_999))
def test_a_number_in_chinese_reads_as_itself(number: int) -> None:
    assert parse_number(an2cn(number, "low") + "元") == number


@given(st.decimals(min_value=0, max_value=9999, places=2))
def test_thousands_and_wan_multiply(number: object) -> None:
    assert parse_number(f"{number}k") == pytest.approx(float(str(number)) * 1e3)
    assert parse_number(f"{number}万") == pytest.approx(float(str(number)) * 1e4)


@given(st.text(max_size=60))
def test_any_text_gives_finite_numbers(text: str) -> None:
    assert all(math.isfinite(number) for number in parse_numbers(text))
    parse_count(text)
