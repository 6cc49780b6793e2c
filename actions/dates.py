"""Reads dates and lengths of time out of what customers write, in English and Chinese.

Knows spellings and the day it is told to take for today; holds no clock. English dates go through dateparser,
which reads no Chinese ones well enough; those are read here.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import dateparser

from actions.amounts import parse_numbers, to_digits

DAY, YEAR = 1.0, 365.25
_UNITS: Mapping[str, float] = {
    r"minutes?|mins?|分钟": 1 / 1440,
    r"hours?|hrs?|个?小时|个?钟头": 1 / 24,
    r"days?|nights?|天|日|晚上|晚": 1.0,
    r"fortnights?": 14.0,
    r"weeks?|wks?|周|个?星期|个?礼拜": 7.0,
    r"months?|mths?|个?月": YEAR / 12,
    r"years?|yrs?|岁|年": YEAR,
}
_LENGTHS = [(re.compile(rf"(\d+(?:\.\d+)?)\s*-?(?:{unit})(?![a-z])"), days) for unit, days in _UNITS.items()]
_VAGUE = (
    (re.compile(r"\bhalf an? "), "0.5 "),
    (
        re.compile(r"\b(?:a|an|one|the past|the last) (?=(?:hour|day|night|week|fortnight|month|year)\b)"),
        "1 ",
    ),
    (re.compile(r"\b(?:a )?couple (?:of )?"), "2 "),
    (re.compile(r"\b(?:a few|several|some) (?=(?:hour|day|night|week|month|year)s\b)"), "3 "),
    (re.compile("[几好]几?(?=个|天|周|年|小时)"), "3"),
)
_SINCE = (
    (
        re.compile(
            r"\b(?:today|tonight|this (?:morning|afternoon|evening)|just now|newborn)\b|今天|今早|刚刚|刚才"
        ),
        0.5,
    ),
    (re.compile(r"\b(?:yesterday|last night|overnight)\b|昨天|昨晚|昨日"), 1.0),
    (re.compile(r"前天"), 2.0),
    (re.compile(r"\b(?:the weekend|last weekend)\b|周末"), 3.0),
    (re.compile(r"\blast week\b|上周(?![1-6日天末])|上个?(?:星期|礼拜)(?![1-6日天])"), 7.0),
    (re.compile(r"\blast month\b|上个?月"), 30.0),
)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_ENGLISH_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b\.?(?:,? \d{{4}})?",
        rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?",
        r"\b\d{1,2}[./-]\d{1,2}[./-]\d{4}\b",
        r"\b\d+ (?:day|week|month|year)s? ago\b|\bin \d+ (?:day|week|month)s?\b",
        r"\b(?:today|yesterday|tomorrow|tonight|this (?:morning|afternoon|evening))\b",
        rf"\b(?:last |next |this )?{_WEEKDAY}\b",
        r"\b(?:last|next) (?:week|month)\b",
    )
)
_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_HAN_DATE = re.compile(r"(?:(\d{4})年|(今年|去年|明年))?(\d{1,2})月(\d{1,2})(?:[日号])?")
_HAN_DAY = re.compile(r"(上个?月|这个?月|本月|下个?月)(\d{1,2})[日号]")
_HAN_WEEKDAY = re.compile(r"(上上|上个?|这个?|本|下个?)?(?:周|星期|礼拜)([1-6日天])")
_HAN_AGO = re.compile(r"(\d+)\s*(天|周|个?星期|个?礼拜|个?月)(以?前|以?后|之前|之后)")
_HAN_RELATIVE = {"大前天": -3, "前天": -2, "昨": -1, "今天": 0, "今早": 0, "明天": 1, "大后天": 3, "后天": 2}


def parse_length(value: object, *, today: date, unit: float = DAY) -> float | None:
    """A length of time in days; a bare number counts in `unit` days. None when nothing is understood.

    "2 weeks and 3 days" is 17, of "2 or 3 days" the larger, "since Monday" the days since then.
    """
    if not isinstance(value, str):
        return float(value) * unit if isinstance(value, int | float) and not isinstance(value, bool) else None
    text = value.lower()
    for pattern, number in _VAGUE:
        text = pattern.sub(number, text)
    text = to_digits(text)
    lengths = [float(found) * days for pattern, days in _LENGTHS for found in pattern.findall(text)]
    if lengths:
        return sum(lengths)
    for pattern, days in _SINCE:
        if pattern.search(text):
            return days
    day = parse_date(value, today=today, future=False)
    if day is not None:
        return float(max(0, (today - day).days))
    numbers = parse_numbers(text)
    return max(numbers) * unit if numbers else None


def parse_date(text: str, *, today: date, future: bool) -> date | None:
    """The day a text speaks of; a date without a year, or a weekday, lies ahead if `future`, else behind."""
    plain = to_digits(text)
    iso = _ISO.search(plain)
    if iso:
        return _day(int(iso[1]), int(iso[2]), int(iso[3]))
    if re.search(r"[\u3400-\u9fff]", plain):
        return _chinese_date(plain, today, future)
    for pattern in _ENGLISH_DATES:
        found = pattern.search(plain)
        if found:
            return _english_date(found[0], today, future)
    return None


def _english_date(text: str, today: date, future: bool) -> date | None:
    if text == "tonight" or text.startswith(("this m", "this a", "this e")):
        return today
    if text in ("next week", "last week"):
        return today + timedelta(days=7 if text == "next week" else -7)
    settings = {
        "DATE_ORDER": "DMY",
        "PREFER_DATES_FROM": "future" if future and not text.startswith("last ") else "past",
        "RELATIVE_BASE": datetime.combine(today, time.min, tzinfo=UTC),
    }
    if text.startswith("next "):
        settings["PREFER_DATES_FROM"] = "future"
    found = dateparser.parse(re.sub(r"^this ", "", text), languages=["en"], settings=settings)
    return found.date() if found else None


def _chinese_date(text: str, today: date, future: bool) -> date | None:
    dated = _HAN_DATE.search(text)
    if dated:
        return _nearest(dated, today, future)
    in_month = _HAN_DAY.search(text)
    if in_month:
        months = today.year * 12 + today.month - 1 + {"上": -1, "下": 1}.get(in_month[1][0], 0)
        return _day(months // 12, months % 12 + 1, int(in_month[2]))
    ago = _HAN_AGO.search(text)
    if ago:
        days = int(ago[1]) * (1 if ago[2] == "天" else 30 if ago[2].endswith("月") else 7)
        return today + timedelta(days=-days if "前" in ago[3] else days) if days < 36_500 else None
    weekday = _HAN_WEEKDAY.search(text)
    if weekday:
        return _weekday(weekday[1] or "", weekday[2], today, future)
    relative = next((days for word, days in _HAN_RELATIVE.items() if word in text), None)
    return None if relative is None else today + timedelta(days=relative)


def _nearest(match: re.Match[str], today: date, future: bool) -> date | None:
    month, day = int(match[3]), int(match[4])
    if match[1]:
        return _day(int(match[1]), month, day)
    if match[2]:
        return _day(today.year + {"去年": -1, "今年": 0, "明年": 1}[match[2]], month, day)
    years = (today.year, today.year + 1) if future else (today.year, today.year - 1)
    days = [found for year in years if (found := _day(year, month, day)) is not None]
    return next((d for d in days if (d >= today if future else d <= today)), None)


def _weekday(which: str, name: str, today: date, future: bool) -> date:
    wanted = 6 if name in "日天" else int(name) - 1
    monday = today - timedelta(days=today.weekday())
    if which:
        weeks = {"上上": -2, "上": -1, "上个": -1, "下": 1, "下个": 1}.get(which, 0)
        return monday + timedelta(days=7 * weeks + wanted)
    day = monday + timedelta(days=wanted)
    if future:
        return day if day >= today else day + timedelta(days=7)
    return day if day <= today else day - timedelta(days=7)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
