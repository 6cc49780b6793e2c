"""Numbers, ordinals and money in English and Chinese texts.

Knows Microsoft's Recognizers-Text and how its resolutions read in Duckling's JSON; knows no dates
(nlu/moments.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

_MONEY = {
    "$": "$", "us$": "USD", "usd": "USD", "dollar": "$", "dollars": "$", "bucks": "$",
    "美元": "USD", "美金": "USD",
    "£": "£", "gbp": "GBP", "pound": "£", "pounds": "£", "quid": "£", "英镑": "GBP",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "欧元": "EUR",
    "¥": "CNY", "￥": "CNY", "cny": "CNY", "rmb": "CNY", "yuan": "CNY",
    "元": "CNY", "块": "CNY", "块钱": "CNY", "元钱": "CNY", "人民币": "CNY",
    "hk$": "HKD", "hkd": "HKD", "港币": "HKD", "港元": "HKD",
}  # fmt: skip
_UNITS = "|".join(re.escape(unit) for unit in sorted(_MONEY, key=len, reverse=True))
_BEFORE = re.compile(rf"(?<![^\W\d_])({_UNITS})\s?$", re.IGNORECASE)
_BEHIND = re.compile(rf"\s?({_UNITS})(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """text[start:end] in Duckling's JSON: `value` is what a slot gets, `details` Rasa's `additional_info`."""

    start: int
    end: int
    value: Any
    details: Mapping[str, Any]


def find_numbers(text: str, language: str) -> Iterator[Finding]:
    """Cardinal numbers, in digits or words; none that is a piece of a code."""
    for result in library("recognizers_number").recognize_number(text, culture(language)):
        start, end, value = result.start, result.end + 1, _number(result.resolution)
        if text[start:end].isdecimal():
            value = int(text[start:end])  # the library's own has 15 digits
        before = text[start - 1 : start]
        if value is not None and not (before.isascii() and before.isalnum()):
            yield Finding(start, end, value, {"value": value, "type": "value"})


def find_ordinals(text: str, language: str) -> Iterator[Finding]:
    """Places in an order; not "the last" or "the next", which have no number."""
    for result in library("recognizers_number").recognize_ordinal(text, culture(language)):
        value = _number(result.resolution)
        if value:
            yield Finding(result.start, result.end + 1, value, {"value": value, "type": "value"})


def find_money(text: str, language: str) -> Iterator[Finding]:
    """Numbers with a currency before or behind them."""
    for number in find_numbers(text, language):
        before = _BEFORE.search(text[: number.start])
        behind = _BEHIND.match(text, number.end)
        sign = before or behind
        if sign:
            start = before.start(1) if before else number.start
            end = number.end if before or not behind else behind.end()
            details = {"value": number.value, "type": "value", "unit": _MONEY[sign[1].lower()]}
            yield Finding(start, end, number.value, details)


def culture(language: str) -> str:
    """The library's name of a language."""
    return "zh-cn" if language.startswith("zh") else "en-us"


@cache
def library(name: str) -> Any:
    """A module, when first asked for: half a second and 15 MB that most bots never spend."""
    return import_module(name)


def plain(value: float) -> int | float:
    """5 rather than 5.0, as JSON shows it."""
    return int(value) if value == int(value) else value


def _number(resolution: Mapping[str, Any] | None) -> int | float | None:
    try:
        return plain(float((resolution or {})["value"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
