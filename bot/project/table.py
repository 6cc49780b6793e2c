"""Reads rows out of CSV, TSV, JSON and JSON Lines files of unknown making.

Knows encodings, delimiters and shapes; knows nothing of what the columns mean.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes

from bot.errors import SourceUnreadable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERS = ["gb18030", "big5", "shift_jis", "euc_kr", "cp1251"]
_HIGH = re.compile(rb"[\x80-\xff]+")
_DELIMITERS = (",", "\t", ";", "|")
_SNIFFED_ROWS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One record; `line` is where it begins in the file (in a JSON list: its number), `problem` why it is
    unreadable."""

    line: int
    cells: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file under their columns, in the file's order. `encoding` is what it was read as."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str

    @property
    def guessed(self) -> bool:
        """Whether the encoding is a guess: neither marked nor valid as UTF-8."""
        return not self.encoding.startswith("utf")


def read_table(
    path: Path, *, known: Sequence[str] = (), header: bool = True, encoding: str | None = None
) -> Table:
    """Reads a file by its ending. `known` are likely column names, which help to find the delimiter; without
    `header` columns are called `1`, `2`, …. Raises SourceUnreadable.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read ({error.strerror}).") from error
    text, used = decode(data, path.name, encoding)
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        rows = _json_rows(text, path)
        columns = tuple(dict.fromkeys(str(key) for row in rows for key in row.cells))
    else:
        columns, rows = _csv_rows(text, path, known, header=header)
    if not rows:
        raise SourceUnreadable(f"{path.name} holds no rows.")
    return Table(columns, rows, used)


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """The text and its encoding: as told, by its byte order mark, as UTF-8, or by what it looks like."""
    marked = [code for bom, code in _BOMS if data.startswith(bom)]
    candidates = [encoding] if encoding else [*marked[:1], "utf-8"]
    if not encoding and not marked and b"\0" in data:
        # Only wide encodings hold zero bytes; an ASCII letter's stands second when the low byte comes first.
        little = data[1::2].count(0) >= data[::2].count(0)
        candidates.insert(0, "utf-16-le" if little else "utf-16-be")
    for candidate in candidates:
        try:
            return data.decode(candidate), candidate
        except (UnicodeDecodeError, LookupError):
            continue
    if encoding:
        raise SourceUnreadable(f"{name} is not in {encoding}. Leave the encoding out to have it guessed.")
    for likely in _likely(data):
        best = from_bytes(data, cp_isolation=likely).best()
        if best is not None:
            return str(best), best.encoding
    raise SourceUnreadable(f"The encoding of {name} is not known. Save it as UTF-8, or name its encoding.")


def _likely(data: bytes) -> tuple[list[str], ...]:
    """Encodings to weigh, group after group. Accented letters stand alone between ASCII ones; other scripts
    come in runs. Western and Central European texts look alike to a statistic, so the commoner one goes
    first."""
    runs = [len(run) for run in _HIGH.findall(data)]
    return (["cp1252"], ["cp1250"]) if sum(runs) < 2 * len(runs) else (_OTHERS,)


def _csv_rows(
    text: str, path: Path, known: Sequence[str], *, header: bool
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text, known)
    records = _records(text.replace("\0", ""), delimiter)
    first = next(records, None)
    if first is None or first[2]:
        raise SourceUnreadable(f"{path.name} holds no rows." if first is None else f"{path.name}: {first[2]}")
    columns = (
        tuple(cell.strip() for cell in first[1])
        if header
        else tuple(str(n + 1) for n in range(len(first[1])))
    )
    rows = [] if header else [Row(first[0], dict(zip(columns, first[1], strict=False)))]
    for line, cells, problem in records:
        if not problem and len(cells) > len(columns):
            problem = (
                f"{len(cells)} cells under {len(columns)} columns; put cells that hold a delimiter in quotes"
            )
        if problem or any(cell.strip() for cell in cells):
            rows.append(Row(line, dict(zip(columns, cells, strict=False)), problem))
    return columns, tuple(rows)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Each record as (first line, cells, problem)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], f"not readable as CSV ({error}); look for a quotation mark that is not closed"
            continue
        if cells:
            yield line, cells, ""


def _delimiter(text: str, known: Sequence[str]) -> str:
    """The delimiter under which the head looks most like a table: known column names first, then even
    rows."""

    def score(delimiter: str) -> tuple[int, int, int]:
        records = [
            cells for _, (_, cells, _) in zip(range(_SNIFFED_ROWS), _records(text, delimiter), strict=False)
        ]
        if not records:
            return 0, 0, 0
        names = {cell.strip().casefold() for cell in records[0]}
        width = len(records[0])
        even = sum(len(cells) == width for cells in records) if width > 1 else 0
        return len(names & {name.casefold() for name in known}), even, width

    return max(_DELIMITERS, key=score)


def _json_rows(text: str, path: Path) -> tuple[Row, ...]:
    if path.suffix.lower() != ".json":
        lines = enumerate(text.splitlines(), start=1)
        return tuple(_json_line(number, line) for number, line in lines if line.strip())
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceUnreadable(f"{path.name}:{error.lineno}: this is no JSON ({error.msg}).") from error
    if isinstance(value, dict):
        value = next((item for item in value.values() if isinstance(item, list)), None)
    if not isinstance(value, list):
        raise SourceUnreadable(
            f"{path.name} holds no list. Write a list of objects with question and answer."
        )
    return tuple(_json_row(number, item) for number, item in enumerate(value, start=1))


def _json_line(number: int, line: str) -> Row:
    try:
        return _json_row(number, json.loads(line))
    except json.JSONDecodeError as error:
        return Row(number, {}, f"this line is no JSON ({error.msg})")


def _json_row(number: int, value: Any) -> Row:
    return (
        Row(number, value)
        if isinstance(value, dict)
        else Row(number, {}, "this is no object with question and answer")
    )
