"""Which of a flow's slots a text names: by words of the slot, of its entity, or of its question.

Knows a project's words; judges no meaning. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.dialogue.domain import Domain, SlotType
from bot.dialogue.flow import Flow

_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff]{3,}")
_HAN = re.compile("[\u3400-\u9fff]{2,}")
# Words that questions and objections share without naming anything.
_COMMON = frozenset(
    """
    the and you your our for that this have has had are was were what which please tell with shall should can
    could will would not from new how who whom when where much many give want like need does did but its there
    here about all any wrong right correct change changed mistake other another different else know
    请问 请提 提供 请告 告诉 诉我 请写 写明 可以 以吗 您的 我的 我们 您在 您是 请您 
    哪里 什么 一个 是多 多少 不是 的是 是什 怎么 么了 了吗 需要 新的 这里 不对 错了
    """.split()  # noqa: SIM905 - a list of them would fill the page
)
BY_NAME = 2.0  # what a word of the slot's own name counts; one of its question counts half as much


def named(
    domain: Domain, flow: Flow, slots: Sequence[str], text: str, *, by_name: bool = False
) -> str | None:
    """The slot that the text names best. Of two that it names alike, one with a value rather than a yes or a
    no, and the later one; None where no word tells one from the others. `by_name`: words of questions alone
    name nothing.
    """
    weights = [_weights(domain, flow, slot) for slot in slots]
    have = Counter(word for each in weights for word in each)
    said = {word for word in _words(text) if have[word] < max(len(slots), 2)}
    ranked = []
    for place, (slot, each) in enumerate(zip(slots, weights, strict=True)):
        found = said & each.keys()
        if found and (not by_name or max(each[word] for word in found) >= BY_NAME):
            score = sum(each[word] / have[word] for word in found)
            ranked.append((score, domain.slots[slot].type is not SlotType.BOOL, place))
    return slots[max(ranked)[2]] if ranked else None


def _weights(domain: Domain, flow: Flow, slot: str) -> dict[str, float]:
    entities = (mapping.entity for mapping in domain.slots[slot].mappings if mapping.entity)
    own = dict.fromkeys(_words(" ".join((slot, *entities)).replace("_", " ")), BY_NAME)
    return dict.fromkeys(_words(" ".join(_questions(domain, flow, slot))), 1.0) | own


def _questions(domain: Domain, flow: Flow, slot: str) -> Iterator[str]:
    asked = (collect.utter for collect in flow.collects if collect.slot == slot and collect.utter)
    for name in (*asked, f"utter_ask_{flow.name}_{slot}", f"utter_ask_{slot}"):
        yield from (each.text for each in domain.responses.get(name, ()) if each.text)


def _words(text: str) -> set[str]:
    """Latin words of three letters and more, without the plural's s; pairs of Chinese characters."""
    latin = {word.removesuffix("s") for word in _LATIN.findall(text.casefold())}
    pairs = {run[place : place + 2] for run in _HAN.findall(text) for place in range(len(run) - 1)}
    return (latin | pairs) - _COMMON
