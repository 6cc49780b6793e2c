"""Retrieval intents: of `faq/ask_hours` the conversation acts on `faq`, and the whole name chooses the
answer.

Knows the names (rasa.shared.nlu.constants, RESPONSE_IDENTIFIER_DELIMITER) and sums their probabilities; where
the models are asked is bot/reader.py's. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.dialogue.reading import Reading, Verdict

DELIMITER = "/"


def base_of(intent: str) -> str:
    """`faq` of `faq/ask_hours`; any other intent is its own."""
    return intent.split(DELIMITER, 1)[0]


def is_selection(intent: str) -> bool:
    """Whether this is one of a retrieval intent's parts."""
    return DELIMITER in intent


def gathered(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts on what to act on, falling: a retrieval intent is as likely as its parts together."""
    sums: dict[str, float] = {}
    for verdict in verdicts:
        base = base_of(verdict.intent)
        sums[base] = sums.get(base, 0.0) + verdict.probability
    found = [Verdict(intent, min(1.0, probability)) for intent, probability in sums.items()]
    return tuple(sorted(found, key=lambda verdict: -verdict.probability))


def selected(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts on the parts of retrieval intents, as they fall."""
    return tuple(verdict for verdict in verdicts if is_selection(verdict.intent))


def response_of(action: str, reading: Reading, responses: Collection[str]) -> str:
    """The response that `utter_faq` stands for: that of the part of `faq` which the message asks for. Any
    other action is its own.
    """
    selection = reading.selection_of(action.removeprefix("utter_"))
    return f"utter_{selection}" if selection and action not in responses else action
