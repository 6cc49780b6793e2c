"""The fast recipe for intents: the encoder stays as it is, a small head is trained on its vectors.

Knows rows of text, vector and label; not how the encoder is made. Calibrates on rows held out of training.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from nlu.classifier import FORMAT, HEAD, SETTINGS, Head, gather
from training.calibrate import HeldOut, calibrate
from training.context import PartResult, TrainContext
from training.corpus import Corpus
from training.errors import TooLittleData
from training.head import HeadRecipe, fit_head

FAQ = "faq"
OOS_LABELS = frozenset({"out_of_scope", "oos"})
FOLDS = 4
ONE_FOLD_FROM = 5_000  # rows from which one held-out part of a sixth calibrates well enough
LEAST_ROWS = 8

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows of the intent part: equally many texts, targets and vectors [n, dim]."""

    texts: tuple[str, ...]
    targets: tuple["Target", ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What a row teaches: an intent, or the label `faq` together with the answer that is asked for."""

    label: str
    answer: str = ""


def targeted_texts(corpus: Corpus) -> dict[str, Target]:
    """Every example with its intent and every question variant of an answer as `faq`, each text once.

    Each answer is an output of its own, and all of them count as one label: a single class of a hundred
    subjects is learned worse (held-out accuracy 77.8 against 80.4 % on the insurer). Empty when the corpus
    has no intents: a bot of answers alone needs no classifier.
    """
    rows = {example.text: Target(example.intent) for example in corpus.examples}
    if rows:
        for answer in corpus.answers:
            for questions in answer.questions.values():
                for question in questions:
                    rows.setdefault(question, Target(FAQ, answer.id))
    return rows


def train_intents(context: TrainContext) -> PartResult | None:
    """The `intents` part: head.safetensors and intents.json. None without labelled examples."""
    rows = targeted_texts(context.corpus)
    if not rows:
        return None
    texts, targets = tuple(rows), tuple(rows.values())
    vectors = encode_in_steps(context.encode, texts, lambda d, t: context.progress("encode intents", d, t))
    return fit_intents(
        Rows(texts, targets, vectors),
        context.out,
        recipe=HeadRecipe(),
        alpha=context.corpus.alpha,
        seed=context.seed,
        device=context.device,
        progress=lambda done, total: context.progress("train intents", done, total),
    )


def encode_in_steps(
    encode: Callable[[Sequence[str]], Vectors],
    texts: Sequence[str],
    progress: Callable[[int, int], None],
    *,
    step: int = 500,
) -> Vectors:
    """encode() a few hundred texts at a time, so that progress can be told."""
    parts = []
    for start in range(0, len(texts), step):
        parts.append(encode(texts[start : start + step]))
        progress(min(start + step, len(texts)), len(texts))
    return np.concatenate(parts)


def fit_intents(
    rows: Rows,
    out: Path,
    *,
    recipe: HeadRecipe,
    alpha: float,
    seed: int,
    device: str,
    progress: Callable[[int, int], None],
) -> PartResult:
    """Calibrates on held-out rows, then trains on all of them and writes the part. Raises TooLittleData."""
    classes = Classes.of(rows)
    fitting = _Fitting(rows, classes, recipe, seed, device, progress)
    held = fitting.held_out()
    head = fitting.fit(np.arange(len(rows.texts)))
    write_intents(head, classes, {"scale": recipe.scale, **calibrate(held, alpha=alpha)}, out)
    accuracy = float((held.logits.argmax(axis=1) == held.labels).mean())
    return PartResult(
        recipe={"head": recipe.to_json(), "folds": fitting.folds, "seed": seed},
        metrics={
            "rows": len(rows.texts),
            "intents": len(classes.labels),
            "held_out_accuracy": round(accuracy, 4),
        },
    )


@dataclass(frozen=True, slots=True)
class Classes:
    """The numbering: labels in order, the label of each output, and both numbers of each row."""

    labels: tuple[str, ...]
    label_of: Numbers  # [outputs]
    outputs: Numbers  # [rows]
    in_scope: NDArray[np.bool_]  # [rows], False for rows of an out-of-scope class

    @classmethod
    def of(cls, rows: Rows) -> "Classes":
        """Numbers the targets of the rows. Raises TooLittleData when nothing can be told apart."""
        labels = tuple(sorted({target.label for target in rows.targets}))
        if len(labels) < 2 or len(rows.texts) < LEAST_ROWS or OOS_LABELS.issuperset(labels):
            raise TooLittleData(
                f"Intents need at least two names and {LEAST_ROWS} examples; "
                f"there are {len(labels)} and {len(rows.texts)}. Add examples to data/nlu.yml."
            )
        known = sorted(set(rows.targets))
        number = {target: i for i, target in enumerate(known)}
        return cls(
            labels=labels,
            label_of=np.asarray([labels.index(target.label) for target in known], dtype=np.int64),
            outputs=np.asarray([number[target] for target in rows.targets], dtype=np.int64),
            in_scope=np.asarray([target.label not in OOS_LABELS for target in rows.targets]),
        )

    def hold_out(self, head: Head, vectors: Vectors, texts: Sequence[str], chosen: Numbers) -> HeldOut:
        """What a head says of chosen rows, whose vectors and texts are given."""
        return HeldOut(
            logits=gather(head.logits(vectors, texts), self.label_of),
            distance=head.distance(vectors),
            labels=self.label_of[self.outputs[chosen]],
            in_scope=self.in_scope[chosen],
        )


def write_intents(head: Head, classes: Classes, settings: Mapping[str, Any], out: Path) -> None:
    """Writes head.safetensors and intents.json; the wide tables in half precision, at no cost in accuracy."""
    half = {"ngrams": head.ngrams, "reference": head.reference}
    full = {"w1": head.w1, "b1": head.b1, "w2": head.w2, "b2": head.b2}
    save_file({**{k: v.astype(np.float16) for k, v in half.items()}, **full}, out / HEAD)
    whole = {
        "format": FORMAT,
        "labels": classes.labels,
        "label_of_output": classes.label_of.tolist(),
        "oos_labels": sorted(OOS_LABELS & set(classes.labels)),
        **settings,
    }
    (out / SETTINGS).write_text(
        json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


class _Fitting:
    """Fits the same head on several choices of rows and tells progress over all of them."""

    def __init__(
        self,
        rows: Rows,
        classes: Classes,
        recipe: HeadRecipe,
        seed: int,
        device: str,
        progress: Callable[[int, int], None],
    ) -> None:
        self._rows, self._recipe, self._seed, self._device = rows, recipe, seed, device
        self._classes, self._progress, self._fits = classes, progress, 0
        self.folds = FOLDS if len(rows.texts) < ONE_FOLD_FROM else 1

    def held_out(self) -> HeldOut:
        """Logits and distances of rows by heads that did not learn from them."""
        parts = 6 if self.folds == 1 else self.folds
        fold = folds(self._classes.outputs, parts, self._seed)
        held = [self._hold_out(fold == i) for i in range(self.folds)]
        return HeldOut(
            logits=np.concatenate([h.logits for h in held]),
            distance=np.concatenate([h.distance for h in held]),
            labels=np.concatenate([h.labels for h in held]),
            in_scope=np.concatenate([h.in_scope for h in held]),
        )

    def fit(self, chosen: Numbers) -> Head:
        """A head trained on the chosen rows, all of them or all but a fold."""
        texts = [self._rows.texts[i] for i in chosen]
        head = fit_head(
            self._rows.vectors[chosen],
            texts,
            self._classes.outputs[chosen],
            count=len(self._classes.label_of),
            recipe=self._recipe,
            seed=self._seed,
            device=self._device,
            progress=lambda done, total: self._progress(self._fits * total + done, (self.folds + 1) * total),
        )
        self._fits += 1
        seen = chosen[self._classes.in_scope[chosen]]
        # Distance to in-scope texts only: being near a known stray makes no message one of ours.
        return replace(head, reference=_sample(self._rows.vectors[seen], self._recipe, self._seed))

    def _hold_out(self, mask: NDArray[np.bool_]) -> HeldOut:
        chosen, out = np.flatnonzero(~mask), np.flatnonzero(mask)
        head = self.fit(chosen)
        texts = [self._rows.texts[i] for i in out]
        return self._classes.hold_out(head, self._rows.vectors[out], texts, out)


def _sample(vectors: Vectors, recipe: HeadRecipe, seed: int) -> Vectors:
    if len(vectors) <= recipe.reference_rows:
        return vectors
    chance = np.random.default_rng(seed)
    return vectors[np.sort(chance.choice(len(vectors), recipe.reference_rows, replace=False))]


def folds(labels: Numbers, parts: int, seed: int) -> Numbers:
    """A fold number a row, each class spread evenly over the folds."""
    chance = np.random.default_rng(seed)
    fold = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = chance.permutation(np.flatnonzero(labels == label))
        fold[rows] = (np.arange(len(rows)) + chance.integers(parts)) % parts
    return fold
