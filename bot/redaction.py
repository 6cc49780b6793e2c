"""Takes personal identifiers out of a text before it leaves the log: each becomes a typed placeholder.

Knows identifiers that have a form (addresses of the net, numbers, references) and names told in so many
words, in English and Chinese; not names, street addresses or dates in running text.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator

import phonenumbers
from stdnum import iban, luhn
from stdnum.iso7064 import mod_11_2

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]

REGIONS = ("CN", "GB", "US")  # whose national ways to write a phone number are read; `+` is read everywhere
IBAN_LENGTHS = range(34, 14, -1)
_LETTERS = "A-Za-z0-9À-ɏ"  # Latin only: Chinese stands beside an address without a space

_URL = re.compile(
    r"(?:(?:https?|ftp)://|www\.)[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{2,}"
    r"|(?<![A-Za-z0-9@.-])(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}[/?][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    rf"[{_LETTERS}.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}"
    r"\s{0,2}(?:@|\(at\)|\[at\]|＠)\s{0,2}"
    rf"[{_LETTERS}-]{{1,63}}(?:\s?(?:\.|\(dot\)|\[dot\])\s?[{_LETTERS}-]{{2,63}}){{1,8}}",
    re.IGNORECASE,
)
_IBAN_START = re.compile(r"[A-Za-z]{2}[ -]?\d{2}")
_RESIDENT = re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_IPV6 = re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Fa-f:])")
_REFERENCE = re.compile(r"[A-Za-z]{1,5}(?:[-#_]?\d){5,40}")
_MIXED = re.compile(r"[A-Za-z0-9]{8,64}")
_DATE = re.compile(r"(?<!\d)(?:\d{4}[-.]\d{1,2}[-.]\d{1,2}|\d{1,2}[-.]\d{1,2}[-.]\d{4})(?!\d)")
_GROUPS = re.compile(r"(?<!\d)\(?\d{2,}(?:\)?[ .\-]{1,3}\(?\d{2,})+(?:-\d)?(?!\d)")
_RUN = re.compile(r"\d{8,}")
_GROUPED_DIGITS, _MIXED_DIGITS = 7, 5

_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’-]*"
_TOLD = re.compile(
    rf"\b(?i:my\s+(?:full\s+)?name(?:\s+is|'s|’s)|name\s*:)\s+(\w[\w'’.-]*(?:\s+{_WORD}){{0,3}})"
)
_I_AM = re.compile(rf"\b(?i:i\s+am|i['’]m|this\s+is)\s+({_WORD}(?:\s+{_WORD}){{0,3}})")
_NO_NAME = re.compile(
    r"(?:\d.*|an?|at|being|british|canadian|changed|chinese|different|english|fine|from|i|in|incorrect|indian|it"
    r"|mis(?:sing|spelled|spelt)|no|not|now|ok|on|shown|sorry|spell?ed|spelt|still|the|to|unable|very|wrong)\.?",
    re.IGNORECASE,
)
# The hundred most frequent surnames: enough to tell a name from 我叫了车 (I called a car).
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆"
    "汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯"
_AFTER = r"(?=[\s，。,.！!？?、；;]|$|想|要|在|是|的|我|请|和|有|电话|手机|身份证|今年)"
_CHINESE = re.compile(
    rf"(?:我叫|我的名字(?:叫|是)|姓名(?:是|[:：])?\s?|名字(?:叫|是)\s?)"
    rf"((?:{_COMPOUND}|[{_SURNAMES}])(?:[\u4e00-\u9fff]{{1,2}}?{_AFTER}|[\u4e00-\u9fff]{{1,2}}))"
)


def redact(text: str) -> str:
    """`text` with every identifier found replaced by its placeholder, such as `<email>`; redacting twice
    changes nothing more.

    Full-width digits and letters count as their plain ones. When in doubt a number goes: eight digits in a
    row never stay.
    """
    while (redacted := _once(text)) != text:
        text = redacted
    return text


def _once(text: str) -> str:
    for name, find in TABLE:
        kept, end = [], 0
        for start, stop in find(_plain(text)):
            if start >= end:
                kept += [text[end:start], f"<{name}>"]
                end = stop
        text = "".join((*kept, text[end:]))
    return text


def _plain(text: str) -> str:
    """The same text, code point for code point, with full-width forms and foreign digits as ASCII."""
    return text if text.isascii() else "".join(map(_plain_char, text))


def _plain_char(char: str) -> str:
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    return " " if unicodedata.category(char) == "Zs" else "-" if unicodedata.category(char) == "Pd" else char


def _every(pattern: re.Pattern[str], accept: Callable[[str], bool] = lambda found: True) -> Finder:
    def find(text: str) -> Iterator[Span]:
        return (match.span() for match in pattern.finditer(text) if accept(match[0]))

    return find


def _ibans(text: str) -> Iterator[Span]:
    """Every place that could begin an IBAN, and the longest valid one there: words may follow it closely."""
    for start in _IBAN_START.finditer(text):
        places: list[int] = []
        for place in range(start.start(), len(text)):
            char = text[place]
            if char.isascii() and char.isalnum():
                places.append(place)
            elif char not in " -" or not text[place - 1].isalnum():
                break
            if len(places) == IBAN_LENGTHS[0]:
                break
        for length in IBAN_LENGTHS:
            number = "".join(text[place] for place in places[:length])
            if len(number) == length and iban.is_valid(number, check_country=False):
                yield start.start(), places[length - 1] + 1
                break


def _is_resident_id(found: str) -> bool:
    """GB 11643-1999: the last of 18 characters checks the others by ISO 7064 MOD 11-2."""
    return bool(mod_11_2.is_valid(_digits(found).upper()))


def _is_card(found: str) -> bool:
    return bool(luhn.is_valid(_digits(found)))


def _digits(found: str) -> str:
    return found.replace(" ", "").replace("-", "")


def _phones(text: str) -> Iterator[Span]:
    """Valid numbers as somebody in one of REGIONS would write them, and possible ones after a `+`
    (libphonenumber's own matcher).
    """
    if sum(map(str.isdigit, text)) < _GROUPED_DIGITS:
        return iter(())
    valid, possible = phonenumbers.Leniency.VALID, phonenumbers.Leniency.POSSIBLE
    spans = {
        (match.start, match.end)
        for region, leniency in (*((region, valid) for region in REGIONS), (None, possible))
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=leniency)
    }
    return iter(sorted(spans, key=lambda span: (span[0], -span[1])))


def _is_address(found: str) -> bool:
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return False
    return any(map(str.isalnum, found))


def _mixed_token(found: str) -> bool:
    digits = sum(map(str.isdigit, found))
    return _MIXED_DIGITS <= digits < len(found)


def _groups(text: str) -> Iterator[Span]:
    """Seven digits or more in groups; dates are no numbers here, so each is hidden first."""
    hidden = _DATE.sub(lambda date: "x" * len(date[0]), text)
    for match in _GROUPS.finditer(hidden):
        if sum(map(str.isdigit, match[0])) >= _GROUPED_DIGITS:
            yield match.span()


def _names(text: str) -> Iterator[Span]:
    shouted = text.isupper()
    spans = [match.span(1) for match in _TOLD.finditer(text) if _could_be_name(match[1])]
    if not shouted:
        spans += [match.span(1) for match in _I_AM.finditer(text) if _could_be_name(match[1])]
    spans += [match.span(1) for match in _CHINESE.finditer(text)]
    return iter(sorted(spans))


def _could_be_name(words: str) -> bool:
    return not _NO_NAME.fullmatch(words.split()[0])


# Read from the top; what an upper row took is no longer there for a lower one.
TABLE: tuple[tuple[str, Finder], ...] = (
    ("url", _every(_URL)),
    ("email", _every(_EMAIL)),
    ("iban", _ibans),
    ("resident_id", _every(_RESIDENT, _is_resident_id)),
    ("card", _every(_CARD, _is_card)),
    ("ip", _every(_IPV4, _is_address)),
    ("ip", _every(_IPV6, _is_address)),
    ("phone", _phones),
    ("reference", _every(_REFERENCE)),
    ("reference", _every(_MIXED, _mixed_token)),
    ("number", _groups),
    ("number", _every(_RUN)),
    ("name", _names),
)
