"""What a sentence states that a wording must keep: facts, markers, names and content words.

Knows English and Chinese wordings of these, as tables. Does not compare anything; that is `verification`.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from retrieval.markers import ASIDE, COURTESY_EN, COURTESY_ZH, markers

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?<=[。！？；!?])|\n+")
_CJK = r"\u3400-\u9fff"
_CJK_CHAR = re.compile(f"[{_CJK}]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, taken apart. `facts` keep their order; `markers` count classes such as `not` or `must`.

    `words` are stems of English words and single Chinese characters; `courtesy` sentences say nothing else.
    """

    text: str
    facts: tuple[str, ...]
    markers: Counter[str]
    words: frozenset[str]
    names: frozenset[str]

    @property
    def courtesy(self) -> bool:
        """Whether the sentence only greets, thanks, regrets or offers help."""
        return not self.facts and not self.names and self.words <= COURTESY and set(self.markers) <= ASIDE


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text in English or Chinese, each taken apart; full-width forms are folded (NFKC)."""
    return [_take_apart("".join(map(_fold, unicodedata.normalize("NFKC", s)))) for s in split(text)]


def split(text: str) -> list[str]:
    """The sentences as they are written, signs at their ends included."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and re.search(r"\w", part)]


def _fold(char: str) -> str:
    if char in "\u2018\u2019":
        return "'"
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _take_apart(text: str) -> Sentence:
    plain = COURTESY_ZH.sub(" ", text)
    # facts are compared as facts, so that `thirty` may stand for `30`
    rest = _FACT.sub(lambda found: found.group() if found.lastgroup == "zh_idiom" else " ", plain)
    return Sentence(
        text=text,
        facts=tuple(_facts(plain)),
        markers=markers(plain),
        words=frozenset(_content_words(rest)),
        names=frozenset(_names(rest)),
    )


# --- facts: compared exactly and in order ------------------------------------------------------------------

_ZH_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_ZH_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_ZH_NOT_NUMBERS = (
    "一般|一定|一些|一下|一样|一起|一直|一旦|一并|统一|唯一|万一|十分|进一步|一律|一切|一同|一致|之一"
)

_EN_ONES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
"""
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_EN_NUMBERS = {word: value for value, word in enumerate(_EN_ONES.split())}
_EN_NUMBERS |= {word: 10 * value for value, word in enumerate(_EN_TENS.split(), start=2)}
_EN_OTHER_NUMBERS = """
    hundred thousand million billion dozen half halves quarter third thirds once twice first second fourth
    fifth sixth seventh eighth ninth tenth double triple
"""
_CALENDAR = """
    january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight midnight noon
