"""Makes symptom descriptions, English and Chinese, with an urgency: invented patients, invented rule, noise.

Knows the templates and assumptions below, the symptom table and a seed; knows no model. No real patient, no
guideline and no clinician stands behind it: it shows the way from a description to an urgency, nothing more.

Assumptions, all of them ours:
- one to three symptoms of similar weight, named in one of several templates, often with the duration in
  words; now and then one symptom is denied ("no fever"), which then does not count;
- urgency = the largest weight + 0.15 x the others + 0.35 x (severity - 5), and
    + 1 below one year of age, + 0.4 below five, + 0.6 from 65, + 1 from 80;
    sudden: + 0.6 within a day, - 0.8 after a week; passing: + 1 after ten days, + 1.6 after three weeks;
- plus normal noise, cut into self_care < 2.9 <= routine < 5.2 <= urgent < 7.6 <= emergency; and what
  weighs 9 or more is an emergency whatever the rest says, for such symptoms are never waited out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.symptom_table import Symptom, read_symptoms

LEVELS = ("self_care", "routine", "urgent", "emergency")
NOISE = 0.35
CUTS = (2.9, 5.2, 7.6)
ALWAYS_EMERGENCY = 9.0

Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class Templates:
    """Ways to put symptoms {a}, a denied one {no} and a duration {since} into a message."""

    plain: tuple[str, ...]
    denying: tuple[str, ...]


TRAINED = {
    "en": Templates(
        plain=(
            "I have {a}.",
            "I have {a} {since}.",
            "Hi, I've got {a} {since}, what should I do?",
            "{a}",
            "{a} {since}",
            "I am suffering from {a}",
            "{since} I have had {a}",
            "My problem is {a}, {since}.",
            "hello, I need advice, I have {a} and it worries me",
            "my daughter has {a} {since}",
        ),
        denying=("I have {a} but no {no}.", "{a} {since}, no {no}"),
    ),
    "zh": Templates(
        plain=(
            "我{a}。",
            "我{a}，{since}。",
            "你好，我{a}，{since}，怎么办？",
            "{a}",
            "{a}{since}",
            "我一直{a}",
            "{since}，我{a}",
            "我的问题是{a}，{since}。",
            "您好，想咨询一下，我{a}，有点担心",
            "我女儿{a}，{since}",
        ),
        denying=("我{a}，但没有{no}。", "{a}{since}，没有{no}"),
    ),
}

HELD_OUT = {
    "en": Templates(
        plain=(
            "What can be done about {a}? It is there {since}.",
            "Please advise, {since} it has been {a} that bothers me",
            "There is {a} here and I wonder whether to see a doctor",
        ),
        denying=("Without any {no}, just {a} {since}",),
    ),
    "zh": Templates(
        plain=(
            "请问{a}该怎么处理？{since}",
            "麻烦帮我看看，{since}总是{a}",
            "出现了{a}的情况，不知道要不要看医生",
        ),
        denying=("没有{no}，只是{a}，{since}",),
    ),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One patient's message and answers; `symptoms` are keys of the table, `level` indexes LEVELS."""

    text: str
    language: str
    duration_days: float
    severity: float
    age: float
    symptoms: tuple[str, ...]
    level: int


