"""The report: one page that needs nothing else, says what was measured, and lets no text be markup."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from nlu.classifier import IntentPrediction
from training.errors import ReportUnwritable
from training.intent_figures import intent_intervals
from training.measured import Measured, measured
from training.report import write_report
from training.report_tables import confused_pairs, confusion, lines, strays_let_in, surest_mistakes
from training.scoring import bootstrap, macro_f1, wilson

HOSTILE = '<script>alert(1)</script> --> $x_1$ "quoted" & 你好'
OUTWARD = ("src", "href", "action", "srcset", "data", "poster", "xlink:href")


class Seen(HTMLParser):
    """The elements of a page, whatever would be fetched from elsewhere, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.outward: list[str] = []
        self.ids: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.outward += [v for name, v in attrs if name in OUTWARD and v and not v.startswith("#")]
        self.outward += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def prediction(best: str, share: float, *, refused: bool = False, score: float = 0.0) -> IntentPrediction:
    rest = "other" if best != "other" else "another"
    verdicts = ((best, share), (rest, 1 - share))
    return IntentPrediction(verdicts, (best,), refused, score, True, share > 0.9 and not refused)


def rows(*labelled: tuple[str, str, IntentPrediction]) -> Measured:
    return measured([t for t, _, _ in labelled], [n for _, n, _ in labelled], [p for _, _, p in labelled])


@pytest.fixture(scope="module")
def some() -> Measured:
    pay, cancel = prediction("pay", 0.95), prediction("cancel", 0.92)
    return rows(
        *[(f"i pay {i}", "pay", pay) for i in range(20)],
        *[(f"cancel {i}", "cancel", cancel) for i in range(20)],
        (HOSTILE, "cancel", prediction("pay", 0.97)),
        ("end it", "cancel", prediction("pay", 0.55)),
        ("x" * 10_000, "<b>bold</b>", prediction("pay", 0.5)),
        ("sing me a song", "oos", prediction("pay", 0.94, score=0.2)),
        ("what is the moon", "oos", prediction("pay", 0.4, refused=True, score=3.0)),
    )


@pytest.fixture(scope="module")
def page(some: Measured, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(some, tmp_path_factory.mktemp("report"))


def write(found: Measured, folder: Path, *, promise: float | None = 0.9) -> str:
    figures = {
        "accuracy": 0.9, "macro_f1": 0.9, "ece": 0.1, "coverage_at_2pct_error": 0.8, "aurc": 0.1,
        "in_scope_accuracy_with_rejection": 0.9, "oos_recall": 0.5, "oos_precision": 1.0, "auroc": 1.0,
        "acted_on_alone": {"wrong_at_most": 0.02, "threshold": promise, "coverage": 0.9, "wrong": 0.05},
        "intervals": intent_intervals(found), "unknown_labels": ["<b>bold</b>"],
    }  # fmt: skip
    clashes = [{"text": HOSTILE, "labels": ["pay", "cancel"]}]
    making = {"test rows": f"{HOSTILE}.csv"}
    path = write_report(folder, found, figures, refused_from=1.0, clashes=clashes, making=making)
    return path.read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(page: str) -> None:
    seen = Seen(page)
    assert seen.outward == []
    assert not {"script", "link", "img", "iframe", "object", "form", "b>"} & set(seen.elements)
    assert "@import" not in page and "url(http" not in page and "url(//" not in page


def test_texts_and_names_of_the_rows_stay_text(page: str) -> None:
    seen = Seen(page)
    assert "alert(1)" in seen.words and "<b>bold</b>" in seen.words
    assert seen.words.count('--> $x_1$ "quoted" & 你好') >= 3


def test_charts_share_no_id_and_take_the_colours_of_the_page(page: str) -> None:
    seen = Seen(page)
    assert seen.elements.count("svg") == 4
    assert len(seen.ids) == len(set(seen.ids))
    assert "#010101" not in page and "var(--one)" in page and "DejaVu" not in page


def test_a_long_text_is_cut(page: str) -> None:
    assert "x" * 270 in page and "x" * 300 not in page


def test_no_promise_is_said_and_drawn(some: Measured, tmp_path: Path) -> None:
    page = write(some, tmp_path, promise=None)
    assert "No guarantee" in page and "promise, from" not in page


def test_without_a_mistake_there_is_no_matrix(tmp_path: Path) -> None:
    found = rows(*[(f"{name} {i}", name, prediction(name, 0.9)) for name in ("pay", "end") for i in range(5)])
    page = write(found, tmp_path / "new" / "folder")
    assert "No message in scope was misread." in page and "Out of scope" not in Seen(page).words


def test_a_folder_that_takes_no_file_is_one_error(some: Measured, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportUnwritable, match="give --report"):
        write(some, tmp_path / "file" / "below")


def test_tables_tell_what_was_taken_for_what(some: Measured) -> None:
    by_name = {line.name: line for line in lines(some)}
    cancel = by_name["cancel"]
    assert (cancel.support, cancel.mistaken, cancel.precision) == (22, ("pay", 2), 1.0)
    assert by_name["<b>bold</b>"].precision is None and by_name["<b>bold</b>"].recall == 0.0
    worst = lines(some)[0]
    assert worst.f1 == 0.0
    pair = confused_pairs(some)[0]
    assert {pair.one, pair.other} == {"cancel", "pay"} and (pair.there, pair.back) == (2, 0)
    assert pair.examples[0].text == HOSTILE  # the surest first
    assert [one.confidence for one in surest_mistakes(some)] == [0.97, 0.55, 0.5]
    assert [one.text for one in strays_let_in(some)] == ["sing me a song"]


def test_a_large_matrix_keeps_the_confused_part_with_both_partners() -> None:
    fine = [(f"m {i}", f"name_{i}", prediction(f"name_{i}", 0.8)) for i in range(60)]
    wrong = [("w", f"name_{2 * i}", prediction(f"name_{2 * i + 1}", 0.6)) for i in range(5)]
    found = confusion(rows(*fine, *wrong))
    assert sorted(found.names) == sorted(f"name_{i}" for i in range(10)) and found.left_out == 50
    places = {name: i for i, name in enumerate(found.names)}
    assert all(abs(places[f"name_{2 * i}"] - places[f"name_{2 * i + 1}"]) == 1 for i in range(5))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60))
def test_macro_f1_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    truth, found = [t for t, _ in pairs], [f for _, f in pairs]
    wanted = f1_score(truth, found, average="macro", labels=sorted(set(truth)), zero_division=0)
    assert macro_f1(truth, found) == pytest.approx(wanted)


@settings(deadline=None)
@given(st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_wilson_is_that_of_scipy_and_holds_the_share(case: tuple[int, int]) -> None:
    hits, rows = case
    low, high = wilson(hits, rows)
    wanted = binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((wanted.low, wanted.high), abs=1e-4)


def test_a_bootstrap_gives_the_same_for_the_same_seed_and_narrows_with_rows() -> None:
    values = np.random.default_rng(0).random(4000)
    few, many = (bootstrap(lambda at: float(values[at].mean()), n) for n in (100, 4000))
    assert few == bootstrap(lambda at: float(values[at].mean()), 100)
    assert many[1] - many[0] < few[1] - few[0]
