"""The fast recipe for intents: the encoder stays as it is, a small head is trained on its vectors.

Knows how rows are held out and when names help; the head is training/head.py's.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np

from training.calibrate import HeldOut
from training.context import PartResult
from training.head import HeadRecipe
from training.intent_part import Fitted, fit_on, scored, together, write_part
from training.intent_rows import IntentJob, Rows, folds, names_as_rows, numbered

FOLDS = 4
ENOUGH = 1_500  # held-out rows that calibrate well enough: no further fold is scored
ONE_FOLD_FROM = 5_000  # rows from which one held-out part of a sixth does


@dataclass(frozen=True, slots=True)
class FastRecipe:
    """Every knob. An intent's name is one more example of it where intents have fewer than `names_below`."""

    head: HeadRecipe = field(default_factory=HeadRecipe)
    names_below: int = 20


def fit_fast(job: IntentJob, recipe: FastRecipe) -> PartResult:
    """Calibrates on held-out rows, then trains on all of them and writes the part. Raises TooLittleData."""
    fitting = _Fitting(job, recipe)
    held = fitting.held_out()
    fitted = fitting.fit(job.rows)
    knobs = {**asdict(recipe), "folds": fitting.folds}
    return write_part(job, fitted, job.rows, held, scale=recipe.head.scale, recipe=knobs)


def loss_of_fast(job: IntentJob, recipe: FastRecipe) -> float:
    """The mean cross-entropy on one held-out part, to choose knobs by. Raises TooLittleData."""
    return _Fitting(job, recipe).first_part().loss()


class _Fitting:
    """Fits the same head on several choices of rows and tells progress over all of them."""

    def __init__(self, job: IntentJob, recipe: FastRecipe) -> None:
        self._job, self._recipe, self._names = job, recipe, job.names
        few = len(job.rows.texts) < recipe.names_below * len(self._names)
        self._more = names_as_rows(self._names, job.encode) if few else None
        rows = len(job.rows.texts)
        parts = FOLDS if rows < ONE_FOLD_FROM else 6
        self.folds = min(FOLDS, -(-ENOUGH * FOLDS // rows)) if rows < ONE_FOLD_FROM else 1
        self._fold = folds(numbered(job.rows.labels, self._names), parts, job.seed)
        self._fits = 0

    def held_out(self) -> HeldOut:
        """Logits and distances of rows by heads that did not learn from them."""
        return together([self._part(number) for number in range(self.folds)])

    def first_part(self) -> HeldOut:
        """One held-out part alone."""
        return self._part(0)

    def fit(self, rows: Rows) -> Fitted:
        """The head of these rows."""
        fitted = fit_on(
            rows,
            self._names,
            more=self._more,
            recipe=self._recipe.head,
            seed=self._job.seed,
            device=self._job.device,
            progress=self._stage(),
        )
        self._fits += 1
        return fitted

    def _part(self, number: int) -> HeldOut:
        head = self.fit(self._job.rows.at(np.flatnonzero(self._fold != number))).head
        return scored(head, self._job.rows.at(np.flatnonzero(self._fold == number)), self._names)

    def _stage(self) -> Callable[[int, int], None]:
        before = self._fits
        return lambda done, total: self._job.progress(
            "train intents", before * total + done, (self.folds + 1) * total
        )
