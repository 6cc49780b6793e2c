"""The action that grades a loan request and gives the customer the reasons.

Knows the slots of loan_form and the words; the model is only asked. It never decides anything.
"""

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.models import ModelShelf
from actions.wording import REASONS, RISK, language_of, show
from nlu.tabular import Assessment, Contribution, TabularModel

LEAST = 0.05  # a contribution below this is no reason
MOST = 3  # reasons given
HAND_OVER = "action_hand_over"


class ActionAssessRisk(Action):
    """Slots of loan_form to risk_grade and risk_reasons; without a model, or figures, to a person."""

    def __init__(self, shelf: ModelShelf | None = None) -> None:
        self._shelf = shelf or ModelShelf.from_environment()

    def name(self) -> str:
        return "action_assess_risk"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        language = language_of(tracker.slots)
        texts, model = RISK[language], (await self._shelf.current()).risk
        row = None if model is None else read_row(model, tracker.slots)
        if model is None or row is None:
            dispatcher.utter_message(text=texts["unavailable"])
            return [SlotSet("risk_grade", None), SlotSet("risk_reasons", None), FollowupAction(HAND_OVER)]
        found = model.assess(row)
        reasons = reasons_of(found, model.labels, language)
        lines = [texts[found.label], texts["reasons"], *(f"- {reason}" for reason in reasons)]
        lines += [texts["outside"]] if found.outside else []
        dispatcher.utter_message(text="\n".join([*lines, texts["person"]]))
        return [SlotSet("risk_grade", found.label), SlotSet("risk_reasons", reasons)]


def read_row(model: TabularModel, slots: Mapping[str, Any]) -> dict[str, float] | None:
    """The model's columns from the slots; None when one of them is missing or no number."""
    row: dict[str, float] = {}
    for column in model.columns:
        value = slots.get(column)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        row[column] = float(value)
    return row


def reasons_of(found: Assessment, labels: tuple[str, ...], language: str) -> list[str]:
    """Two or three reasons, largest first: those for the grade, or where there are too few, those against it.

    A middle grade is explained by whatever weighed most, in either direction.
    """
    towards = {labels[0]: -1.0, labels[-1]: 1.0}.get(found.label, 0.0)
    ordered = sorted(found.contributions, key=lambda c: (c.amount * towards < 0, -abs(c.amount)))
    fitting = [c for c in ordered if abs(c.amount) >= LEAST and c.amount * towards >= 0]
    return [_reason(c, language) for c in (fitting if len(fitting) >= 2 else ordered[:2])[:MOST]]


def _reason(contribution: Contribution, language: str) -> str:
    raised, lowered = REASONS[contribution.feature][language]
    value = show(contribution.feature, contribution.value)
    return (raised if contribution.amount > 0 else lowered).format(value=value)
