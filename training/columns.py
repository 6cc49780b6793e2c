"""What the columns of any CSV file are: numbers, categories, or nothing that a model can learn from.

Knows cells as text, and rules of thumb that are stated in remarks; knows no model.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "--", "inf", "-inf"})
NUMERIC_SHARE = 0.95  # of the cells that hold something, from which a column is one of numbers
LEAST_OFTEN = 5  # rows with a category, from which it has a say of its own
MOST_CATEGORIES = 40
OWN_VALUE_SHARE = (
    0.5  # of rows with a value of their own, from which a column of texts names rather than tells
)
ROW_NUMBERS = 50  # rows from which whole numbers that never repeat are taken for row numbers
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")

Floats = NDArray[np.float64]
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """How one column is read: as a number, missing ones as `filled`, or as one of `categories`; `gaps` says
    whether a missing cell has a say of its own.
    """

    name: str
    numeric: bool
    gaps: bool
    filled: float = 0.0
    categories: tuple[str, ...] = ()

    def read(self, rows: Rows) -> dict[str, Floats]:
        """The inputs of a model by name, [n] each. What training never saw is a category of no name."""
        cells = [row[self.name] or "" for row in rows]
        found = {}
        if self.numeric:
            numbers = [as_number(cell) for cell in cells]
            found[self.name] = np.asarray([self.filled if x is None else x for x in numbers])
            missing = [x is None for x in numbers]
        else:
            for category in self.categories:
                found[f"{self.name} = {category}"] = np.asarray([float(c.strip() == category) for c in cells])
            missing = [is_missing(cell) for cell in cells]
        if self.gaps:
            found[f"{self.name} is missing"] = np.asarray(missing, dtype=np.float64)
        return found


def find_columns(rows: Rows, names: Sequence[str], labels: Sequence[str]) -> tuple[list[Column], list[str]]:
    """How each of the columns is read, and a remark on each that is left out."""
    found, remarks = [], []
    for name in names:
        cells = [(row[name] or "").strip() for row in rows]
        held = [cell for cell in cells if not is_missing(cell)]
        numbers = [x for x in (as_number(cell) for cell in held) if x is not None]
        numeric = len(numbers) >= NUMERIC_SHARE * len(held)
        why = _useless(name, cells, held, numbers if numeric else None, labels)
        if why:
            remarks.append(f"{name} is left out: {why}")
        elif numeric:
            found.append(Column(name, True, len(numbers) < len(cells), median(numbers)))
        else:
            often = [value for value, count in Counter(held).most_common() if count >= LEAST_OFTEN]
            found.append(
                Column(name, False, len(held) < len(cells), categories=tuple(often[:MOST_CATEGORIES]))
            )
    return found, remarks


def _useless(
    name: str,
    cells: Sequence[str],
    held: Sequence[str],
    numbers: Sequence[float] | None,
    labels: Sequence[str],
) -> str | None:
    different = len(set(held))
    if different == 0:
        return "it is empty"
    if different == 1 and len(held) == len(cells):
        return "every row has the same value"
    if len(held) == len(cells) and different == len(set(labels)) == len(set(zip(cells, labels, strict=True))):
        return "it is the target under another name"
    if numbers is None:
        if different > OWN_VALUE_SHARE * len(held):
            return "nearly every row has a value of its own; for a text see --kind text"
        if max(Counter(held).values()) < LEAST_OFTEN:
            return f"no value occurs {LEAST_OFTEN} times"
        return None
    whole = different == len(numbers) >= ROW_NUMBERS and all(x.is_integer() for x in numbers)
    if whole and max(numbers) - min(numbers) < 3 * len(numbers):
        return "it numbers the rows"
    if whole and re.search(r"(^|[_\W])id$|^id([_\W]|$)", name, re.IGNORECASE):
        return "it names the rows"
    return None


def is_missing(cell: str) -> bool:
    """Whether a cell holds nothing, as tables usually say so."""
    return cell.strip().casefold() in MISSING


def as_number(cell: str) -> float | None:
    """The number in a cell, with thousands or a decimal comma too; None where there is none."""
    text = cell.strip()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
