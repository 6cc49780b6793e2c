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

from nlu.classifier import FORMAT, HEAD, SETTINGS, Head
from nlu.explain import write_examples
from training.calibrate import HeldOut, calibrate
from training.context import PartResult, TrainContext
from training.corpus import Corpus
from training.errors import TooLittleData
from training.head import HeadRecipe, fit_head
from training.promise import Promises

FAQ = "faq"
OOS_LABELS = frozenset({"out_of_scope", "oos"})
FOLDS = 4
ONE_FOLD_FROM = 5_000  # rows from which one held-out part of a sixth calibrates well enough
LEAST_ROWS = 8

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows of the intent part: equally many texts, labels and vectors [n, dim]."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: Vectors


def labelled_texts(corpus: Corpus) -> tuple[tuple[str, str], ...]:
    """(text, label) of every example; question variants of answers become the class `faq`, each text once.

    Empty when the corpus has no intents: a bot of answers alone needs no classifier.
    """
    rows = {example.text: example.intent for example in corpus.examples}
    if rows:
        for answer in corpus.answers:
            for questions in answer.questions.values():
                for question in questions:
                    rows.setdefault(question, FAQ)
    return tuple(rows.items())


def train_intents(context: TrainContext) -> PartResult | None:
    """The `intents` part: head.safetensors and intents.json. None without labelled examples."""
    rows = labelled_texts(context.corpus)
    if not rows:
        return None
    texts, labels = tuple(text for text, _ in rows), tuple(label for _, label in rows)
    vectors = encode_in_steps(context.encode, texts, lambda d, t: context.progress("encode intents", d, t))
    return fit_intents(
        Rows(texts, labels, vectors),
        context.out,
        recipe=HeadRecipe(),
        promises=context.corpus.promises,
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
    promises: Promises,
    seed: int,
    device: str,
    progress: Callable[[int, int], None],
) -> PartResult:
    """Calibrates on held-out rows, then trains on all of them and writes the part. Raises TooLittleData."""
    names = check_enough(rows)
    fitting = _Fitting(rows, names, recipe, seed, device, progress)
    held = fitting.held_out()
    head = fitting.fit(np.arange(len(rows.texts)))
    settings = {
        "format": FORMAT,
        "labels": names,
        "oos_labels": sorted(OOS_LABELS & set(names)),
        "scale": recipe.scale,
        **calibrate(held, promises, acts=acting(names)),
    }
    write_intents(head, settings, out)
    write_examples(out, [(rows.texts[i], rows.labels[i]) for i in fitting.kept])
    accuracy = float((held.logits.argmax(axis=1) == held.labels).mean())
    return PartResult(
        recipe={"head": recipe.to_json(), "folds": fitting.folds, "seed": seed},
        metrics={
            "rows": len(rows.texts),
            "intents": len(names),
            "held_out_accuracy": round(accuracy, 4),
            "acted_on_alone": told(settings["alone"]),
        },
    )


def acting(names: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the classes a rule can act on, [labels]."""
    return np.asarray([name not in OOS_LABELS and name != FAQ for name in names])


def told(alone: Mapping[str, Any]) -> dict[str, Any]:
    """The promise of the messages acted on alone, as `models show` prints it."""
    if alone["threshold"] is None:
        return {"promise": f"no guarantee: {alone['rows']} held-out rows do not show it"}
    return {
        "promise": f"at most {alone['wrong_at_most']:.1%} misread, with 95 % confidence",
        "threshold": round(alone["threshold"], 4),
        "coverage": alone["coverage"],
        "held_out_misread": f"{alone['wrong']} of {round(alone['coverage'] * alone['rows'])}",
    }


def check_enough(rows: Rows) -> list[str]:
    """The intents in order. Raises TooLittleData when nothing can be told apart or calibrated."""
    names = sorted(set(rows.labels))
    if len(names) < 2 or len(rows.texts) < LEAST_ROWS:
        raise TooLittleData(
            f"Intents need at least two names and {LEAST_ROWS} examples; "
            f"there are {len(names)} and {len(rows.texts)}. Add examples (in a project: data/nlu.yml)."
        )
    return names


def write_intents(head: Head, settings: dict[str, Any], out: Path) -> None:
    """Writes head.safetensors and intents.json; the wide tables in half precision, at no cost in accuracy."""
    half = {"ngrams": head.ngrams, "reference": head.reference}
    full = {"w1": head.w1, "b1": head.b1, "w2": head.w2, "b2": head.b2, "linear": head.linear}
    save_file({**{k: v.astype(np.float16) for k, v in half.items()}, **full}, out / HEAD)
    (out / SETTINGS).write_text(
        json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


class _Fitting:
    """Fits the same head on several choices of rows and tells progress over all of them."""

    def __init__(
        self,
        rows: Rows,
        names: Sequence[str],
        recipe: HeadRecipe,
        seed: int,
        device: str,
        progress: Callable[[int, int], None],
    ) -> None:
        number = {name: i for i, name in enumerate(names)}
        self._rows, self._recipe, self._seed, self._device = rows, recipe, seed, device
        self._labels = np.asarray([number[label] for label in rows.labels], dtype=np.int64)
        self._in_scope = np.asarray([label not in OOS_LABELS for label in rows.labels])
        self._classes, self._progress, self._fits = len(names), progress, 0
        self.kept = np.arange(0)  # the rows whose vectors the latest head keeps
        self.folds = FOLDS if len(rows.texts) < ONE_FOLD_FROM else 1

    def held_out(self) -> HeldOut:
        """Logits and distances of rows by heads that did not learn from them."""
        parts = 6 if self.folds == 1 else self.folds
        fold = folds(self._labels, parts, self._seed)
        held = [self._hold_out(fold == i) for i in range(self.folds)]
        return HeldOut(
            logits=np.concatenate([h.logits for h in held]),
            distance=np.concatenate([h.distance for h in held]),
            labels=np.concatenate([h.labels for h in held]),
            in_scope=np.concatenate([h.in_scope for h in held]),
        )

    def fit(self, chosen: NDArray[np.int64]) -> Head:
        texts = [self._rows.texts[i] for i in chosen]
        head = fit_head(
            self._rows.vectors[chosen],
            texts,
            self._labels[chosen],
            classes=self._classes,
            recipe=self._recipe,
            seed=self._seed,
            device=self._device,
            progress=lambda done, total: self._progress(self._fits * total + done, (self.folds + 1) * total),
        )
        self._fits += 1
        seen = chosen[self._in_scope[chosen]]
        # Distance to in-scope texts only: being near a known stray makes no message one of ours.
        self.kept = seen[_sample(len(seen), self._recipe.reference_rows, self._seed)]
        return replace(head, reference=self._rows.vectors[self.kept])

    def _hold_out(self, mask: NDArray[np.bool_]) -> HeldOut:
        chosen, out = np.flatnonzero(~mask), np.flatnonzero(mask)
        head = self.fit(chosen)
        texts = [self._rows.texts[i] for i in out]
        return HeldOut(
            logits=head.logits(self._rows.vectors[out], texts),
            distance=head.distance(self._rows.vectors[out]),
            labels=self._labels[out],
            in_scope=self._in_scope[out],
        )


def _sample(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """The places of at most so many of the rows, drawn by the seed, ascending."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def folds(labels: NDArray[np.int64], parts: int, seed: int) -> NDArray[np.int64]:
    """A fold number a row, each class spread evenly over the folds."""
    chance = np.random.default_rng(seed)
    fold = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = chance.permutation(np.flatnonzero(labels == label))
        fold[rows] = (np.arange(len(rows)) + chance.integers(parts)) % parts
    return fold
