"""Conditions over slots, as flows write them: `slots.amount > 1000 and not slots.insured`.

Knows `and`, `or`, `not`, brackets, comparisons (`=`, `!=`, `<`, `<=`, `>`, `>=`, `is`, `is not`, `in`,
`contains`, `matches`), texts, numbers, `true`, `false` and `null`; runs no code. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"[^\"]*\"|'[^']*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<name>[^\W\d][\w.\-]*)|(?P<sign><=|>=|!=|==|[=<>(),\[\]]))"
)
_WORDS = {"true": True, "false": False, "null": None, "none": None, "undefined": None}
_SIGNS = {"=", "==", "!=", "<", "<=", ">", ">="}
DEEPEST = 50


class ConditionError(ValueError):
    """This is no condition; the message says what was expected, and where."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The value of a slot."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written; a list is a tuple."""

    value: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """`and`, `or`, `not`, or a comparison, over its parts."""

    sign: str
    parts: tuple[Term, ...]


Term = Slot | Literal | Operation


@dataclass(frozen=True, slots=True)
class Condition:
    """`text` as the project writes it."""

    text: str
    term: Term

    def holds(self, slots: Mapping[str, Any]) -> bool:
        return bool(_value(self.term, slots))

    @property
    def slots(self) -> frozenset[str]:
        """The slots it looks at."""
        return frozenset(_named(self.term))


def affirmed(slot: str) -> Condition:
    """That a slot holds a yes; its name may be one that a text could not write."""
    return Condition(f"slots.{slot}", Slot(slot))


def parse(text: str) -> Condition:
    """The condition that a text writes. Raises ConditionError."""
    reader = _Reader(text)
    term = reader.either(0)
    if reader.token:
        raise ConditionError(f"nothing more was expected at `{reader.token}`")
    return Condition(text.strip(), term)


class _Reader:
    """The tokens of one condition, read from the left."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self.kind, self.token = "", ""
        self._next()

    def _next(self) -> None:
        self.kind, self.token = next(self._tokens, ("", ""))

    def _took(self, *words: str) -> bool:
        if self.kind in ("name", "sign") and self.token.lower() in words:
            self._next()
            return True
        return False

    def either(self, depth: int) -> Term:
        return self._chain("or", self._both, depth)

    def _both(self, depth: int) -> Term:
        return self._chain("and", self._negated, depth)

    def _chain(self, word: str, part: Callable[[int], Term], depth: int) -> Term:
        parts = [part(depth)]
        while self._took(word):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Operation(word, tuple(parts))

    def _negated(self, depth: int) -> Term:
        if depth > DEEPEST:
            raise ConditionError("this nests too deeply")
        if self._took("not"):
            return Operation("not", (self._negated(depth + 1),))
        left = self._operand(depth)
        sign = self._sign()
        if not sign:
            return left
        right = self._operand(depth)
        if sign == "matches":
            _check_expression(right)
        return Operation(sign, (left, right))

    def _sign(self) -> str | None:
        if self._took("is"):
            return "!=" if self._took("not") else "="
        if self._took("not"):
            if not self._took("in"):
                raise ConditionError("after a value `not` must be followed by `in`")
            return "not in"
        found = self.token.lower()
        if (self.kind == "sign" and found in _SIGNS) or found in ("in", "contains", "matches"):
            self._next()
            return "=" if found == "==" else found
        return None

    def _operand(self, depth: int) -> Term:
        kind, token = self.kind, self.token
        if self._took("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        if self._took("["):
            return self._list()
        self._next()
        match kind:
            case "text":
                return Literal(token[1:-1])
            case "number":
                return Literal(float(token) if "." in token else int(token))
            case "name" if token.lower() in _WORDS:
                return Literal(_WORDS[token.lower()])
            case "name":
                return Slot(token.removeprefix("slots."))
        raise ConditionError(f"a slot or a value was expected at `{token}`" if token else "it ends too early")

    def _list(self) -> Term:
        values: list[Any] = []
        while not self._took("]"):
            item = None if self.kind == "sign" else self._operand(DEEPEST)
            if not isinstance(item, Literal):
                raise ConditionError("a list may hold only texts, numbers, true, false and null")
            values.append(item.value)
            if not self._took(","):
                self._expect("]")
                break
        return Literal(tuple(values))

    def _expect(self, sign: str) -> None:
        if not self._took(sign):
            raise ConditionError(f"`{sign}` was expected" + (f" at `{self.token}`" if self.token else ""))


def _check_expression(term: Term) -> None:
    """Raises ConditionError."""
    if not (isinstance(term, Literal) and isinstance(term.value, str)):
        raise ConditionError("after `matches` a text was expected")
    try:
        re.compile(term.value)
    except re.error as error:
        raise ConditionError(f"`{term.value}` is no regular expression: {error.msg}") from None
    except (OverflowError, RecursionError):
        raise ConditionError("this regular expression is too large") from None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    text, place = text.rstrip(), 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            raise ConditionError(f"`{text[place:].lstrip()[:12]}` is neither a slot, a value nor a sign")
        place = found.end()
        yield found.lastgroup or "", found[found.lastgroup or 0]


def _value(term: Term, slots: Mapping[str, Any]) -> Any:
    match term:
        case Slot(name):
            return slots.get(name)
        case Literal(value):
            return value
        case Operation("and", parts):
            return all(_value(part, slots) for part in parts)
        case Operation("or", parts):
            return any(_value(part, slots) for part in parts)
        case Operation("not", (part,)):
            return not _value(part, slots)
        case Operation(sign, (left, right)):
            return _compared(sign, _value(left, slots), _value(right, slots))
    raise AssertionError("a comparison has two parts")


def _compared(sign: str, left: Any, right: Any) -> bool:
    """What cannot be compared does not hold: no amount is neither above nor below another."""
    match sign:
        case "=" | "!=":
            return (_plain(left) == _plain(right)) is (sign == "=")
        case "in" | "not in":
            return _contains(right, left) is (sign == "in")
        case "contains":
            return _contains(left, right)
        case "matches":
            return isinstance(left, str) and isinstance(right, str) and bool(re.search(right, left))
    one, other = _number(left), _number(right)
    if one is None or other is None:
        return False
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[sign]


def _plain(value: Any) -> Any:
    """A number that was given as text is the number, and a list what is written as one."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    number = _number(value) if isinstance(value, str) else None
    return value if number is None else number


def _number(value: Any) -> float | None:
    """A finite number: `Nan` and `Infinity` are texts, perhaps names."""
    try:
        number = math.nan if isinstance(value, bool) or value is None else float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _contains(many: Any, one: Any) -> bool:
    if isinstance(many, str):
        return isinstance(one, str) and one.casefold() in many.casefold()
    return isinstance(many, Sequence) and any(_plain(item) == _plain(one) for item in many)


def _named(term: Term) -> Iterator[str]:
    if isinstance(term, Slot):
        yield term.name
    elif isinstance(term, Operation):
        for part in term.parts:
            yield from _named(part)
