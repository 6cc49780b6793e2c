"""The gate on bundles made by hand, whose reading of every row is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from nlu.artifacts import Bundle, BundleDetails, BundleWriter
from nlu.ngrams import no_wide
from training.__main__ import main
from training.gate import judge
from training.gate_checks import AGAINST_CHAMPION, margin
from training.gate_evidence import Case, Evidence
from training.gate_figures import Readings, Row, by_group, figures, paired_bootstrap, right

INTENTS = ("greet", "order", "out_of_scope")
ROWS = tuple(f"w{number}" for number in range(60))
TRUTH = {word: INTENTS[number % 3] for number, word in enumerate(ROWS)}


def make_bundle(root: Path, reads: Mapping[str, str]) -> Bundle:
    """A bundle that reads each word as told: one embedding a word, which points at its intent."""
    writer = BundleWriter(root)
    _encoder(writer.part("encoder"), [INTENTS.index(intent) for intent in reads.values()], list(reads))
    size = len(INTENTS)
    intents = writer.part("intents")
    head = {
        "ngrams": np.zeros((8, 2)),
        "w1": np.eye(size + 2, size),
        "b1": np.zeros(size),
        "w2": np.eye(size) * 5,
        "b2": np.zeros(size),
        "linear": np.zeros((size, size)),
        "reference": np.eye(size)[:2],
    }
    tensors = {name: value.astype(np.float32) for name, value in head.items()}
    wide = {f"wide.{name}": value for name, value in no_wide(size).tensors().items()}
    save_file({**tensors, **wide}, intents / "head.safetensors")
    oos = {"energy_mean": 0, "energy_std": 1, "distance_mean": 0, "distance_std": 1, "threshold": 1e9}
    settings = {
        "format": 3,
        "labels": INTENTS,
        "oos_labels": ["out_of_scope"],
        "scale": 1.0,
        "temperature": 1.0,
    }
    settings |= {
        "alpha": 0.05,
        "quantile": 0.9,
        "class_quantiles": {},
        "guarantee": "no guarantee",
        "oos": oos,
    }
    settings["alone"] = {"wrong_at_most": 0.02, "threshold": None, "coverage": 0.0, "wrong": 0, "rows": 0}
    (intents / "intents.json").write_text(json.dumps(settings), encoding="utf-8")
    return writer.finish(BundleDetails(("en",), "words", "", {"reads": dict(reads)}, {}))


def _encoder(folder: Path, places: Sequence[int], words: Sequence[str]) -> None:
    """model.onnx that looks the first token up in a table."""
    table = np.eye(len(INTENTS), dtype=np.float32)[[0, *places]]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["vectors"]),
        helper.make_node("ReduceMean", ["vectors", "axis"], ["vector"], keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["n", len(INTENTS)])]
    held = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.asarray([1]), "axis")]
    graph = helper.make_graph(nodes, "words", inputs, outputs, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    vocabulary = {word: number for number, word in enumerate(["[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    about = {"format": 1, "dim": len(INTENTS), "max_length": 8, "base": "words"}
    (folder / "encoder.json").write_text(json.dumps(about), encoding="utf-8")


def wrong(*words: str) -> dict[str, str]:
    """The truth, but these words are read as another intent."""
    return {**TRUTH, **{word: INTENTS[(INTENTS.index(TRUTH[word]) + 1) % 3] for word in words}}


def write_rows(path: Path, words: Sequence[str]) -> Path:
    rows = [{"text": w, "intent": TRUTH[w], "language": "en", "source": f"data/nlu.yml:{w}"} for w in words]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_tests(path: Path, *failed: str, count: int = 5) -> Path:
    failures = [{"file": "tests/test_a.yml", "name": name} for name in failed]
    path.write_text(json.dumps({"conversations": count, "failures": failures}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Bundle]]:
    """`perfect`; `slips` is wrong on one row; `worse` on a fifth, half of the greetings."""
    root = tmp_path_factory.mktemp("bundles")
    greetings = [word for word in ROWS if TRUTH[word] == "greet"]
    yield {
        "perfect": make_bundle(root, TRUTH),
        "slips": make_bundle(root, wrong("w1")),
        "worse": make_bundle(root, wrong(*greetings[:12])),
    }


@pytest.fixture
def case(tmp_path: Path, bundles: dict[str, Bundle]) -> Case:
    """Everything in order: the candidate is as good as the champion."""
    (tmp_path / "emergencies.json").write_text('{"sentences": 3, "missed": []}', encoding="utf-8")
    return Case(
        gold=write_rows(tmp_path / "gold.jsonl", ROWS),
        reviewed=write_rows(tmp_path / "reviewed.jsonl", ROWS[:6]),
        emergencies=tmp_path / "emergencies.json",
        candidate=bundles["perfect"].folder,
        champion=bundles["slips"].folder,
        candidate_tests=write_tests(tmp_path / "candidate_tests.json", "b"),
        champion_tests=write_tests(tmp_path / "champion_tests.json", "a", "b"),
    )


def run(case: Case) -> dict[str, Any]:
    return judge(case, case.gold.with_name("report.json"), lambda stage, done, total: None)


def failed(report: Mapping[str, Any]) -> list[str]:
    """The checks that failed; how long a reading took on a busy machine is no matter for a test."""
    return [c["name"] for c in report["checks"] if not c["passed"] and c["name"] != "reading time"]


def test_a_candidate_as_good_as_the_champion_passes_and_the_report_says_why(case: Case) -> None:
    report = run(case)
    assert failed(report) == []
    assert json.loads(case.gold.with_name("report.json").read_text(encoding="utf-8")) == report
    assert [c["name"] for c in report["checks"]] == [name for name, _ in AGAINST_CHAMPION]
    candidate, champion = (bundle["gold"] for bundle in report["bundles"])
    assert candidate["accuracy"] == candidate["macro_f1"] == candidate["oos_recall"] == 1.0
    assert champion["accuracy"] == pytest.approx(59 / 60, abs=1e-4)
    assert report["difference"]["accuracy"] == pytest.approx(1 / 60, abs=1e-4)
    assert report["changes"] == {
        "tests_fixed": ["tests/test_a.yml: a"],
        "tests_broken": [],
        "gold": {"fixed": ["data/nlu.yml:w1"], "broken": []},
        "reviewed": {"fixed": ["data/nlu.yml:w1"], "broken": []},
    }
    assert {"intent": "greet", "rows": 20, "accuracy": [1.0, 1.0]} in report["groups"]


def test_one_row_lost_among_sixty_is_within_chance(case: Case, bundles: dict[str, Bundle]) -> None:
    swapped = replace(case, candidate=bundles["slips"].folder, champion=bundles["perfect"].folder)
    assert "accuracy is not worse" not in failed(run(swapped))


def test_a_worse_candidate_fails_on_accuracy_and_on_the_intent(
    case: Case, bundles: dict[str, Bundle]
) -> None:
    report = run(replace(case, candidate=bundles["worse"].folder, champion=bundles["perfect"].folder))
    assert failed(report) == [
        "accuracy is not worse",
        "no intent or language drops by more than 10 points",
        "reviewed messages are read no worse",
    ]
    assert not report["passed"]
    assert "greet 100% → 40%" in report["checks"][2]["detail"]


def test_a_test_that_passed_must_still_pass(case: Case, tmp_path: Path) -> None:
    broken = write_tests(tmp_path / "t.json", "c")
    report = run(replace(case, candidate_tests=broken))
    assert failed(report) == ["conversation tests that passed still pass"]
    assert report["changes"]["tests_broken"] == ["tests/test_a.yml: c"]
    fewer = write_tests(tmp_path / "t.json", count=4)
    assert failed(run(replace(case, candidate_tests=fewer))) == ["conversation tests that passed still pass"]


def test_a_missed_emergency_fails(case: Case) -> None:
    case.emergencies.write_text('{"sentences": 3, "missed": ["I can\'t breathe"]}', encoding="utf-8")
    assert failed(run(case)) == ["emergencies reach a person"]


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("gold", {"accuracy is not worse", "no intent or language drops by more than 10 points"}),
        ("reviewed", {"reviewed messages are read no worse"}),
        ("emergencies", {"emergencies reach a person"}),
        ("candidate_tests", {"conversation tests that passed still pass"}),
        ("champion_tests", {"conversation tests that passed still pass"}),
    ],
)
@pytest.mark.parametrize("body", [None, "not json", '["neither"]'])
def test_what_is_missing_or_garbled_has_failed(
    case: Case, name: str, checks: set[str], body: str | None
) -> None:
    path: Path = getattr(case, name)
    path.unlink()
    if body is not None:
        path.write_text(body, encoding="utf-8")
    report = run(case)
    assert set(failed(report)) == checks and not report["passed"]
    assert all("cannot be judged" in c["detail"] for c in report["checks"] if c["name"] in checks)
    assert path.name in json.dumps(report["checks"])


def test_too_few_gold_rows_judge_nothing(case: Case, tmp_path: Path) -> None:
    report = run(replace(case, gold=write_rows(tmp_path / "few.jsonl", ROWS[:19])))
    assert "accuracy is not worse" in failed(report)
    assert "19 gold rows" in report["checks"][1]["detail"]


def test_a_bundle_with_one_byte_changed_is_not_served(case: Case, tmp_path: Path) -> None:
    changed = make_bundle(tmp_path / "bundles", TRUTH)
    path = changed.folder / "intents" / "intents.json"
    path.chmod(0o644)
    path.write_text(path.read_text(encoding="utf-8").replace("0.9", "0.8"), encoding="utf-8")
    report = run(replace(case, candidate=changed.folder))
    assert not report["passed"] and "bundle is whole" in failed(report)
    assert report["bundles"] is None
    broken_champion = run(replace(case, champion=changed.folder))
    assert "bundle is whole" not in failed(broken_champion)
    assert "accuracy is not worse" in failed(broken_champion)


def test_without_a_champion_absolute_floors_hold(
    case: Case, bundles: dict[str, Bundle], tmp_path: Path
) -> None:
    alone = replace(
        case, champion=None, champion_tests=None, candidate_tests=write_tests(tmp_path / "t.json")
    )
    report = run(alone)
    assert failed(report) == [] and report["compared"] is False and report["difference"] is None
    poor = make_bundle(tmp_path / "bundles", wrong(*ROWS[:30]))
    assert failed(run(replace(alone, candidate=poor.folder))) == ["accuracy", "reviewed messages"]
    losing = replace(alone, candidate_tests=write_tests(tmp_path / "u.json", "a"))
    assert failed(run(losing)) == ["conversation tests"]


def test_a_champion_without_its_tests_is_no_comparison(case: Case) -> None:
    assert failed(run(replace(case, champion_tests=None))) == ["conversation tests that passed still pass"]


def test_nothing_reviewed_yet_is_nothing_against_a_candidate(case: Case) -> None:
    case.reviewed.write_text("", encoding="utf-8")
    assert failed(run(case)) == []


@pytest.mark.parametrize(("milliseconds", "holds"), [(14.9, True), (15.1, False)])
def test_a_reading_may_take_half_as_long_again(case: Case, milliseconds: float, holds: bool) -> None:
    evidence = Evidence(case, lambda stage, done, total: None)
    none = np.zeros(0)
    evidence.__dict__["gold_readings"] = (Readings((), (), none, milliseconds), Readings((), (), none, 10.0))
    assert dict(AGAINST_CHAMPION)["reading time"](evidence).passed is holds


def test_the_verb_writes_the_report_and_prints_it_last(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["gate", "--gold", case.gold, "--reviewed", case.reviewed, "--emergencies", case.emergencies]
    arguments += ["--candidate", case.candidate, "--champion", case.champion, "--out", tmp_path / "r.json"]
    arguments += ["--tests", case.candidate_tests, case.champion_tests]
    assert main([str(argument) for argument in arguments]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert json.loads(last)["result"] == json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))


def test_refusals_count_as_out_of_scope_and_calibration_is_of_rows_in_scope() -> None:
    rows = [Row("a", "greet", "en", "1"), Row("b", "order", "zh", "2"), Row("c", "out_of_scope", "en", "3")]
    readings = Readings(
        ("greet", "out_of_scope", "out_of_scope"),
        ("greet", "order", "greet"),
        np.asarray([0.9, 0.7, 0.5]),
        1.0,
    )
    assert right(readings, rows).tolist() == [True, False, True]
    found = figures(readings, rows)
    assert found["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert (found["likeliest_accuracy"], found["oos_recall"]) == (1.0, 1.0)
    assert found["ece"] == pytest.approx(0.2, abs=1e-4)
    groups = by_group(rows, [right(readings, rows)])
    assert {"language": "en", "rows": 2, "accuracy": [1.0]} in groups


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_the_bootstrap_is_seeded_ordered_and_antisymmetric(pairs: list[tuple[bool, bool]], seed: int) -> None:
    one, two = (np.asarray([pair[side] for pair in pairs]) for side in (0, 1))
    low, high = paired_bootstrap(one, two, seed=seed, resamples=200)
    assert paired_bootstrap(one, two, seed=seed, resamples=200) == (low, high)
    assert -1 <= low <= high <= 1
    assert paired_bootstrap(two, one, seed=seed, resamples=200) == pytest.approx((-high, -low), abs=1e-4)
    if (one == two).all():
        assert (low, high) == (0, 0)


def test_the_margin_narrows_with_rows_down_to_a_point() -> None:
    assert margin(100) == pytest.approx(0.05)
    assert margin(2_500) == margin(1_000_000) == 0.01
