"""Red flags: words of an emergency, found by rule, before and apart from any model. English and Chinese.

Knows what undoes a sign: a denial that governs it, its end, a distant past, a question about cover. Knows no
severity and gives no advice. It errs towards a person: a flag too many costs a call, a flag missed may cost
a life.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nlu.red_flags_chinese import TABLE as CHINESE
from nlu.red_flags_english import TABLE as ENGLISH
from nlu.red_flags_row import Row
from nlu.red_flags_spelling import plain

NAMES: tuple[str, ...] = tuple(row.name for row in ENGLISH)

_SENTENCE = re.compile(r"[;!?。\n]+|\.(?!\d)")
# A new clause begins after a comma and at a conjunction that a subject of its own follows.
_CLAUSE = re.compile(
    r"[,、…]+(?! ?n?or\b)|\b(?:but|however|though|although|except|yet|because|so)\b|但是?|(?<![透喘熬挨受])不过(?![气来去了])|可是|只是|而且|然后"
    r"|\band (?=(?:i|im|my|he|hes|his|she|shes|her|we|our|they|it|its|the|there|theres|now|nobody|someone|somebody|"
    r"suddenly|then|cant|please)\b)"
)
_NEAR = 64  # code points before and after a sign in which its denial, its end and its tense are looked for
_ROUND = 200  # code points before and after in which a date, a now and a question about cover are looked for

_DENIED_EN = re.compile(
    r"\b(?:no|not|never|without|ruled out|dont|doesnt|didnt|havent|hasnt|isnt|arent|wasnt|nor|denies|denied|neither|free of)"
    r"(?: (?:any|a|an|the|more|longer|real|signs? of|symptoms? of|feel|feeling|have|having|had|has|experienced?|"
    r"experiencing|get|getting|got|suffer|suffering|from|such|severe|serious|currently|really|been|thoughts? of)){0,4} $"
)
_DENIED_IN_A_LIST = re.compile(
    r"\b(?:no|never|without|dont have|doesnt have|denies|havent had|didnt have|dont feel)"
    r"(?:,? (?!(?:i|im|my|but|and|he|hes|she|shes|only|just|one|idea)\b)\w{1,15}){1,5},? n?or(?: (?:any|an?|the))? $"
)
_NOT_DENIED_EN = re.compile(r"\b(?:hop(?:e|ing)|pray(?:ing)?|wish|sure|whether|tell me)\b")
_AS_NEVER_BEFORE = re.compile(r"^ (?:\w{1,8} ){0,2}?(?:like this|this bad|so bad|before|until now)\b")
_DENIED_ZH = re.compile(
    r"(?:没有|没|并无|无|并不是|(?<!是)(?<!会)(?<!就)不是|并非|未|否认|从不|不再)"
    r"(?:任何|出现过?|什么|胸闷|胸痛|呼吸困难|头晕|发烧|咳嗽|感到|感觉|觉得|明显的?|过|再|有|发生|发过|得过|的|一点){0,3}$"
)
_DENIED_IN_A_LIST_ZH = re.compile(r"(?:没有|没|并无|无)(?:\w{1,8}?(?:、|和|或者?|及|以及|跟|与)){1,4}$")
_ASKED_OR_STRESSED_ZH = re.compile(r"有没有|是不是|会不会|[吧吗?]$|[很好真]|非常")
_OVER_EN = re.compile(
    r"^(?: (?!(?:and|but|i|im|he|hes|she|shes|my|not|isnt|hasnt|never|no|wont|doesnt)\b)\w{1,12}){0,3}? "
    r"(?:gone|went away|resolved|passed(?! out)|cleared up|subsided|(?:has|have|had|is|are|was) (?:now )?(?:over|stopped|better)|disappeared)\b"
)
_BACK_EN = re.compile(r"\b(?:back|again|returned|worse|comes and goes)\b")
_OVER_ZH = re.compile(
    r"^(?:的|得)?(?:症状|情况|感觉|问题)?(?:已经|都|现在|也|基本|完全|后来|早就)*"
    r"(?:好了|没了|消失|缓解|停了|止住|好转|不痛了|不疼了|过去了|治好|恢复)"
)
_BACK_ZH = re.compile(r"又|再次|复发|更")

_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_PAST = re.compile(
    r"\b(?:in |since |from )?(?:19|20)\d\d\b|\blast (?:year|month|week|spring|summer|autumn|fall|winter|"
    + _MONTH
    + r")\b"
    r"|\b(?:years?|months?|weeks?|decades?) (?:ago|back)\b|\b(?:in|from|back in|during) " + _MONTH + r"\b"
    r"|\bas a (?:child|kid|baby|teenager)\b|\bchildhood\b|\bwhen i was\b|\bin the past\b|\bhistory of\b|\bpreviously\b"
    r"|\b(?:died|passed away|deceased|the late|late (?:husband|wife|father|mother))\b"
    r"|(?:19|20)\d\d年|去年|前年|[\d一二两三四五六七八九十几多]年前|[\d一二两三四五六七八九十几]个?(?:月|星期|周)(?:以)?前|上个?(?:月|周|星期|年)"
    r"|小时候|以前|曾经|曾|病史|既往|家族|去世|过世|身故|病逝|身亡|离世|得过|有过|患过|发生过"
)
_WAS = re.compile(r"\b(?:was|were|had|did|been|couldnt|used to|when)\b")
_IS = re.compile(
    r"\b(?:is|are|am|im|isnt|arent|cant|wont|have|has|hes|shes|its|dont|doesnt|keeps?|hurts?|\w{2,12}ing)\b"
)
_SECOND_SUBJECT = re.compile(r"..我")
_NOW = re.compile(
    r"\b(?:right now|now|just now|at the moment|currently|suddenly|today|tonight|this morning|still (?:have|has|is|hurts?|bleeding|cant|feel|there)|again|"
    r"since (?:this|last night|an hour|yesterday)|i think|help(?! (?:me )?(?:with|claim|fill|find|understand)))\b"
    r"|\bemergency\b(?! (?:room|hotline|number|contact|cover|care|fund|department|service|treatment|bill|stay|visit))"
    r"|现在(?!还?(?:能|可以|想|要|投保|买|申请|办|理赔))|突然|今天|刚刚|刚才|正在|救命|急救(?!费|车费)|一直|又"
)
_COVER = re.compile(
    r"\b(?:cover\w{0,4}|claims?|claiming|claimed|polic(?:y|ies)|premiums?|insur\w{1,6}|benefits?|reimburs\w{1,6}|refund\w{0,4}|"
    r"pay(?:s|ing)? (?:out|for)|payouts?|exclu\w{1,6}|included?|waiting period|declare|disclose|clause|rider|bills?|count as|"
    r"underwrit\w{1,4}|qualify|eligible|forms?|treatment|screening|what does it say|accidental death|plan|sum insured|critical illness)\b"
    r"|理赔|赔|保险|承保|报销|保障|等待期|免责|条款|投保|核保|除外|去世|身故|包含|包括|重疾|重大疾病|后遗症|伤残|门诊(?=.{0,4}报)|报多少|告知|材料|保费|受益人|费用|险种|意外险|科普"
)


_STEMS = frozenset(stem for row in (*ENGLISH, *CHINESE) for stem in row.stems)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sign stands: its clause or sentence, and what is said next in the same sentence."""

    text: str
    then: str

    def before(self, found: re.Match[str]) -> str:
        return self.text[max(0, found.start() - _NEAR) : found.start()]

    def after(self, found: re.Match[str]) -> str:
        return self.text[found.end() : found.end() + _NEAR]

    def around(self, found: re.Match[str], pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Where the pattern stands round the sign; never the whole text, or many signs would cost its
        square.
        """
        return pattern.search(self.text, max(0, found.start() - _ROUND), found.end() + _ROUND)


def find_red_flags(text: str) -> tuple[str, ...]:
    """The names of the emergencies that the text tells of, in the table's order; empty for nearly every
    message. Time is linear in the text.

    A person in distress may deny in one word and tell in the next, so words of self-harm count even when
    denied ("I don't want to kill myself"); only a question about a contract, or "no thoughts of suicide",
    passes.
    """
    spelled = plain(text)
    found = {stem for stem in _STEMS if stem in spelled}
    if not found:
        return ()
    rows = [row for row in (*ENGLISH, *CHINESE) if not found.isdisjoint(row.stems)]
    places = tuple(_places(spelled))
    told = {row.name for row in rows if _tells(row, spelled, places)}
    return tuple(name for name in NAMES if name in told)


def _places(text: str) -> Iterator[_Place]:
    """Every clause, and every sentence of several: "my baby, two months old, has a fever" is told across
    commas.
    """
    for sentence in _SENTENCE.split(text):
        clauses = [clause.strip() for clause in _CLAUSE.split(sentence) if clause.strip()]
        for clause, then in zip(clauses, [*clauses[1:], ""], strict=False):
            yield _Place(clause, then[:_ROUND])
        if len(clauses) > 1:
            yield _Place(sentence.strip(), "")


def _tells(row: Row, text: str, places: tuple[_Place, ...]) -> bool:
    # What matches nowhere in the text matches in none of its parts, which spares nearly every message the parts.
    if any(pattern.search(text) for pattern in row.always):
        return True
    return _stands(row.signs, text, places, _undone) or _stands(row.names, text, places, _undone_or_asked)


def _stands(
    patterns: tuple[re.Pattern[str], ...],
    text: str,
    places: tuple[_Place, ...],
    undone: Callable[[re.Match[str], _Place], bool],
) -> bool:
    """Whether a match stands that is not undone."""
    return any(
        not undone(found, place)
        for pattern in patterns
        if pattern.search(text)
        for place in places
        for found in _matches(pattern, place.text)
    )


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All matches, overlapping ones too, lest an undone one hide another."""
    found = pattern.search(text)
    while found:
        yield found
        found = pattern.search(text, found.start() + 1)


def _undone(found: re.Match[str], place: _Place) -> bool:
    return _denied(found, place) or _over(found, place) or _long_past(found, place)


def _undone_or_asked(found: re.Match[str], place: _Place) -> bool:
    return _undone(found, place) or _asked(found, place)


def _denied(found: re.Match[str], place: _Place) -> bool:
    """Whether a denial governs the sign: right before it, but for words such as "any", or at the head of its
    list.
    """
    before, after = place.before(found), place.after(found)
    if _DENIED_EN.search(before) or _DENIED_IN_A_LIST.search(before):
        return not (_NOT_DENIED_EN.search(before) or _AS_NEVER_BEFORE.search(after))
    if _DENIED_ZH.search(before) or _DENIED_IN_A_LIST_ZH.search(before):
        return not _ASKED_OR_STRESSED_ZH.search(before[-4:] + found.group() + after[:3])
    return False


def _over(found: re.Match[str], place: _Place) -> bool:
    after = place.after(found)
    if _OVER_EN.search(after):
        return not _BACK_EN.search(f"{after} {place.then}")
    return bool(_OVER_ZH.search(after)) and not _BACK_ZH.search(after + place.then)


def _long_past(found: re.Match[str], place: _Place) -> bool:
    """Whether the clause dates the sign in the past, and neither it nor the sign's own tense says now."""
    past = place.around(found, _PAST)
    if not past or place.around(found, _NOW):
        return False
    near = place.before(found)[-16:] + found.group()
    if _IS.search(near) and not _WAS.search(near):
        return False
    return not _SECOND_SUBJECT.search(place.text[past.end() : found.start()])


def _asked(found: re.Match[str], place: _Place) -> bool:
    """Whether a name stands in a question about cover, or alone before one ("heart attack, is it
    covered").
    """
    if place.around(found, _NOW):
        return False
    alone = not (place.before(found).strip() or place.after(found).strip())
    return bool(place.around(found, _COVER) or (alone and _COVER.search(place.then)))
