"""Finds what every bot may need, as Duckling's users know it: numbers, money, times, addresses, cards.

Knows the dimensions and the JSON that Rasa shows of them; the finding is done by libraries, loaded when a
text first needs them. Knows no tables, no examples, no clock: what "tomorrow" means comes in as the
message's time.

Numbers and times are read by Microsoft's Recognizers-Text, though it is seldom released for Python. Of the
libraries tried on sentences like those of tests/nlu/test_entities_system.py it alone reads ranges, times of
day in words, and both languages: 10 to 25 ms of computing for a text with a time in it, under 2 ms for one
without. dateparser (3 ms) knows no ranges and takes "for three days" for a date, parsedatetime and
timefhuman (1 ms) miss "the day after tomorrow", ctparse reads amounts as times, quantulum3 reads dates as
lengths; jionlp (0.5 ms) is as good in Chinese and knows no English, takes 1.3 s to import and prints.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, format_number
from phonenumbers.phonenumberutil import SUPPORTED_REGIONS
from stdnum import luhn

from nlu.entities import EXTRACTOR as WRITTEN
from nlu.entities import FoundEntity
from nlu.errors import NluError
from nlu.moments import DURATION, TIME, find_moments
from nlu.quantities import Finding, find_money, find_numbers, find_ordinals

EXTRACTOR = "DucklingEntityExtractor"
MOST_CHARACTERS = 400  # what stands further behind is not looked at: the libraries' time grows with the text
_CUE = re.compile(
    r"[\d@一二两三四五六七八九十百千万半零第]|www\.|://|"
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety|\w+teen|hundred|thousand|million|half|quarter|dozen|first|second|third|\w+th)\b",
    re.IGNORECASE,
)
# A number alone is no time, though a library may read "twenty five" as five past eight.
_TIME_CUE = re.compile(
    r"\d[:/]\d|\d{4}[-.]\d|\d ?[ap]\.?m\b|(?:in|since|of|until|before|after) (?:19|20)\d\d\b|"
    r"\b(?:today|tonight|tomorrow|yesterday|now|noon|midday|midnight|mornings?|afternoons?|evenings?|"
    r"nights?|weekends?|o'?clock|half past|quarter (?:past|to)|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:mon|tue|wed|thu|fri)|"
    r"days?|weeks?|fortnights?|months?|years?|hours?|hrs?|minutes?|mins?|seconds?|christmas|easter|"
    r"jan(?:uary)?|feb(?:ruary)?|march|april|may|june|july|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b|"
    r"[年月日号天周点时分秒]|星期|礼拜|小时|[昨今明][天早晚]|前天|后天|现在|早上|[上中下]午|晚上|凌晨|春节|国庆",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[A-Za-z0-9][\w.+%-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'，。；！？（）]*[^\s<>\"'，。；！？（）.,;:!?)]", re.IGNORECASE
)
_CARD = re.compile(r"(?<![A-Za-z0-9_-])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9_-])")
_FEWEST_PHONE_DIGITS = 7


class SystemEntitiesUnusable(NluError):
    """The settings name what does not exist."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One text in one language, the region whose telephone numbers need no country code, and the time."""

    text: str
    language: str
    region: str
    now: datetime


