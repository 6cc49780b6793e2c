"""Reads numbers out of what customers write: "12.5k", "1,200", "five thousand", "3万", "五千".

Knows spellings of numbers; not what is asked, nor which values are allowed. Words become digits by text2num
(English) and cn2an (Chinese); the rest is here.
"""

import re
import unicodedata

from cn2an import cn2an
from text_to_num import alpha2digit

LONGEST = 400  # characters looked at; nobody spells a number longer than that
_DIGITS = 15  # more do not fit a float exactly

_HAN = "零〇一二两俩三四五六七八九十百千万亿点壹贰叁肆伍陆柒捌玖拾佰仟半"
_HAN_NUMBER = re.compile(rf"[0-9.{_HAN}]*[{_HAN}][0-9.{_HAN}]*")
_NO_NUMBER = re.compile(
    r"一共|一下|一些|一般|一直|一样|一定|一旦|一起|统一|第一"
    rf"|一点(?![0-9{_HAN}])|(?<![0-9{_HAN}])(?:万一|千万)(?![0-9{_HAN}])"
)
_ONE_OR_NEXT = re.compile("一(?=二)|二(?=三)|两(?=三)|三(?=四)|四(?=五)|五(?=六)|六(?=七)|七(?=八)|八(?=九)")
_SCALES = {"万": 10_000, "亿": 100_000_000}

_SEPARATOR = re.compile(r"(?<=\d)[,'’ ](?=\d{3}(?!\d))")
_NUMBER = re.compile(
    r"(?<![a-z0-9_.])(?<![a-z]-)(?P<sign>-\s?)?(?P<digits>\d+(?:\.\d+)?)"
    r"(?:\s?(?P<scale>k|grand|thousand|mn|m|million|bn|billion|w|万|亿)(?![a-z]))?(?!\d|\.\d|e\d|\s?%|st\b|nd\b|rd\b|th\b)"
)
_SCALE = {
    **dict.fromkeys(("k", "grand", "thousand"), 1e3),
    **dict.fromkeys(("m", "mn", "million"), 1e6),
    **dict.fromkeys(("bn", "billion"), 1e9),
    **dict.fromkeys(("w", "万"), 1e4),
    "亿": 1e8,
}
_DENIED = re.compile(r"(?:\bnot|不是)\s*(?:about\s*)?[$£€¥]?\s*-?\d+(?:\.\d+)?\s?(?:k\b|万|元|块)?")
_NONE = re.compile(r"\b(?:none|never|nothing|nil|no|not (?:once|any))\b|没有|从未|从不|从来没|无|没")
_TIMES = {"once": 1.0, "twice": 2.0, "thrice": 3.0}


def parse_numbers(text: str) -> tuple[float, ...]:
    """Every number in the text, in order; one taken back ("not 50, 60") is left out."""
    plain = _DENIED.sub(" ", to_digits(text))
    found = (_value(match) for match in _NUMBER.finditer(plain))
    return tuple(number for number in found if number is not None)


def parse_number(value: object, *, none_is_zero: bool = False) -> float | None:
    """The one number that a text (or a number already) stands for; None when there is none, or several.

    With `none_is_zero`, "none", "never" or "没有" without a number mean 0.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) < 10**_DIGITS else None  # False for NaN, too
    if not isinstance(value, str):
        return None
    found = set(parse_numbers(value))
    if len(found) == 1:
        return found.pop()
    return 0.0 if not found and none_is_zero and _NONE.search(value.lower()) else None


def parse_count(value: object) -> float | None:
    """How many times: as `parse_number`, with "once", "twice", "never", and of "two or three" the larger."""
    if isinstance(value, str):
        for word, times in _TIMES.items():
            if re.search(rf"\b{word}\b", value.lower()):
                return times
        found = parse_numbers(value)
        return max(found) if found else parse_number(value, none_is_zero=True)
    return parse_number(value)


def to_digits(text: str) -> str:
    """The text, folded to lower case and half width, with every spelled number as digits."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).lower().replace("−", "-").replace("–", "-")
    return _english(_chinese(_SEPARATOR.sub("", plain)))


def _value(match: re.Match[str]) -> float | None:
    if len(match["digits"]) > _DIGITS:
        return None
    number = float(match["digits"]) * _SCALE.get(match["scale"] or "", 1.0)
    return -number if match["sign"] else number


def _english(text: str) -> str:
    text = re.sub(r"\bhalf an? (?=hundred|thousand|million)", "0.5 ", text)
    text = re.sub(r"\ba (?=hundred|thousand|million)", "one ", text)
    text = alpha2digit(text, "en", 0)
    text = re.sub(r"\bminus (?=\d)", "-", text)
    text = re.sub(r"\b(\d+) and a half\b", r"\1.5", text)
    # "1.5 million" comes back as "1.5 1000000"
    return re.sub(r"\b(\d{1,3}(?:\.\d+)?) (1000000|1000|100)\b", _product, text)


def _product(match: re.Match[str]) -> str:
    return _plain(float(match[1]) * float(match[2]))


def _plain(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")  # never 1e+06


def _chinese(text: str) -> str:
    text = _NO_NUMBER.sub(" ", text)
    text = re.sub("个半", "点五个", text)
    text = re.sub("([年岁周天月])半", r"点五\1", text)
    text = _ONE_OR_NEXT.sub("", text)
    return _HAN_NUMBER.sub(_han_number, text)


def _han_number(match: re.Match[str]) -> str:
    run = match[0].replace("俩", "两")
    if run == "半":
        return "0.5"
    scale = _SCALES.get(run[-1], 1)
    head = run[:-1] if scale > 1 else run
    try:
        number = float(cn2an(head, "smart")) * scale
    except (ValueError, KeyError):  # not a number after all: 万 in a name, 点 in "三点半"
        return match[0]
    return _plain(number)
