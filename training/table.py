"""Reads labelled CSV files, and finds what is wrong with them before anything is trained.

Knows files and columns; knows no model.
"""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.errors import CorpusInvalid

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Table:
    """Equally many texts and labels."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def __add__(self, other: "Table") -> "Table":
        return Table(self.texts + other.texts, self.labels + other.labels)


def read_table(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file that has the columns; a text may be empty, a label not. Raises CorpusInvalid."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_header(path, reader.fieldnames or [], columns)
            rows = []
            for row in reader:
                if None in row:  # where DictReader puts what is beyond the header
                    raise CorpusInvalid(
                        f"{path}:{reader.line_num} has more cells than the header; quote texts with commas."
                    )
                lacking = [
                    name for name in columns if row[name] is None or (name == "label" and not row[name])
                ]
                if lacking:
                    raise CorpusInvalid(
                        f"{path}:{reader.line_num} has no {lacking[0]}; add it, or delete the row."
                    )
                rows.append(row)
            return rows
    except UnicodeDecodeError as error:
        raise CorpusInvalid(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    except (OSError, csv.Error) as error:
        raise CorpusInvalid(f"{path} cannot be read as CSV: {error}.") from error


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    """Raises CorpusInvalid."""
    if not header:
        raise CorpusInvalid(f"{path} is empty; it needs a header with {', '.join(columns)}, and rows.")
    missing = [column for column in columns if column not in header]
    if missing:
        other = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
        mend = f"separate its columns by commas, not {other!r}" if other else f"it has {', '.join(header)}"
        raise CorpusInvalid(f"{path} lacks the column {', '.join(missing)}; {mend}.")


def read_labelled(path: Path, *, always: str | None = None) -> Table:
    """Texts with their labels, or with the label `always`. Raises CorpusInvalid."""
    rows = read_table(path, "text", *([] if always else ["label"]))
    if not rows:
        raise CorpusInvalid(f"{path} has no rows under its header.")
    return Table(tuple(row["text"] for row in rows), tuple(always or row["label"] for row in rows))


def contradictions(table: Table) -> list[dict[str, object]]:
    """Texts that bear several labels, case and outer spaces aside: at most some of them can be right."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for text, label in zip(table.texts, table.labels, strict=True):
        found[" ".join(text.casefold().split())].setdefault(label, text)
    return [
        {"text": next(iter(labels.values())), "labels": sorted(labels)}
        for labels in found.values()
        if len(labels) > 1
    ]
