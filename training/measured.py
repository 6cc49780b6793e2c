"""What a served classifier said of the rows it was tested on, as arrays that figures and charts are made of.

Knows texts, labels and predictions; not how the classifier was made, nor what is shown of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlu.classifier import IntentPrediction
from training.intent_rows import OOS_LABELS


@dataclass(frozen=True, slots=True)
class Measured:
    """Equally many texts, labels and predictions, and what follows of each row; n rows, m of them inside.

    `guesses` are the likeliest intents: refusal is measured apart from telling intents apart.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    found: tuple[IntentPrediction, ...]
    guesses: tuple[str, ...]
    inside: NDArray[np.bool_]  # [n], False for rows that are out of scope
    right: NDArray[np.bool_]  # [n], whether the guess is the label
    confidence: NDArray[np.float64]  # [n], of the guess
    refused: NDArray[np.bool_]  # [n]
    strangeness: NDArray[np.float64]  # [n], the out-of-scope score

    @property
    def ours(self) -> list[int]:
        """The places of the rows in scope."""
        return [int(place) for place in np.flatnonzero(self.inside)]


def measured(texts: Sequence[str], labels: Sequence[str], found: Sequence[IntentPrediction]) -> Measured:
    """All of it from the predictions of the texts."""
    best = [_best_intent(prediction) for prediction in found]
    guesses = tuple(name for name, _ in best)
    return Measured(
        texts=tuple(texts),
        labels=tuple(labels),
        found=tuple(found),
        guesses=guesses,
        inside=np.asarray([label not in OOS_LABELS for label in labels]),
        right=np.asarray([guess == label for guess, label in zip(guesses, labels, strict=True)]),
        confidence=np.asarray([probability for _, probability in best]),
        refused=np.asarray([prediction.out_of_scope for prediction in found]),
        strangeness=np.asarray([prediction.oos_score for prediction in found]),
    )


def _best_intent(prediction: IntentPrediction) -> tuple[str, float]:
    likeliest = prediction.verdicts[0]
    return next((verdict for verdict in prediction.verdicts if verdict[0] not in OOS_LABELS), likeliest)