def make_complaints(rows: int, *, seed: int, ways: Sequence[int], fresh_templates: bool) -> list[Complaint]:
    """Makes `rows` complaints, every second one Chinese, saying symptoms only in the given ways."""
    rng = np.random.default_rng([seed, 7_031, int(fresh_templates), *ways])
    table, templates = read_symptoms(), HELD_OUT if fresh_templates else TRAINED
    return [_complaint(rng, table, templates[lang], lang, ways) for lang in ("en", "zh") * (rows // 2)]


def urgency(symptoms: Sequence[Symptom], *, days: float, severity: float, age: float) -> float:
    """The rule of the module's docstring, without its noise."""
    weights = sorted((s.weight for s in symptoms), reverse=True)
    score = weights[0] + 0.15 * sum(weights[1:]) + 0.35 * (severity - 5)
    score += 1.0 if age < 1 or age >= 80 else 0.6 if age >= 65 else 0.4 if age < 5 else 0.0
    course = max(symptoms, key=lambda s: s.weight).course
    if course == "sudden":
        score += 0.6 if days <= 1 else -0.8 if days > 7 else 0.0
    if course == "passing":
        score += 1.6 if days > 21 else 1.0 if days > 10 else 0.0
    return max(score, CUTS[2] + 1.0) if weights[0] >= ALWAYS_EMERGENCY else score


def _complaint(
    rng: Generator, table: Sequence[Symptom], templates: Templates, language: str, ways: Sequence[int]
) -> Complaint:
    symptoms = _choose(rng, table)
    top = max(s.weight for s in symptoms)
    severity = float(np.clip(round(rng.normal(2.5 + 0.5 * top, 2.0)), 1, 10))
    days = _days(rng, symptoms[0])
    age = round(
        float(rng.choice([rng.uniform(0, 1), rng.uniform(1, 18), rng.uniform(18, 95)], p=[0.05, 0.15, 0.8])),
        1,
    )
    names = [str(rng.choice(s.phrases(language, ways))) for s in symptoms]
    denying = rng.random() < 0.12
    denied = str(rng.choice(_other(rng, table, symptoms).phrases(language, ways)))
    template = str(rng.choice(templates.denying if denying else templates.plain))
    text = template.format(a=_join(rng, names, language), no=_bare(denied), since=_since(rng, days, language))
    score = urgency(symptoms, days=days, severity=severity, age=age) + rng.normal(0, NOISE)
    said = tuple(s.key for s in symptoms)
    return Complaint(text, language, days, severity, age, said, int(np.digitize(score, CUTS)))


def _choose(rng: Generator, table: Sequence[Symptom]) -> list[Symptom]:
    first = table[int(rng.integers(len(table)))]
    near = [s for s in table if s is not first and abs(s.weight - first.weight) < 3]
    extra = int(rng.choice([0, 1, 2], p=[0.55, 0.33, 0.12]))
    return [first, *(near[int(i)] for i in rng.choice(len(near), extra, replace=False))]


def _other(rng: Generator, table: Sequence[Symptom], said: Sequence[Symptom]) -> Symptom:
    rest = [s for s in table if s not in said]
    return rest[int(rng.integers(len(rest)))]


def _days(rng: Generator, symptom: Symptom) -> float:
    middle = {"sudden": 1.0, "passing": 4.0, "steady": 14.0}[symptom.course]
    days = float(np.clip(rng.lognormal(np.log(middle), 1.1), 0.05, 400))
    return round(days, 2) if days < 1 else float(round(days))


def _join(rng: Generator, names: Sequence[str], language: str) -> str:
    if len(names) == 1:
        return names[0]
    last = str(
        rng.choice(["，还", "，而且", "，也"] if language == "zh" else [" and ", " with ", " as well as "])
    )
    return ("，" if language == "zh" else ", ").join(names[:-1]) + last + names[-1]


def _bare(phrase: str) -> str:
    return re.sub(r"^(?:a|an|the|some|my) ", "", phrase)


def _since(rng: Generator, days: float, language: str) -> str:
    whole = max(1, round(days))
    if days < 1:
        said = (
            ["since this morning", "for a few hours"]
            if language == "en"
            else ["从今天早上开始", "有几个小时了"]
        )
    elif days >= 14 and rng.random() < 0.5:
        weeks = round(days / 7)
        said = [f"for about {weeks} weeks"] if language == "en" else [f"大概{weeks}周了", f"{weeks}个星期了"]
    else:
        unit = "day" if whole == 1 else "days"
        said = (
            [f"for {whole} {unit}", f"for the last {whole} {unit}"]
            if language == "en"
            else [f"{whole}天了", f"已经{whole}天"]
        )
    return str(rng.choice(said))
