"""The actions that check what a customer answers to a form or flow, and put it into the shape that the bot
works with.

Knows which slot is read how, and within which bounds; spellings are in answers.py. The questions and refusals
themselves live in the bot's domain, as utter_ask_<slot> and utter_invalid_<slot>.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import Tracker
from rasa_sdk.types import DomainDict

from actions.answers import (
    read_address,
    read_claim_type,
    read_days,
    read_near_day,
    read_past_day,
    read_policy_number,
    read_severity,
    read_sum,
    read_symptoms,
    read_times,
    read_years,
)

Reader = Callable[[object], str | float | None]
"""An answer, as a text or already a value, to the slot's value; None when it is not to be used."""

Check = Callable[
    [FormValidationAction, Any, CollectingDispatcher, Tracker, DomainDict], Awaitable[dict[str, Any]]
]


def checking(slot: str, read: Reader) -> Check:
    """The `validate_<slot>` method of a form: keeps what `read` makes of the answer, or refuses it kindly."""

    async def check(
        form: FormValidationAction,
        value: Any,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> dict[str, Any]:
        if value is None:
            return {slot: None}
        found = await asyncio.to_thread(read, value)  # the first English date loads dateparser's tables
        if found is None:
            dispatcher.utter_message(response=f"utter_invalid_{slot}")
        return {slot: found}

    return check


class ValidateClaimForm(FormValidationAction):
    """Kind of claim, day, amount and policy of a claim."""

    def name(self) -> str:
        return "validate_claim_form"

    validate_claim_type = checking("claim_type", read_claim_type)
    validate_incident_date = checking("incident_date", read_past_day)
    validate_claim_amount = checking("claim_amount", partial(read_sum, least=0.01, most=1e7))
    validate_policy_number = checking("policy_number", read_policy_number)


class ValidateLoanForm(FormValidationAction):
    """The six figures of a loan request; money in whole currency units, time in years."""

    def name(self) -> str:
        return "validate_loan_form"

    validate_loan_amount = checking("loan_amount", partial(read_sum, least=1, most=1e7))
    validate_policy_value = checking("policy_value", partial(read_sum, least=1, most=1e8))
    validate_annual_income = checking("annual_income", partial(read_sum, least=0, most=1e8))
    validate_monthly_debt = checking("monthly_debt", partial(read_sum, least=0, most=1e7))
    validate_late_payments = checking("late_payments", read_times)
    validate_employment_years = checking("employment_years", partial(read_years, most=60))


class ValidateSymptomForm(FormValidationAction):
    """What a patient feels, for how long (days), how badly (1 to 10), and the age (years)."""

    def name(self) -> str:
        return "validate_symptom_form"

    validate_symptoms = checking("symptoms", read_symptoms)
    validate_symptom_duration_days = checking("symptom_duration_days", read_days)
    validate_symptom_severity = checking("symptom_severity", read_severity)
    validate_patient_age = checking("patient_age", partial(read_years, most=120))


class ValidateAddressForm(FormValidationAction):
    """The new address, from which day it holds, and the policy it is for."""

    def name(self) -> str:
        return "validate_address_form"

    validate_new_address = checking("new_address", read_address)
    validate_move_date = checking("move_date", read_near_day)
    validate_policy_number = checking("policy_number", read_policy_number)


class ValidateReplaceCard(FormValidationAction):
    """The policy whose card is replaced, and where the new one goes; checks a flow as it would a form."""

    def name(self) -> str:
        return "validate_replace_card"

    validate_policy_number = checking("policy_number", read_policy_number)
    validate_card_address = checking("card_address", read_address)


FORMS = (ValidateClaimForm, ValidateLoanForm, ValidateSymptomForm, ValidateAddressForm, ValidateReplaceCard)
