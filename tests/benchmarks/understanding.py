"""Understanding on public sets: each by its recipes, three seeds, beside the peers.

Knows the sets and what is to be run. It is hours of work on two cores, so each run is kept as soon as it is
done, and only what is missing is run. FRONTDESK_SETFIT names the python of an environment with SetFit, which
is measured where it is named.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks import peers
from tests.benchmarks.quality import frontdesk

SEEDS = (1, 2, 3)
# Options of the few-shot recipe, each alone against it as it is, on development rows and one seed.
OPTIONS = (
    "", "tune.adversary=0", "names=false", "tune.average=0.25", "tune.layer_decay=0.9", "augment.typos=0.1",
    "tune.prototypes=1", "tune.prototypes=1 tune.watch=0.2", "beside_shared=true",
)  # fmt: skip
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement by its name, and how it is made."""

    name: str
    make: Callable[[], Figures]


@dataclass(frozen=True, slots=True)
class Set:
    """A labelled set: where its rows are, and the recipes it is measured by."""

    name: str
    train: Path
    test: Path
    recipes: Sequence[str]
    oos_train: Path | None = None
    oos_test: Path | None = None

    def arguments(self) -> list[str]:
        found = ["--train", str(self.train), "--test", str(self.test)]
        for flag, path in (("--oos-train", self.oos_train), ("--oos-test", self.oos_test)):
            found += [flag, str(path)] if path else []
        return found


def runs(data: Path, scratch: Path) -> Iterator[Run]:
    """Everything there is to measure, the quick first."""
    for each in sets(data, scratch):
        peer = partial(peers.frozen_lr, each.train, each.test)
        yield Run(f"{each.name}/frozen + logistic regression", peer)
        if "5-shot" in each.name and (python := os.environ.get("FRONTDESK_SETFIT")):
            yield Run(f"{each.name}/SetFit", partial(peers.setfit, python, each.train, each.test))
        for recipe in each.recipes:
            for seed in SEEDS:
                yield Run(f"{each.name}/{recipe}/{seed}", partial(_ours, each, recipe, seed))
    yield from _options(data)
    chinese = scratch / "zh_tele_antifraud"
    peer = partial(peers.tfidf_svm, chinese / "train.csv", chinese / "test.csv")
    yield Run("zh_tele_antifraud/TF-IDF + SVM", peer)
    acts = scratch / "crosswoz"
    peer = partial(peers.one_vs_rest, acts / "train.csv", acts / "test.csv")
    yield Run("crosswoz/TF-IDF + SVM", peer)


def _options(data: Path) -> Iterator[Run]:
    few = data / "banking77" / "fewshot"
    each = Set("banking77 5-shot, development rows", few / "train_5shot.csv", few / "valid.csv", ())
    for option in OPTIONS:
        settings = ["enough=1", *option.split()]  # accuracy alone is asked: one held-out part will do
        name = f"{each.name}/few-shot{' with ' if option else ''}{option}/1"
        yield Run(name, partial(_ours, each, "few-shot", 1, settings))


def sets(data: Path, scratch: Path) -> Iterator[Set]:
    """The labelled sets, converted to text,label where they come otherwise."""
    for name in ("hwu64", "banking77", "clinc150"):
        folder = data / name
        strays = folder / "oos_test.csv" if name == "clinc150" else None
        for shots in (5, 10):
            few = folder / "fewshot" / f"train_{shots}shot.csv"
            test = _relabelled(few, folder / "test.csv", scratch / f"{name}_{shots}")
            yield Set(f"{name} {shots}-shot", few, test, ("fast", "few-shot"))
        yield Set(name, folder / "train.csv", folder / "test.csv", ("fast", "accurate"), None, strays)
    clinc = data / "clinc150"
    yield Set(
        "clinc150 with 100 strays", clinc / "train.csv", clinc / "test.csv", ("fast", "accurate"),
        clinc / "oos_train.csv", clinc / "oos_test.csv",
    )  # fmt: skip
    for domain in ("banking", "credit_cards"):
        own = clinc / "single_domain_oos" / domain
        yield Set(
            f"clinc150 {domain}, strays of the domain", own / "inscope_train.csv", own / "inscope_test.csv",
            ("fast", "few-shot"), None, own / "id_oos_test.csv",
        )  # fmt: skip
    oos = data / "banking77" / "oos"
    yield Set(
        "banking77, 50 of 77 intents", oos / "inscope_train.csv", oos / "inscope_test.csv",
        ("fast", "accurate"), None, oos / "id_oos_test.csv",
    )  # fmt: skip
    yield Set(
        "banking77, 50 of 77 intents, with strays", oos / "inscope_train.csv", oos / "inscope_test.csv",
        ("fast", "accurate"), oos / "id_oos_train.csv", oos / "id_oos_test.csv",
    )  # fmt: skip
    tele = scratch / "zh_tele_antifraud"
    for part in ("train", "test"):
        _first_turns(data / "zh_tele_antifraud" / f"{part}.jsonl", tele / f"{part}.csv")
    yield Set("zh_tele_antifraud", tele / "train.csv", tele / "test.csv", ("fast", "accurate"))
    acts = scratch / "crosswoz"
    for part, source in (("train", "user_turns_train_from_val"), ("test", "user_turns_test")):
        _joined(data / "crosswoz" / f"{source}.jsonl", acts / f"{part}.csv")
    yield Set("crosswoz", acts / "train.csv", acts / "test.csv", ("fast",))
    xsid = scratch / "xsid"
    for part in ("en_valid", "en_test", "zh_test"):
        _labelled(data / "xsid_en_zh" / f"{part}.jsonl", xsid / f"{part}.csv")
    for language in ("en", "zh"):
        yield Set(
            f"xsid, English rows to {language}",
            xsid / "en_valid.csv",
            xsid / f"{language}_test.csv",
            ("fast",),
        )


def measure(data: Path, before: Figures, keep: Callable[[Figures], None], *, only: str = "") -> Figures:
    """All runs that are not there yet, kept one by one."""
    found: Figures = dict(before.get("runs", {}))
    with tempfile.TemporaryDirectory() as scratch:
        for run in runs(data, Path(scratch)):
            if run.name not in found and run.name.startswith(only):
                found[run.name] = run.make()
                keep({"runs": {run.name: found[run.name]}})
    return {"runs": found}


def _ours(each: Set, recipe: str, seed: int, settings: Sequence[str] = ()) -> Figures:
    turned = [word for setting in settings for word in ("--set", setting)]
    options = ["--recipe", recipe, "--seed", str(seed), *turned]
    found = frontdesk(["evaluate", "intents", *options, *each.arguments()])
    return {key: value for key, value in found.items() if key not in ("contradictions", "knobs")}


def _relabelled(train: Path, test: Path, target: Path) -> Path:
    """The test rows with the labels as the training file writes them: some differ in case alone."""
    written = {row["label"].casefold(): row["label"] for row in _rows(train)}
    rows = [(row["text"], written.get(row["label"].casefold(), row["label"])) for row in _rows(test)]
    return _write(target / "test.csv", rows)


def _first_turns(source: Path, target: Path) -> None:
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    _write(target, [(row["turns"][0]["text"], row["type"]) for row in rows])


def _labelled(source: Path, target: Path) -> None:
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    _write(target, [(row["text"], row["label"]) for row in rows])


def _joined(source: Path, target: Path) -> None:
    """The acts of a turn as one label, `a+b`; turns without any are left out."""
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    _write(target, [(row["text"], "+".join(row["intents"])) for row in rows if row["intents"]])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(rows)
    return path
