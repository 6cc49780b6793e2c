"""Times and durations in English and Chinese texts.

Knows Microsoft's Recognizers-Text and how its resolutions read in Duckling's JSON. Knows no clock: what
"tomorrow" means comes in as the time of the message.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from nlu.quantities import Finding, culture, library, plain

DURATION, TIME = "duration", "time"
_LENGTH = re.compile(r"P(T?)(\d+(?:\.\d+)?)([YMWDHS])")
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day", "H": "hour", "S": "second"}
_CALENDAR = (
    (re.compile(r"[\dX]{4}"), "year"),
    (re.compile(r"[\dX]{4}-[\dX]{2}"), "month"),
    (re.compile(r"[\dX]{4}-W[\dX]{2}"), "week"),
)  # what has a name of its own is a moment of that grain; other ranges have two ends


@dataclass(frozen=True, slots=True)
class _Point:
    """A time and how finely it was named."""

    at: datetime
    grain: str

    def to_json(self) -> dict[str, Any]:
        return {"value": _iso(self.at), "grain": self.grain}


@dataclass(frozen=True, slots=True)
class _Moment:
    """A point, or the two ends of a range, of which one may be open."""

    begin: _Point | None
    end: _Point | None = None
    is_range: bool = False

    @property
    def key(self) -> datetime:
        """By which one reading of a mention is told from another."""
        point = self.begin or self.end
        assert point is not None
        return point.at


def find_moments(text: str, language: str, now: datetime) -> Iterator[tuple[str, Finding]]:
    """(TIME or DURATION, finding) of every mention, as it stands at `now`, which has a zone. The end of a
    range is the one that was named.
    """
    recognize = library("recognizers_date_time").recognize_datetime
    for result in recognize(text, culture(language), reference=now.replace(tzinfo=None)):
        place, kind = (result.start, result.end + 1), result.type_name.rpartition(".")[2]
        readings: Sequence[Mapping[str, str]] = (result.resolution or {}).get("values", ())
        if kind == DURATION and readings:
            if length := _length(place, readings[0]):
                yield DURATION, length
        elif kind != DURATION:
            told = [moment for one in readings if (moment := _moment(one, kind, now))]
            if told:
                yield TIME, Finding(*place, *_told(_chosen(told, now)))


def _length(place: tuple[int, int], reading: Mapping[str, str]) -> Finding | None:
    """None for one beyond all numbers ("1e400 days")."""
    match = _LENGTH.fullmatch(reading["timex"])
    try:
        seconds = plain(float(reading["value"]))
        amount, unit = plain(float(match[2])) if match else seconds, "second"
    except (OverflowError, ValueError):
        return None
    if match:
        unit = "minute" if match[1] and match[3] == "M" else _UNITS[match[3]]
    details = {
        "value": amount,
        "type": "value",
        "unit": unit,
        unit: amount,
        "normalized": {"value": seconds, "unit": "second"},
    }
    return Finding(*place, amount, details)


def _moment(reading: Mapping[str, str], kind: str, now: datetime) -> _Moment | None:
    """One reading; None for what has no time ("every Monday")."""
    timex = reading.get("timex", "")
    if kind in ("date", "time", "datetime"):
        point = _point(reading.get("value"), timex, now)
        return None if point is None else _Moment(point)
    if kind not in ("daterange", "timerange", "datetimerange"):
        return None
    named = next((grain for pattern, grain in _CALENDAR if pattern.fullmatch(timex)), None)
    begin = _point(reading.get("start"), "", now)
    # The end of a range of hours is the first one behind its beginning, not behind now.
    end = _point(reading.get("end"), "", begin.at if begin else now)
    if named and begin and "Mod" not in reading:
        return _Moment(_Point(begin.at, named))
    return None if begin is None and end is None else _Moment(begin, end, is_range=True)


def _point(written: str | None, timex: str, now: datetime) -> _Point | None:
    """A date, a time of day or both, in the zone of `now`; a time of day is the next one."""
    if not written:
        return None
    try:
        if ":" not in written:
            return _Point(datetime.combine(date.fromisoformat(written), time(), now.tzinfo), "day")
        if " " in written or "T" in written:
            at = datetime.fromisoformat(written).replace(tzinfo=now.tzinfo)
        else:
            at = datetime.combine(now.date(), time.fromisoformat(written), now.tzinfo)
            at += timedelta(days=1) if at < now else timedelta()
    except ValueError:  # "not resolved"
        return None
    by_hour = at.minute == 0 and ":" not in timex
    return _Point(at, "second" if at.second else "hour" if by_hour else "minute")


def _chosen(told: Sequence[_Moment], now: datetime) -> _Moment:
    """Of several readings ("Monday", "at nine") the first that lies ahead, as Duckling has it."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    ahead = [moment for moment in told if moment.key >= today]
    return min(ahead, key=lambda moment: moment.key) if ahead else told[0]


def _told(moment: _Moment) -> tuple[Any, dict[str, Any]]:
    """The value a slot gets, and Duckling's whole object."""
    if not moment.is_range:
        assert moment.begin is not None
        point = moment.begin.to_json()
        return point["value"], {**point, "type": "value", "values": [{**point, "type": "value"}]}
    ends = {
        name: None if point is None else point.to_json()
        for name, point in (("from", moment.begin), ("to", moment.end))
    }
    value = {name: None if end is None else end["value"] for name, end in ends.items()}
    whole = {"type": "interval", **{name: end for name, end in ends.items() if end}}
    return value, {**whole, "values": [whole]}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
