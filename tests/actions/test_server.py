"""The action server over HTTP, as Rasa and our bot call it."""

import json
import zlib
from typing import Any

import pytest

from actions.wording import RISK, TRIAGE
from nlu.artifacts import Bundle, BundleWriter, promote, rollback
from tests.actions.conftest import Server, details
from tests.actions.http import call

SOUND = {
    "loan_amount": 3000.0,
    "policy_value": 40000.0,
    "annual_income": 60000.0,
    "monthly_debt": 200.0,
    "late_payments": 0.0,
    "employment_years": 9.0,
}
STRAINED = {
    "loan_amount": 38000.0,
    "policy_value": 40000.0,
    "annual_income": 24000.0,
    "monthly_debt": 1200.0,
    "late_payments": 5.0,
    "employment_years": 0.5,
}
COLD = {
    "symptoms": "a runny nose and sneezing",
    "symptom_duration_days": 2.0,
    "symptom_severity": 2.0,
    "patient_age": 31.0,
}


def test_health_and_the_list_of_actions(server: Server) -> None:
    assert call(f"{server.url}/health").json == {"status": "ok"}
    names = {item["name"] for item in call(f"{server.url}/actions").json}
    forms = {f"validate_{form}_form" for form in ("claim", "loan", "symptom", "address")}
    assert names == {"action_assess_risk", "action_triage", "validate_replace_card", *forms}


@pytest.mark.parametrize(("figures", "grade"), [(SOUND, "low"), (STRAINED, "high")])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_loan_is_graded_with_reasons_in_the_customers_language(
    server: Server, figures: dict[str, Any], grade: str, language: str
) -> None:
    answer = server.run("action_assess_risk", {**figures, "language": language})
    reasons = answer.slots["risk_reasons"]
    assert answer.slots["risk_grade"] == grade
    assert 2 <= len(reasons) <= 3
    assert RISK[language][grade] in answer.said
    assert RISK[language]["person"] in answer.said
    assert all(reason in answer.said for reason in reasons)
    assert answer.next == []


def test_figures_nobody_like_was_seen_with_are_said_to_be_doubtful(server: Server) -> None:
    answer = server.run("action_assess_risk", {**SOUND, "policy_value": 1e7, "loan_amount": 9e6})
    assert RISK["en"]["outside"] in answer.said


