"""Labelled tables: what is wrong with one is named with its file and place."""

from pathlib import Path

import pytest

from training.errors import CorpusInvalid
from training.table import Table, contradictions, read_labelled


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; it needs a header with text, label"),
        (b"text,label\n", "no rows under its header"),
        (b"text\nhello\n", "lacks the column label"),
        (b"text,label\nhello\n", ":2 has no label; add it, or delete the row"),
        (b"text,label\nhello,\n", ":2 has no label"),
        ("text,label\noù,card\n".encode("latin-1"), "is not UTF-8 (byte 12); save it as UTF-8"),
    ],
)
def test_a_table_that_does_not_fit_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(CorpusInvalid) as refused:
        read_labelled(path)
    assert message in str(refused.value) and "bad.csv" in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusInvalid, match=r"none\.csv cannot be read"):
        read_labelled(tmp_path / "none.csv")


def test_long_texts_empty_texts_and_marks_of_order_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "good.csv"
    path.write_text("\ufefftext,label\n" + "word " * 2000 + ",a\n,b\n", encoding="utf-8")
    table = read_labelled(path)
    assert (len(table.texts[0]), table.texts[1], table.labels) == (10_000, "", ("a", "b"))


def test_a_text_with_two_labels_is_told() -> None:
    table = Table(("Where is it?", "where  is it?", "hello", "hello"), ("card", "order", "greet", "greet"))
    assert contradictions(table) == [{"text": "Where is it?", "labels": ["card", "order"]}]
