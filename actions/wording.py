"""What the risk and triage actions say, in each language; the forms' own questions live in the bot's domain.

Knows sentences and their blanks; not when they are said.
"""

from collections.abc import Mapping
from typing import Any

Texts = Mapping[str, Mapping[str, str]]

LANGUAGES = ("en", "zh")

RISK: Texts = {
    "en": {
        "low": "Automatic pre-assessment: low risk.",
        "medium": "Automatic pre-assessment: medium risk.",
        "high": "Automatic pre-assessment: high risk.",
        "reasons": "What weighed most:",
        "outside": "Some of your figures lie outside what this assessment was made for, so it may be off.",
        "person": "This is not a decision. A person looks at every request and decides.",
        "unavailable": "I cannot make the automatic pre-assessment at the moment. A colleague will look at "
        "your request instead.",
    },
    "zh": {
        "low": "自动初步评估：风险较低。",
        "medium": "自动初步评估：风险中等。",
        "high": "自动初步评估：风险较高。",
        "reasons": "主要依据：",
        "outside": "您的部分数字超出了本评估的适用范围，结果可能不准。",
        "person": "这不是最终决定，每一份申请都由人工审核并作出决定。",
        "unavailable": "暂时无法进行自动初步评估，将由同事为您查看这份申请。",
    },
}

# Each feature of the risk model, by whether it raised or lowered the risk; {value} as `show` writes it.
REASONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "loan_to_policy": {
        "en": (
            "the loan is {value} of your policy's value, which is a large part",
            "the loan is only {value} of your policy's value",
        ),
        "zh": ("贷款占保单价值的{value}，比例偏高", "贷款只占保单价值的{value}"),
    },
    "loan_to_income": {
        "en": (
            "the loan is {value} of your yearly income, which is much",
            "the loan is only {value} of your yearly income",
        ),
        "zh": ("贷款相当于年收入的{value}，比例偏高", "贷款只相当于年收入的{value}"),
    },
    "debt_to_income": {
        "en": (
            "payments on other debts take {value} of your income",
            "payments on other debts take only {value} of your income",
        ),
        "zh": ("其他债务的还款占收入的{value}", "其他债务的还款只占收入的{value}"),
    },
    "late_payments": {
        "en": (
            "late payments in the last 24 months: {value}",
            "few or no late payments in the last 24 months ({value})",
        ),
        "zh": ("最近24个月逾期次数：{value}", "最近24个月很少或没有逾期（{value}次）"),
    },
    "employment_years": {
        "en": (
            "a short time in your present work ({value} years)",
            "a steady time in your present work ({value} years)",
        ),
        "zh": ("目前工作时间较短（{value}年）", "目前工作时间较稳定（{value}年）"),
    },
}
_SHARES = ("loan_to_policy", "loan_to_income", "debt_to_income")

TRIAGE: Texts = {
    "en": {
        "emergency": "What you describe may be an emergency. Call your local emergency number now or go to "
        "the nearest emergency department; do not drive yourself. I am also asking a colleague "
        "to join.",
        "urgent": "This should be seen soon: please see a doctor or an urgent care clinic today. If it "
        "gets worse on the way, call the emergency number.",
        "routine": "This does not sound urgent, but a doctor should look at it: please book an appointment "
        "in the next days. If it gets worse, do not wait for it.",
        "self_care": "This can usually be looked after at home: rest, drink enough, and ask a pharmacist "
        "about relief. See a doctor if it gets worse or lasts longer than a few days more.",
        "unsure": "I am not sure that I understood the symptoms, so I chose the more careful advice and am "
        "asking a colleague to look at it.",
        "number": "Emergency numbers: 112 in Europe, 999 in the UK and Hong Kong, 120 in mainland China, "
        "911 in North America.",
        "disclaimer": "This is automatic guidance, not a diagnosis, and no substitute for a doctor. If in "
        "doubt, seek help sooner.",
        "unavailable": "I cannot assess symptoms at the moment. A colleague will help you. If you feel very "
        "ill or it gets worse, do not wait: call the emergency number or see a doctor.",
    },
    "zh": {
        "emergency": "您描述的情况可能是急症。请立即拨打当地急救电话，或前往最近的急诊科，不要自己开车。"
        "我也在请同事加入。",
        "urgent": "这种情况应尽快就诊：请今天就去看医生或急诊门诊。如果途中加重，请拨打急救电话。",
        "routine": "听起来不算紧急，但应该让医生看一看：请在这几天内预约就诊。如果加重，不要等预约。",
        "self_care": "这类情况一般可以在家护理：多休息、多喝水，可向药师咨询缓解办法。如果加重或再持续几天，"
        "请就医。",
        "unsure": "我不确定是否正确理解了您的症状，所以给出了更谨慎的建议，并请同事来看一看。",
        "number": "急救电话：中国内地 120，香港和英国 999，欧洲 112，北美 911。",
        "disclaimer": "以上是自动生成的指引，不是诊断，也不能代替医生。如有疑虑，请尽早就医。",
        "unavailable": "暂时无法评估症状，将由同事协助您。如果感觉很不舒服或正在加重，请不要等待，"
        "马上拨打急救电话或就医。",
    },
}


def language_of(slots: Mapping[str, Any]) -> str:
    """The customer's language from the slot `language`; English when it is unknown."""
    found = slots.get("language")
    return found if isinstance(found, str) and found in LANGUAGES else "en"


def show(feature: str, value: float) -> str:
    """A feature's value as a customer reads it: a share as a percentage, anything else as a plain number."""
    if feature in _SHARES:
        return "> 1000%" if value > 10 else f"{value:.0%}"
    return f"{value:.1f}".removesuffix(".0")
