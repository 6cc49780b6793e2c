"""How well entities are learnt, on the public sets that mark them.

Knows the sets' columns and how marks by token or by value become places in the text; learns nothing itself.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.quality import frontdesk

Figures = dict[str, Any]
Row = dict[str, Any]

XSID = ("en_valid", "en_test", "zh_valid", "zh_test")


def measure(data: Path) -> Figures:
    """Span F1 on test rows: folds 10 and on of NLU++, xSID in both languages, and the values of CrossWOZ's
    acts that stand in the turn (not 是, which says yes).
    """
    banking, hotels = (_nlupp(data / "nlupp" / f"{name}.jsonl") for name in ("banking", "hotels"))
    xsid = {name: _xsid(data / "xsid_en_zh" / f"{name}.jsonl") for name in XSID}
    turns = [_crosswoz(data / "crosswoz" / f"user_turns_{name}.jsonl") for name in ("train_from_val", "test")]
    return {
        "NLU++ banking": _entities(*banking),
        "NLU++ hotels": _entities(*hotels),
        "xSID English": _entities(xsid["en_valid"], xsid["en_test"]),
        "xSID Chinese": _entities(xsid["zh_valid"], xsid["zh_test"]),
        "xSID, English rows to Chinese": _entities(xsid["en_valid"], xsid["zh_test"]),
        "CrossWOZ": _entities(*turns),
    }


def _entities(train: Sequence[Row], test: Sequence[Row]) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "train.jsonl", Path(folder) / "test.jsonl"
        for path, rows in zip(files, (train, test), strict=True):
            lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
            path.write_text("".join(lines), encoding="utf-8")
        found = frontdesk(["evaluate", "entities", "--train", str(files[0]), "--test", str(files[1])])
    return {key: value for key, value in found.items() if key != "by_entity"}


def _nlupp(path: Path) -> tuple[list[Row], list[Row]]:
    train: list[Row] = []
    test: list[Row] = []
    for row in json_lines(path):
        spans = [_span(name, row["text"], *slot["span"]) for name, slot in row["slots"].items()]
        (train if int(row["fold"]) < 10 else test).append({"text": row["text"], "entities": spans})
    return train, test


def _xsid(path: Path) -> list[Row]:
    """Tokens to places in the text: the tags are by token."""
    return [{"text": row["text"], "entities": _tagged(row)} for row in json_lines(path)]


def _tagged(row: Row) -> list[Row]:
    spans: list[Row] = []
    at = 0
    for token, tag in zip(row["tokens"], row["slots"], strict=True):
        start = row["text"].find(token, at)
        if start < 0:
            continue
        at = start + len(token)
        if tag.startswith("I-") and spans and spans[-1]["entity"] == tag[2:]:
            spans[-1] = _span(tag[2:], row["text"], spans[-1]["start"], at)
        elif tag != "O":
            spans.append(_span(tag[2:], row["text"], start, at))
    return spans


def _crosswoz(path: Path) -> list[Row]:
    rows = []
    for row in json_lines(path):
        spans: list[Row] = []
        for act, _, slot, value in sorted(row["acts"], key=lambda act: -len(act[3])):
            told = act == "Inform" and len(value) > 1 and value != "none"
            start = row["text"].find(value) if told else -1
            if start >= 0 and all(start >= s["end"] or start + len(value) <= s["start"] for s in spans):
                spans.append(_span(slot, row["text"], start, start + len(value)))
        rows.append({"text": row["text"], "entities": spans})
    return rows


def _span(entity: str, text: str, start: int, end: int) -> Row:
    return {"entity": entity, "start": start, "end": end, "value": text[start:end]}


def json_lines(path: Path) -> list[Row]:
    """The rows of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
