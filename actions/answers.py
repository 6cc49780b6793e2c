"""Reads a customer's answer to one question of a form; None means the answer cannot be used.

Knows what each answer may look like and its bounds; not which form asks, nor how a refusal is worded.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta

from actions.amounts import parse_count, parse_number
from actions.dates import YEAR, parse_date, parse_length

_CLAIM_TYPES = (
    ("dental", r"\bdent|tooth|teeth|\bgums?\b|牙|齿"),
    ("travel", r"travel|trip|holiday|luggage|baggage|flight|旅行|旅游|行李|航班|出国"),
    ("accident", r"accident|injur|crash|\bfall\b|\bfell\b|意外|事故|受伤|车祸|摔"),
    ("outpatient", r"out-?\s?patient|\bgp\b|clinic|doctor'?s? visit|门诊|诊所|看诊"),
    ("hospital", r"hospital|in-?\s?patient|surgery|operation|住院|手术|医院"),
)
_SEVERITIES = (
    (10.0, r"unbearable|worst (?:ever|possible)|难以忍受|受不了|忍不了"),
    (8.0, r"\b(?:severe|very (?:bad|strong)|terrible|awful)\b|严重|很痛|很疼|剧烈"),
    (5.0, r"\b(?:moderate|medium|so-so)\b|中等|一般|还行"),
    (2.0, r"\b(?:mild|slight|light|not (?:so |very )?bad|a little)\b|轻微|一点点|有点"),
)
_POLICY = re.compile(r"(?<![a-z])hl[\s\-_.‐-―]*(\d{6})(?!\d)|^\D*(?<!\d)(\d{6})\D*$")
_OPENING = re.compile(
    r"^(?:(?:no|sorry|actually|i meant?|it'?s|it is|不对|不是|应该是|我是说)[\s,，:：]+"
    r"|(?:please\s+)?(?:send it\s+)?to\s+|请?(?:寄到|送到|寄去)[\s:：]*)+",
    re.IGNORECASE,
)


def read_claim_type(value: object) -> str | None:
    """One of the five kinds of claim, by the first row of the table that fits."""
    text = _plain(value)
    return next((kind for kind, pattern in _CLAIM_TYPES if kind == text or re.search(pattern, text)), None)


def read_policy_number(value: object) -> str | None:
    """HL- and six digits, also from "hl 123456", "HL123456", or the six digits alone."""
    found = _POLICY.search(_plain(value))
    return f"HL-{found[1] or found[2]}" if found else None


def read_sum(value: object, *, least: float, most: float) -> float | None:
    """A number within the bounds; where 0 is one of them, "none" means it."""
    return _within(parse_number(value, none_is_zero=least == 0), least, most)


def read_past_day(value: object) -> str | None:
    """A day of the last ten years, not after today, as YYYY-MM-DD."""
    today = _today()
    day = parse_date(_plain(value), today=today, future=False)
    return day.isoformat() if day and today - timedelta(days=3653) <= day <= today else None


def read_near_day(value: object) -> str | None:
    """A day within two years of today, as YYYY-MM-DD."""
    today = _today()
    day = parse_date(_plain(value), today=today, future=True)
    return day.isoformat() if day and abs((day - today).days) <= 731 else None


def read_times(value: object) -> float | None:
    """A whole number of times from 0 to 100."""
    found = _within(parse_count(value), 0, 100)
    return found if found is not None and found.is_integer() else None


def read_years(value: object, *, most: float) -> float | None:
    """Years from a bare number or a length of time ("18 months" is 1.5)."""
    if isinstance(value, str) and parse_number(value) == 0:
        return 0.0
    days = parse_length(value, today=_today(), unit=YEAR)
    return None if days is None else _within(round(days / YEAR, 2), 0, most)


def read_days(value: object) -> float | None:
    """Days from a bare number or a length of time, whole ones from a week on, up to ten years."""
    days = parse_length(value, today=_today())
    return None if days is None else _within(round(days) if days >= 7 else round(days, 3), 0, 3650)


def read_severity(value: object) -> float | None:
    """A number from 1 to 10, also from "8/10", "8 out of 10", or words such as "mild" and "严重"."""
    text = re.sub(r"\s*(?:/|out of|of)\s*(?:10|ten)\b", "", _plain(value))
    number = parse_count(value if not isinstance(value, str) else text)
    if number is not None and (number != 0 or "0" in text):
        return _within(number, 1, 10)
    return next((level for level, pattern in _SEVERITIES if re.search(pattern, text)), None)


def read_symptoms(value: object) -> str | None:
    """A description with at least three letters or two Chinese characters, cut at 1,000 characters."""
    text = value.strip() if isinstance(value, str) else ""
    letters, han = re.findall(r"[^\W\d_]", text), re.findall(r"[\u3400-\u9fff]", text)
    return text[:1000] if len(letters) >= 3 or len(han) >= 2 else None


def read_address(value: object) -> str | None:
    """An address of 8 to 300 characters (6 in Chinese) with letters and a number in it."""
    text = _OPENING.sub("", unicodedata.normalize("NFKC", value).strip()) if isinstance(value, str) else ""
    long_enough = len(text) >= (6 if re.search(r"[\u3400-\u9fff]", text) else 8)
    numbered = re.search(r"\d|[一二三四五六七八九十]+[号栋楼室]", text)
    return text if long_enough and len(text) <= 300 and numbered and re.search(r"[^\W\d_]{2}", text) else None


def _plain(value: object) -> str:
    return unicodedata.normalize("NFKC", str(value)[:300]).casefold().strip()


def _within(number: float | None, low: float, high: float) -> float | None:
    return number if number is not None and low <= number <= high else None


def _today() -> date:
    return datetime.now().astimezone().date()
