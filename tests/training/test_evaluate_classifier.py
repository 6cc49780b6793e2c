"""Classifiers of any table, and pairs of questions: figures, columns told apart, and files that do not
fit.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.tabular import TabularModel
from tests.training.conftest import INTENTS
from tests.training.test_evaluate import result, table
from training.__main__ import main
from training.columns import Column, as_number, find_columns
from training.tabular import fit_tabular

FIGURES = {
    "accuracy",
    "macro_f1",
    "auc",
    "brier",
    "ece",
    "intervals",
    "majority",
    "latency_ms",
    "train_seconds",
}
HEADER = ["row_id", "age", "income", "town", "note", "same", "grade", "class"]


def loans(path: Path, rows: int, seed: int) -> str:
    """People of whom the old and the poor default, more so in one town; one income in five is missing."""
    chance = np.random.default_rng(seed)
    lines = []
    for row in range(rows):
        age, income = int(chance.integers(18, 80)), float(chance.normal(40_000, 9_000))
        town = str(chance.choice(["north", "south"]))
        odds = (age - 50) / 8 - (income - 40_000) / 5_000 + (1.5 if town == "north" else -1.5)
        late = chance.random() < 1 / (1 + np.exp(-odds))
        shown = "" if chance.random() < 0.2 else f"{income:,.0f}"
        code = "b" if late else "g"
        lines.append([str(row), str(age), shown, town, f"note {row}", "x", code, "bad" if late else "good"])
    return table(path, HEADER, lines)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return ["--train", loans(tmp_path / "train.csv", 600, 1), "--test", loans(tmp_path / "test.csv", 400, 2)]


def evaluate(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["evaluate-classifier", *arguments]) == 0
    found: dict[str, Any] = result(capsys)["result"]
    return found


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 1
    message: str = result(capsys)["error"]["message"]
    return message


def test_a_table(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    figures = evaluate(capsys, "--kind", "tabular", *files, "--target", "class")
    assert set(figures) >= FIGURES
    assert figures["auc"] > 0.85 and figures["accuracy"] > figures["majority"]
    assert figures["columns"] == {"age": "number", "income": "number", "town": "category"}
    assert [remark.split()[0] for remark in figures["remarks"]] == ["row_id", "note", "same", "grade"]
    for name in ("accuracy", "macro_f1", "auc", "brier"):
        low, high = figures["intervals"][name]
        assert low <= figures[name] <= high


def test_a_column_can_be_ignored(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    figures = evaluate(capsys, "--kind", "tabular", *files, "--target", "class", "--ignore", "town")
    assert set(figures["columns"]) == {"age", "income"}


def test_texts_are_found_and_read_like_intents(
    tiny_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        [str(n), f"{text} {n}", name, "en"] for name, texts in INTENTS.items() for n, text in enumerate(texts)
    ]
    path = table(tmp_path / "texts.csv", ["number", "said", "kind", "language"], rows)
    arguments = [
        "--kind",
        "text",
        "--train",
        path,
        "--test",
        path,
        "--target",
        "kind",
        "--base",
        str(tiny_base),
    ]
    figures = evaluate(capsys, *arguments)
    assert figures["text"] == "said" and figures["accuracy"] > 0.8
    assert set(figures) >= FIGURES


CLASSIFIER_FAULTS = [
    ("a,class\n", "has no rows"),
    ("", "is empty"),
    ("a;class\n1;x\n", "separate its columns by commas"),
    ("a,b\n1,2\n", "lacks the column class"),
    ("a,class\n" + "1,x\n" * 30, "has one class"),
    ("a,class\n1,x\n2,y\n", "2 rows"),
    ("a,class\n" + "1,x\n2,\n" * 20, "row 3, has no class"),
    ("a,class\n" + "1,x\n1,y\n" * 20, "no column to learn from: a is left out"),
    ("a,class\n1,x,more\n", "more cells than the header"),
]


@pytest.mark.parametrize(("content", "message"), CLASSIFIER_FAULTS)
def test_a_file_that_does_not_fit_is_named_with_the_mend(
    content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    files = ["--train", str(path), "--test", str(path), "--target", "class"]
    found = refused(capsys, "evaluate-classifier", "--kind", "tabular", *files)
    assert message in found and str(path) in found and "\n" not in found


@pytest.mark.parametrize(
    ("test", "more", "message"),
    [
        ("age,income\n1,2\n", [], "lacks the column class"),
        ("age,class\n1,good\n", [], "lacks the column row_id of"),
        (
            "row_id,age,income,town,note,same,grade,class\n1,2,3,4,5,6,7,odd\n",
            [],
            "are these the same labels?",
        ),
        (None, ["--ignore", "nothing"], "no column nothing to ignore"),
        (None, ["--kind", "text", "--text", "nothing"], "no column nothing to read"),
    ],
)
def test_two_files_that_do_not_fit_each_other_are_told(
    files: list[str], tmp_path: Path, test: str | None, more: list[str], message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if test is not None:
        (tmp_path / "test.csv").write_text(test, encoding="utf-8")
    arguments = ["--kind", "tabular", *files, "--target", "class", *more]
    assert message in refused(capsys, "evaluate-classifier", *arguments)


def test_a_test_label_of_no_training_row_counts_as_misread(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = tmp_path / "test.csv"
    test.write_text(test.read_text(encoding="utf-8").replace(",bad", ",odd"), encoding="utf-8")
    figures = evaluate(capsys, "--kind", "tabular", *files, "--target", "class")
    assert figures["unknown_labels"] == ["odd"] and 0 < figures["accuracy"] < 0.8


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1", 1.0), (" -2.5 ", -2.5), ("1,234,567.8", 1234567.8), ("2,05", 2.05), ("1e5", 1e5), ("1,23,4", None),
     ("A11", None), ("inf", None), ("", None), ("nan", None)],
)  # fmt: skip
def test_numbers_as_tables_write_them(cell: str, number: float | None) -> None:
    assert as_number(cell) == number


def test_an_unseen_category_and_a_missing_cell_are_read() -> None:
    rows = [{"a": v} for v in ["x"] * 6 + ["y"] * 6 + ["", "z"]]
    (column,), remarks = find_columns(rows, ["a"], ["p", "q"] * 7)
    assert column == Column("a", False, True, categories=("x", "y")) and remarks == []
    read = column.read([{"a": "new"}, {"a": "x"}, {"a": "?"}])
    assert {name: list(values) for name, values in read.items()} == {
        "a = x": [0, 1, 0], "a = y": [0, 0, 0], "a is missing": [0, 0, 1]
    }  # fmt: skip


@settings(deadline=None, max_examples=10)  # each fits a model two dozen times
@given(st.integers(0, 10_000))
def test_the_fitted_model_explains_its_own_score(seed: int) -> None:
    chance = np.random.default_rng(seed)
    x, y = chance.normal(size=80), chance.integers(3, size=80).astype(float)
    labels = (x**2 + y + chance.normal(size=80) > 1.5).astype(np.int64)
    labels[:2] = (0, 1)
    found = fit_tabular(
        {"x": x, "y": y}, labels, ("no", "yes"), order=False, seed=0, progress=lambda *_: None
    )
    (model,) = found.models
    assert isinstance(model, TabularModel)
    assert all(weight >= 0 for feature in model.features for weight in feature.weights)
    assert np.allclose(found.probabilities({"x": x, "y": y}).sum(axis=1), 1.0)
    told = model.assess({"x": float(x[0]), "y": float(y[0])})
    assert told.probabilities == pytest.approx(found.probabilities({"x": x[:1], "y": y[:1]})[0])
    assert told.outside == ()


def test_pairs(tiny_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["my card is lost", "my card is lost", "1"], ["cancel policy", "cancel policy", "yes"],
            ["my card is lost", "hello 99", "0"], ["where is it", "cancel my policy", "no"]]  # fmt: skip
    path = table(tmp_path / "pairs.csv", ["question_1", "question_2", "similar"], rows)
    assert main(["evaluate-pairs", "--test", path, "--base", str(tiny_base)]) == 0
    figures = result(capsys)["result"]
    assert figures["auc"] == figures["average_precision"] == 1.0
    assert figures["rows"] == {"pairs": 4, "similar": 2} and set(figures["pair_ms"]) == {"p50", "p95"}


@pytest.mark.parametrize(
    ("similar", "message"), [("maybe", "row 2: `similar` must be 1 or 0"), ("1", "one kind")]
)
def test_pairs_that_cannot_be_measured_are_told(
    similar: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path / "pairs.csv", ["question_1", "question_2", "similar"], [["a", "b", similar]])
    assert message in refused(capsys, "evaluate-pairs", "--test", path)