@pytest.mark.parametrize("missing", [None, "12", True])
def test_a_loan_without_usable_figures_goes_to_a_person(server: Server, missing: object) -> None:
    answer = server.run("action_assess_risk", {**SOUND, "annual_income": missing})
    assert answer.slots == {"risk_grade": None, "risk_reasons": None}
    assert answer.next == ["action_hand_over"]
    assert answer.said == RISK["en"]["unavailable"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_cold_is_no_emergency(server: Server, language: str) -> None:
    symptoms = {"en": "a runny nose and sneezing", "zh": "流鼻涕、打喷嚏"}[language]
    answer = server.run("action_triage", {**COLD, "symptoms": symptoms, "language": language})
    assert answer.slots["triage_level"] in ("self_care", "routine")
    assert TRIAGE[language]["disclaimer"] in answer.said
    assert TRIAGE[language]["number"] in answer.said


@pytest.mark.parametrize("slots", [{**COLD, "symptom_severity": 1.0}, {}])
def test_red_flags_come_before_any_model_and_any_number(server: Server, slots: dict[str, Any]) -> None:
    text = "I have crushing chest pain and my left arm is numb"
    answer = server.run("action_triage", {**slots, "symptoms": text})
    assert answer.slots == {"triage_level": "emergency"}
    assert answer.next == ["action_hand_over"]
    assert TRIAGE["en"]["emergency"] in answer.said


@pytest.mark.parametrize(("language", "text"), [("en", "my policy number is wrong"), ("zh", "我想改地址")])
def test_what_is_not_understood_goes_to_a_person_too(server: Server, language: str, text: str) -> None:
    answer = server.run("action_triage", {**COLD, "symptoms": text, "language": language})
    assert answer.slots["triage_level"] != "self_care"
    assert TRIAGE[language]["unsure"] in answer.said
    assert answer.next == ["action_hand_over"]


@pytest.mark.parametrize("slots", [{}, {**COLD, "patient_age": None}, {**COLD, "symptoms": " "}])
def test_a_triage_without_answers_goes_to_a_person(server: Server, slots: dict[str, Any]) -> None:
    answer = server.run("action_triage", slots)
    assert answer.slots == {"triage_level": None}
    assert answer.next == ["action_hand_over"]


@pytest.mark.parametrize(
    ("form", "slot", "value", "kept"),
    [
        ("claim_form", "claim_type", "it is for my dentist", "dental"),
        ("claim_form", "incident_date", "2026年1月12日", "2026-01-12"),
        ("claim_form", "claim_amount", "一共860元", 860.0),
        ("claim_form", "policy_number", "hl 551204", "HL-551204"),
        ("loan_form", "loan_amount", "12.5k", 12500.0),
        ("loan_form", "policy_value", "3万", 30000.0),
        ("loan_form", "annual_income", 42000.0, 42000.0),
        ("loan_form", "monthly_debt", "none", 0.0),
        ("loan_form", "late_payments", "twice", 2.0),
        ("loan_form", "employment_years", "18 months", 1.5),
        ("symptom_form", "symptoms", "a dry cough", "a dry cough"),
        ("symptom_form", "symptom_duration_days", "two weeks", 14.0),
        ("symptom_form", "symptom_severity", "7分", 7.0),
        ("symptom_form", "patient_age", "I'm 31 years old", 31.0),
        (
            "address_form",
            "new_address",
            "27 Orchard Close, Norwich NR4 7TJ",
            "27 Orchard Close, Norwich NR4 7TJ",
        ),
        ("address_form", "policy_number", "HL-415530", "HL-415530"),
        ("replace_card", "card_address", "Send it to 12 Elm Street, Leeds", "12 Elm Street, Leeds"),
        ("replace_card", "card_address", "不是，寄到星湖街328号", "星湖街328号"),
    ],
)
def test_a_usable_answer_is_kept_in_one_shape(
    server: Server, form: str, slot: str, value: object, kept: object
) -> None:
    answer = server.validate(form, slot, value)
    assert answer.slots == {slot: kept}
    assert answer.refused == []


@pytest.mark.parametrize(
    ("form", "slot", "value"),
    [
        ("claim_form", "claim_type", "the thing"),
        ("claim_form", "incident_date", "2199-01-01"),
        ("claim_form", "claim_amount", "0"),
        ("claim_form", "policy_number", "HL-12"),
        ("loan_form", "loan_amount", "-500"),
        ("loan_form", "policy_value", "between 3000 and 4000"),
        ("loan_form", "annual_income", "enough"),
        ("loan_form", "monthly_debt", "-1"),
        ("loan_form", "late_payments", "2.5"),
        ("loan_form", "employment_years", "150"),
        ("symptom_form", "symptoms", "?"),
        ("symptom_form", "symptom_duration_days", "100 years"),
        ("symptom_form", "symptom_severity", "14"),
        ("symptom_form", "patient_age", "250"),
        ("address_form", "new_address", "here"),
        ("address_form", "move_date", "when it rains"),
        ("address_form", "policy_number", "5512"),
        ("replace_card", "card_address", "here"),
        ("replace_card", "policy_number", "5512"),
    ],
)
def test_an_unusable_answer_is_refused_kindly(server: Server, form: str, slot: str, value: object) -> None:
    answer = server.validate(form, slot, value)
    assert answer.slots == {slot: None}
    assert answer.refused == [f"utter_invalid_{slot}"]


def test_an_answer_not_given_is_not_refused(server: Server) -> None:
    answer = server.validate("loan_form", "loan_amount", None)
    assert (answer.slots, answer.refused) == ({"loan_amount": None}, [])


def test_an_unknown_action_is_404_and_a_missing_domain_449(server: Server) -> None:
    state = {"sender_id": "u1", "slots": {}}
    assert server.run("action_unheard_of", {}).status == 404
    assert server.post({"next_action": "action_triage", "tracker": state}).status == 449


@pytest.mark.parametrize(
    "body",
    [
        b"{broken",
        b"\xff\xfe",
        [1],
        "text",
        {"next_action": "action_triage"},
        {"next_action": "x", "tracker": 3},
    ],
)
def test_a_body_that_is_no_call_is_400(server: Server, body: object) -> None:
    answer = server.post(body)
    assert answer.status == 400
    assert answer.json["code"] == "bad_call"


def test_a_compressed_call_is_read_and_a_bomb_is_not(server: Server) -> None:
    state = {"sender_id": "u1", "slots": SOUND}
    plain = json.dumps({"next_action": "action_assess_risk", "tracker": state, "domain": {}}).encode()
    deflated = {"Content-Encoding": "deflate"}
    assert call(f"{server.url}/webhook", zlib.compress(plain), deflated).slots["risk_grade"] == "low"
    assert call(f"{server.url}/webhook", b"no zlib", deflated).status == 400
    assert call(f"{server.url}/webhook", zlib.compress(b" " * 20_000_000), deflated).status == 413


def test_a_failing_action_answers_with_a_fixed_sentence_and_logs_no_content(server: Server) -> None:
    answer = server.post(
        {"next_action": "action_triage", "tracker": {"sender_id": "u1", "slots": "my-secret"}, "domain": {}}
    )
    assert answer.status == 500
    assert set(answer.json) == {"error", "code"}
    assert "my-secret" not in answer.text
    log = server.log.read_text()
    assert "my-secret" not in log
    assert "AttributeError at" in log


def test_another_page_is_404(server: Server) -> None:
    answer = call(f"{server.url}/elsewhere")
    assert (answer.status, answer.json["code"]) == (404, "no_such_page")


def test_a_promoted_bundle_is_used_without_a_restart(server: Server, full: Bundle) -> None:
    bare = BundleWriter(full.folder.parent, base=full, replace=("risk", "medical"))
    promote(full.folder.parent, bare.finish(details()).id)
    try:
        answer = server.run("action_assess_risk", SOUND)
        assert answer.slots["risk_grade"] is None
        assert server.run("action_triage", COLD).said.startswith(TRIAGE["en"]["unavailable"])
        assert answer.next == ["action_hand_over"]
    finally:
        rollback(full.folder.parent)
    assert server.run("action_assess_risk", SOUND).slots["risk_grade"] == "low"
