"""The served head: probabilities add up, strays stand out, bad files are named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from nlu.classifier import NO_GUARANTEE, IntentClassifier
from nlu.errors import PartUnreadable
from nlu.ngrams import Wide, counted, no_wide

DIM, WIDTH, HIDDEN = 4, 3, 5
SETTINGS: dict[str, Any] = {
    "format": 3, "labels": ["faq", "greet", "oos"], "oos_labels": ["oos"],
    "scale": 2.0, "temperature": 0.5, "alpha": 0.05, "quantile": 0.9, "class_quantiles": {},
    "guarantee": "promised",
    "alone": {"wrong_at_most": 0.02, "threshold": 0.6, "coverage": 0.5, "wrong": 1, "rows": 400},
    "oos": {
        "energy_mean": -1.0, "energy_std": 1.0, "distance_mean": 0.1, "distance_std": 0.1, "threshold": 1e6,
    },
}  # fmt: skip


def part(folder: Path, *, wide: tuple[Any, ...] = (), **changes: Any) -> Path:
    chance = np.random.default_rng(0)
    shapes = {
        "ngrams": (16, WIDTH),
        "w1": (DIM + WIDTH, HIDDEN),
        "b1": (HIDDEN,),
        "w2": (HIDDEN, 3),
        "b2": (3,),
        "linear": (DIM, 3),
    }
    tensors = {name: chance.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    tensors["reference"] = np.eye(DIM, dtype=np.float16)
    known = Wide(*map(np.asarray, wide)) if wide else no_wide(3)
    tensors |= {f"wide.{name}": values for name, values in known.tensors().items()}
    save_file(tensors, folder / "head.safetensors")
    (folder / "intents.json").write_text(json.dumps(SETTINGS | changes))
    return folder


def vectors(rows: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    raw = np.random.default_rng(1).normal(size=(rows, DIM)).astype(np.float32)
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), dtype=np.float32)


def test_predictions_are_sorted_distributions(tmp_path: Path) -> None:
    found = IntentClassifier.load(part(tmp_path)).predict(vectors(3), ["hello", "你好", ""])
    for prediction in found:
        values = [p for _, p in prediction.verdicts]
        assert values == sorted(values, reverse=True)
        assert sum(values) == pytest.approx(1.0, abs=1e-5)
        assert {name for name, _ in prediction.verdicts} == {"faq", "greet", "oos"}
        assert prediction.prediction_set[0] == prediction.verdicts[0][0]
        assert prediction.guaranteed


@pytest.mark.parametrize(("neighbour", "far"), [(None, 0.0), (1, 0.0), (2, 0.2), (4, 1.0), (9, 1.0)])
def test_distance_is_to_the_neighbour_that_training_chose(
    tmp_path: Path, neighbour: int | None, far: float
) -> None:
    """A bundle of before says nothing, and means the nearest."""
    changes: dict[str, Any] = {} if neighbour is None else {"neighbour": neighbour}
    part(tmp_path, **changes)
    tensors = load_file(tmp_path / "head.safetensors")
    near = np.asarray([[1, 0, 0, 0], [0.8, 0.6, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=np.float16)
    save_file(tensors | {"reference": near}, tmp_path / "head.safetensors")
    classifier = IntentClassifier.load(tmp_path)
    _, distance = classifier.strangeness(np.asarray([[1, 0, 0, 0]], dtype=np.float32), ["hello"])
    assert distance[0] == pytest.approx(far, abs=1e-3)


def test_a_row_is_read_alike_alone_and_among_others(tmp_path: Path) -> None:
    classifier, many = IntentClassifier.load(part(tmp_path)), vectors(5)
    texts = ["a", "bb", "ccc", "第四", "5"]
    together = classifier.predict(many, texts)
    for row in range(5):
        alone = classifier.predict(many[row : row + 1], texts[row : row + 1])[0]
        assert alone.verdicts[0][0] == together[row].verdicts[0][0]
        assert alone.oos_score == pytest.approx(together[row].oos_score, abs=1e-4)
    assert classifier.predict(many[:0], []) == []


def test_words_matter_where_the_vector_is_the_same(tmp_path: Path) -> None:
    same = np.repeat(vectors(1), 2, axis=0)
    one, two = IntentClassifier.load(part(tmp_path)).predict(same, ["卡丢了", "你好"])
    assert one.verdicts != two.verdicts


def test_a_known_word_speaks_for_its_label_and_unknown_ones_do_not(tmp_path: Path) -> None:
    word = min(counted("orzo"))
    speaks = (np.asarray([word]), np.ones(1, np.float32), np.asarray([[0, 9, 0]], np.float16))
    same = np.repeat(vectors(1), 2, axis=0)
    plain = IntentClassifier.load(part(tmp_path)).predict(same, ["orzo", "basil"])
    found = IntentClassifier.load(part(tmp_path, wide=speaks)).predict(same, ["orzo", "basil"])
    assert dict(found[0].verdicts)["greet"] > dict(plain[0].verdicts)["greet"]
    assert found[1] == plain[1]


def test_the_threshold_and_the_class_both_refuse(tmp_path: Path) -> None:
    lenient = IntentClassifier.load(part(tmp_path)).predict(vectors(8), ["x"] * 8)
    assert [p.out_of_scope for p in lenient] == [p.verdicts[0][0] == "oos" for p in lenient]
    strict = part(tmp_path, oos=SETTINGS["oos"] | {"threshold": -100.0})
    assert all(p.out_of_scope for p in IntentClassifier.load(strict).predict(vectors(8), ["x"] * 8))


def test_without_enough_rows_there_is_no_guarantee(tmp_path: Path) -> None:
    classifier = IntentClassifier.load(part(tmp_path, guarantee=NO_GUARANTEE))
    assert not classifier.guaranteed
    assert not classifier.predict(vectors(1), ["x"])[0].guaranteed


@pytest.mark.parametrize("changes", [{"format": 1}, {"labels": None}, {"oos": {}}])
def test_settings_of_another_shape_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(PartUnreadable):
        IntentClassifier.load(part(tmp_path, **changes))


def test_missing_and_broken_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PartUnreadable):
        IntentClassifier.load(tmp_path)
    (part(tmp_path) / "head.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(PartUnreadable):
        IntentClassifier.load(tmp_path)


def test_only_what_lies_above_the_promise_is_sure(tmp_path: Path) -> None:
    found = IntentClassifier.load(part(tmp_path)).predict(vectors(40), ["x"] * 40)
    assert {p.sure for p in found} == {True, False}
    assert all(p.sure == (p.verdicts[0][1] >= 0.6 and not p.out_of_scope) for p in found)
    none = SETTINGS["alone"] | {"threshold": None}
    assert not any(
        p.sure for p in IntentClassifier.load(part(tmp_path, alone=none)).predict(vectors(9), ["x"] * 9)
    )
