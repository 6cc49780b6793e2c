"""Days and lengths of time as customers write them, on Sunday 22 November 2026."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.answers import read_days, read_severity, read_years
from actions.dates import YEAR, parse_date, parse_length

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("two weeks", 14),
        ("三天", 3),
        ("4", 4),
        ("a week", 7),
        ("一周", 7),
        ("两个星期", 14),
        ("2 weeks and 3 days", 17),
        ("two or three days", 3),
        ("3 hours", 0.125),
        ("half a day", 0.5),
        ("半天", 0.5),
        ("half a year", YEAR / 2),
        ("a couple of days", 2),
        ("几天了", 3),
        ("this morning", 0.5),
        ("since yesterday", 1),
        ("昨天开始的", 1),
        ("since Monday", 6),
        ("从周一开始", 6),
        ("oh sorry, I got that wrong, I meant 4 days", 4),
    ],
)
def test_a_length_of_time_is_read(text: str, days: float) -> None:
    assert parse_length(text, today=TODAY) == pytest.approx(days)


def test_a_length_that_is_none_is_not_guessed() -> None:
    assert parse_length("blue", today=TODAY) is None


@pytest.mark.parametrize(
    ("text", "behind", "ahead"),
    [
        ("2026-10-03", "2026-10-03", "2026-10-03"),
        ("3/4/2026", "2026-04-03", "2026-04-03"),
        ("no, I meant 3 March 2026", "2026-03-03", "2026-03-03"),
        ("around the 5th of october", "2026-10-05", "2027-10-05"),
        ("1 December", "2025-12-01", "2026-12-01"),
        ("last Tuesday", "2026-11-17", "2026-11-17"),
        ("next Monday", "2026-11-23", "2026-11-23"),
        ("two weeks ago", "2026-11-08", "2026-11-08"),
        ("this morning", "2026-11-22", "2026-11-22"),
        ("2026年10月3日", "2026-10-03", "2026-10-03"),
        ("十月三号", "2026-10-03", "2027-10-03"),
        ("上个月5号", "2026-10-05", "2026-10-05"),
        ("去年12月1日", "2025-12-01", "2025-12-01"),
        ("上周五", "2026-11-13", "2026-11-13"),
        ("下周一", "2026-11-23", "2026-11-23"),
        ("三天前", "2026-11-19", "2026-11-19"),
        ("前天", "2026-11-20", "2026-11-20"),
        ("大后天", "2026-11-25", "2026-11-25"),
    ],
)
def test_a_day_is_read(text: str, behind: str, ahead: str) -> None:
    assert str(parse_date(text, today=TODAY, future=False)) == behind
    assert str(parse_date(text, today=TODAY, future=True)) == ahead


@pytest.mark.parametrize("text", ["blue", "12", "2026-02-31", "I may go", "13月45日", "99999999999天前"])
def test_no_day_is_none(text: str) -> None:
    assert parse_date(text, today=TODAY, future=False) is None


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)))
def test_a_full_date_reads_as_itself(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"on {day.day}/{day.month}/{day.year}",
    ):
        assert parse_date(text, today=TODAY, future=True) == day


@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    parse_date(text, today=TODAY, future=False)
    parse_length(text, today=TODAY)


def test_years_and_days_come_in_their_own_unit() -> None:
    assert (read_years("18 months", most=60), read_years("三岁", most=120), read_years("9", most=60)) == (
        1.5,
        3,
        9,
    )
    assert (read_days("一个月"), read_days("半个月"), read_days("12 hours")) == (30, 15, 0.5)


@pytest.mark.parametrize(
    ("text", "level"),
    [("8/10", 8), ("7 out of ten", 7), ("mild", 2), ("很严重", 8), ("3分吧", 3), ("0", None), ("14", None)],
)
def test_severity_is_a_number_or_a_word(text: str, level: float | None) -> None:
    assert read_severity(text) == level