"""


def _either(words: str) -> str:
    return "|".join(sorted(words.split(), key=len, reverse=True))


_FACT = re.compile(
    "|".join(
        (
            r"(?P<placeholder>\{\{?[^{}]*\}\}?)",
            r"(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)[^\s<>()，。；！？]+)",
            r"(?P<host>\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|gov|edu|io|hk|cn|uk|eu|example|app)\b[^\s,;，。；]*)",
            r"(?P<quoted>《[^》]*》|「[^」]*」|“[^”]*”|\"[^\"]*\")",
            r"(?P<code>(?<![\w-])(?!\d+-[a-z]|\d+(?:am|pm|k|m|km|kg|mg|g)\b)"
            r"(?=[\w-]*\d)(?=[\w-]*[A-Za-z])\w+(?:-\w+)*(?![\w-]))",
            r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)",
            r"(?P<number>(?:(?<![\w)])-)?\d+(?:[.,]\d+)*)",
            rf"(?P<compound>\b(?i:{_either(_EN_TENS)})[- ](?i:{_either(_EN_ONES)})\b)",
            rf"(?P<word>\b(?i:{_either(_EN_ONES + _EN_TENS + ' ' + _EN_OTHER_NUMBERS)})\b)",
            # "may" is a month only when it is written as a name and stands by a number
            r"(?P<may>(?<=\d )May\b|\bMay(?= \d))",
            rf"(?P<calendar>\b(?i:{_either(_CALENDAR)})\b)",
            rf"(?P<zh_idiom>{_ZH_NOT_NUMBERS})",
            r"(?P<zh_day>(?:星期|礼拜|周)[一二三四五六日天末])",
            rf"(?P<zh_number>[{''.join(_ZH_DIGITS)}{''.join(_ZH_POWERS)}半]+)",
        )
    ),
    # in Chinese a code or an address stands against characters, which are word characters unless this is set
    re.ASCII,
)

_UNITS = (
    ("workday", r"(?:working|business) days?\b|个?(?:工作|营业)[日天]"),
    ("day", r"(?:calendar )?days?\b|[天日]"),
    ("week", r"weeks?\b|个?(?:星期|礼拜)|周"),
    ("month", r"months?\b|个?月"),
    ("year", r"years?\b|周?[年岁]"),
    ("hour", r"hours?\b|hrs?\b|个?小时"),
    ("minute", r"min(?:ute)?s?\b|分钟"),
    ("%", r"%|per ?cent\b"),
    ("am", r"a\.?m\b\.?"),
    ("pm", r"p\.?m\b\.?"),
    ("hkd", r"hkd\b|hong kong dollars?\b|港[元币]"),
    ("usd", r"usd\b|us dollars?\b|dollars?\b|美[元金]"),
    ("gbp", r"gbp\b|pounds?\b|英镑"),
    ("eur", r"eur\b|euros?\b|欧元"),
    ("yuan", r"cny\b|rmb\b|yuan\b|元|块"),
    ("thousand", r"k\b|thousand\b|千"),
    ("ten thousand", r"万"),
    ("million", r"m\b|million\b|百万"),
    ("hundred million", r"亿"),
    ("weight", r"kg\b|mg\b|g\b|公斤|毫克|克"),
    ("length", r"km\b|cm\b|mm\b|公里|厘米|毫米|米"),
    ("times", r"times\b|[次倍]"),
    ("celsius", r"°c|度"),
)
_UNIT = re.compile(
    r"[ -]?(?:" + "|".join(f"(?P<u{i}>{p})" for i, (_, p) in enumerate(_UNITS)) + ")",
    re.IGNORECASE | re.ASCII,
)
_CURRENCY_BEFORE = re.compile(r"(HK\$|US\$|[$£€¥]|HKD|USD|GBP|EUR|CNY|RMB)\s?$", re.IGNORECASE)


def _facts(text: str) -> Iterator[str]:
    for found in _FACT.finditer(text):
        kind = found.lastgroup or ""
        if kind == "zh_idiom":
            continue
        value = _value(kind, found.group())
        if kind in ("number", "word", "compound", "zh_number", "clock"):
            value += _unit_after(text, found.end()) + _currency_before(text, found.start())
        yield value


def _value(kind: str, text: str) -> str:
    match kind:
        case "number":
            return _plain_number(text)
        case "word" | "compound":
            parts = [_EN_NUMBERS.get(part) for part in re.split("[- ]", text.lower())]
            return text.lower() if None in parts else str(sum(part or 0 for part in parts))
        case "zh_number":
            return _zh_number(text)
        case "address" | "host":
            return text.rstrip(".,;:!?").lower()
        case "calendar" | "may":
            return text.lower()
        case _:
            return text


def _plain_number(text: str) -> str:
    """`12,500` and `12500` are one number, `1.50` and `1.5` too; `0800` is a code and stays as written."""
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text, re.ASCII):
        return format(Decimal(text).normalize(), "f")
    return text


def _zh_number(text: str) -> str:
    """`三十` is 30 and `两万五千` 25000; a row of digits such as `二〇二六` is read one by one."""
    if not set(text) & set(_ZH_POWERS) and "半" not in text:
        return str(int("".join(str(_ZH_DIGITS[c]) for c in text)))
    if "半" in text:
        return text
    total, section, digit = 0, 0, 0
    for char in text:
        power = _ZH_POWERS.get(char)
        if power is None:
            digit = _ZH_DIGITS[char]
        elif power >= 10_000:
            total, section, digit = (total + section + digit or 1) * power, 0, 0
        else:
            section, digit = section + (digit or 1) * power, 0
    return str(total + section + digit)


def _unit_after(text: str, end: int) -> str:
    found = _UNIT.match(text, end)
    if found is None:
        return ""
    name = next(_UNITS[int(key[1:])][0] for key, hit in found.groupdict().items() if hit is not None)
    return f" {name}"


def _currency_before(text: str, start: int) -> str:
    found = _CURRENCY_BEFORE.search(text, 0, start)
    return "" if found is None else f" {found.group(1).upper()}"


# --- words and names ---------------------------------------------------------------------------------------

_EN_STOP_WORDS = """
    a an the and but so as at by for from in into of on onto to with about than then that this these those
    there here it its it's is are was were be been being am do does did done have has had having i me my we
    us our ours you your yours he she they them their his her which who whom whose what where why how also
    too very please if when once or not no can may must will would should could i'm i'll we're we'll we've
    you're you'll you've that's let don't doesn't isn't aren't can't won't such via per own just only any
    all some
"""
_EN_STOP = frozenset(_EN_STOP_WORDS.split())
_ZH_STOP = re.compile("[的了吗呢吧啊呀是在和与及也就都而还把被对向从到于以之其您你我他她它们请这那该此个]")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_ENDINGS = re.compile(r"(?:'s|ies|ied|ing|ed|es|e|s|y)$")


def _content_words(text: str) -> Iterator[str]:
    """Stems of English words, and Chinese characters; function words left out."""
    for word in _WORD.findall(text.lower()):
        if word not in _EN_STOP:
            yield stem(word)
    yield from _CJK_CHAR.findall(_ZH_STOP.sub("", text))


def stem(word: str) -> str:
    """A word without its ending, cut no shorter than three letters: enough to let `claims` match `claim`."""
    cut = _ENDINGS.sub("", word)
    return cut if len(cut) >= 3 else word


def _names(text: str) -> Iterator[str]:
    """Words written as names: capitals not at the start of the sentence, and any Latin word among Chinese."""
    chinese = _CJK_CHAR.search(text) is not None
    for found in _WORD.finditer(text):
        word = found.group()
        if chinese or (found.start() > 0 and word[0].isupper() and not re.match(r"I\b", word)):
            yield stem(word.lower())


COURTESY = frozenset(map(stem, COURTESY_EN.split()))
"""Stems of the words that may be added to any sentence."""
