"""Which intent a reading speaks for, or between which the customer is to choose.

Knows the reading and the project's thresholds; decides nothing (bot.dialogue.policy does). Pure.
"""

from __future__ import annotations

from bot.dialogue.domain import Thresholds
from bot.dialogue.names import FALLBACK_INTENT, OUT_OF_SCOPE_INTENTS
from bot.dialogue.reading import Reading

CHOICES = 3
PLAUSIBLE = 0.5  # from here an intent is worth asking about though the text lies far from what training saw


def resolve(reading: Reading, limits: Thresholds) -> tuple[str | None, tuple[str, ...]]:
    """The intent to act on, or None with the candidates to ask about.

    A project that sets Rasa's thresholds is read by them, but for texts unlike all that was taught, of which
    the likely are asked about; else the conformal prediction set decides: one is acted on, two or three are
    asked about, more are no understanding. Where the bundle promises how seldom what is acted on alone is
    wrong, one below that promise is asked about too.
    """
    if reading.intent is None:
        return None, ()
    if reading.intent in OUT_OF_SCOPE_INTENTS:
        return reading.intent, ()
    if reading.out_of_scope:
        plausible = reading.confidence >= PLAUSIBLE and not reading.of_knowledge
        return (None, (reading.selection or reading.intent,)) if plausible else (FALLBACK_INTENT, ())
    if limits.intent is not None:
        return _by_thresholds(reading, limits.intent, limits.ambiguity or 0.0)
    if len(reading.prediction_set) > CHOICES:
        return FALLBACK_INTENT, ()
    unsure = reading.sure is False and not reading.of_knowledge
    if len(reading.prediction_set) > 1 or (unsure and reading.prediction_set):
        return None, reading.prediction_set
    return reading.intent, ()


def _by_thresholds(
    reading: Reading, threshold: float, ambiguity: float
) -> tuple[str | None, tuple[str, ...]]:
    """As Rasa's FallbackClassifier decides (rasa/nlu/classifiers/fallback_classifier.py), but it asks where
    Rasa falls back on two near-equal intents."""
    if reading.confidence < threshold:
        return FALLBACK_INTENT, ()
    second = reading.verdicts[1] if len(reading.verdicts) > 1 else None
    if second and reading.confidence - second.probability < ambiguity:
        return None, (reading.verdicts[0].intent, second.intent)
    return reading.intent, ()