class SystemEntities:
    """Finds what its dimensions name. Immutable; the libraries' tables are made at the first text that needs
    them.
    """

    def __init__(
        self, dimensions: Sequence[str], *, timezone: str = "UTC", region: str | None = None
    ) -> None:
        """`region` is a country's two letters; without one it is the language's. Raises
        SystemEntitiesUnusable.
        """
        unknown = [name for name in dimensions if name not in DIMENSIONS]
        if unknown:
            known = ", ".join(DIMENSIONS)
            raise SystemEntitiesUnusable(f"There is no dimension {', '.join(unknown)}; use some of {known}.")
        if region is not None and region not in SUPPORTED_REGIONS:
            raise SystemEntitiesUnusable(f"There is no region {region}; write a locale such as `en_GB`.")
        try:
            self._zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SystemEntitiesUnusable(
                f"There is no time zone {timezone}; write one such as `Europe/London`."
            ) from error
        self._dimensions = tuple(name for name in DIMENSIONS if name in dimensions)
        self._region = region

    def warm(self, languages: Sequence[str]) -> None:
        """Loads and makes what the first text of each language would wait for: a second of computing."""
        for language in languages:
            self.extract("tomorrow, 1st, 5, 5 pounds 明天", language=language, at=0.0)

    def join(
        self, found: Sequence[FoundEntity], text: str, *, language: str, at: float
    ) -> tuple[FoundEntity, ...]:
        """What was found, and the system entities beside it, by their start. A text was sent `at`, in seconds
        since the epoch. Where the project's own tables and expressions found something, no system entity is.
        """
        taken = [entity for entity in found if entity.extractor == WRITTEN]
        return tuple(sorted((*found, *self.extract(text, language=language, at=at, taken=taken)), key=_place))

    def extract(
        self, text: str, *, language: str, at: float, taken: Sequence[FoundEntity] = ()
    ) -> tuple[FoundEntity, ...]:
        """The entities of a text that was sent `at` (seconds since the epoch), by their start. Of overlapping
        ones the longest stays; none overlaps what is `taken`.
        """
        text = text[:MOST_CHARACTERS].replace("İ", "I")  # in lower case it is two, and places would slip
        if not self._dimensions or not (_CUE.search(text) or _TIME_CUE.search(text)):
            return ()
        region = self._region or ("CN" if language.startswith("zh") else "US")
        question = _Question(text, language, region, datetime.fromtimestamp(at, self._zone))
        found: list[tuple[str, Finding]] = []
        for finder in dict.fromkeys(DIMENSIONS[name] for name in self._dimensions):
            found += [(name, one) for name, one in finder(question) if name in self._dimensions]
        order = {name: rank for rank, name in enumerate(DIMENSIONS)}
        found.sort(key=lambda item: (item[1].start - item[1].end, order[item[0]], item[1].start))
        kept: list[FoundEntity] = []
        for name, one in found:
            if all(one.end <= other.start or other.end <= one.start for other in (*kept, *taken)):
                kept.append(_entity(name, one))
        return tuple(sorted(kept, key=_place))


def _place(entity: FoundEntity) -> tuple[int, int, str]:
    return entity.start, entity.end, entity.name


def _entity(name: str, one: Finding) -> FoundEntity:
    return FoundEntity(
        name, one.value, one.start, one.end, extractor=EXTRACTOR, confidence=1.0, details=one.details
    )


def _emails(question: _Question) -> Iterator[tuple[str, Finding]]:
    for match in _EMAIL.finditer(question.text):
        yield "email", Finding(*match.span(), match.group(), {"value": match.group()})


def _urls(question: _Question) -> Iterator[tuple[str, Finding]]:
    for match in _URL.finditer(question.text):
        try:
            domain = urlsplit(match.group() if "://" in match.group() else f"//{match.group()}").netloc
        except ValueError:  # brackets that hold no address
            continue
        yield "url", Finding(*match.span(), match.group(), {"value": match.group(), "domain": domain.lower()})


def _cards(question: _Question) -> Iterator[tuple[str, Finding]]:
    for match in _CARD.finditer(question.text):
        number = re.sub(r"\D", "", match.group())
        if luhn.is_valid(number):
            yield "credit-card-number", Finding(*match.span(), number, {"value": number})


def _phones(question: _Question) -> Iterator[tuple[str, Finding]]:
    if sum(map(str.isdigit, question.text)) >= _FEWEST_PHONE_DIGITS:
        for match in PhoneNumberMatcher(question.text, question.region):
            number = format_number(match.number, PhoneNumberFormat.E164)
            yield "phone-number", Finding(match.start, match.end, number, {"value": number})


def _moments(question: _Question) -> Iterator[tuple[str, Finding]]:
    if not _TIME_CUE.search(question.text):
        return iter(())
    return find_moments(question.text, question.language, question.now)


def _money(question: _Question) -> Iterator[tuple[str, Finding]]:
    return (("amount-of-money", one) for one in find_money(question.text, question.language))


def _ordinals(question: _Question) -> Iterator[tuple[str, Finding]]:
    return (("ordinal", one) for one in find_ordinals(question.text, question.language))


def _numbers(question: _Question) -> Iterator[tuple[str, Finding]]:
    return (("number", one) for one in find_numbers(question.text, question.language))


DIMENSIONS: Mapping[str, Callable[[_Question], Iterator[tuple[str, Finding]]]] = {
    "email": _emails,
    "url": _urls,
    "credit-card-number": _cards,
    "phone-number": _phones,
    TIME: _moments,
    DURATION: _moments,
    "amount-of-money": _money,
    "ordinal": _ordinals,
    "number": _numbers,
}
"""Each of Duckling's names, and what finds it. Of two findings of one length the one further up stays."""
