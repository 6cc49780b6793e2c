"""Brings a message to the spelling in which the signs of emergencies are written.

Knows case, apostrophes, contractions, typing errors of the words that carry a sign, traditional characters
and a few Cantonese words; knows nothing of what the words mean. Every step is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import OSA

_SHORTEST_MENDED = 5
_LONG = 10  # words of so many letters may hold two errors
_LONGEST = 20  # no word of the table is longer

# Words that carry a sign: a word one typing error away from one of these is read as it.
_KEY_WORDS = tuple(
    "allergic asthma attack bleach bleeding blood breath breathe breathing chest choking collapsed consciousness "  # noqa: SIM905 shorter than a list
    "convulsion convulsions crushing diabetic drooping electrocuted epipen fainted fever gasping headache heart myself "
    "overdose overdosed overdosing poison poisoned pregnant pressure reaction seizure severe slurred stabbed "
    "stabbing stroke suddenly suffocating suicidal suicide swallowed swelling swollen tablets throat tightness tongue "
    "unconscious unresponsive vomiting".split()
)
# Right words, or errors of other words, that lie one letter from a key word.
_SOUND = frozenset(
    "attach attacks beach bloody bloom blond blending breach breaching bread breadth breathed breather "  # noqa: SIM905 shorter than a list
    "breathes breeding brushing bleeping brood blushing bloods cheat cheats chess chests collapses "
    "compulsion compulsions conclusion conclusions concussion concussions conversion conversions cooking "
    "crashing crest drooling dropping dwelling fainter fevers fewer fiver flood grasping gassing hearth "
    "heard hears hearts hearty headaches leach lever lightness never overcoming overdone painted poisons "
    "pressured pressures prison prisoned reactions revere rightness rushing seizures selling sever "
    "severed severer shelling smelling spelling spurred blurred stabbings stabling stoke strike strode "
    "stroked strokes tablet tables tainted threat threats throats trooping unconsciously wallowed welling "
    "wreath wreathe".split()
)
_SLIPS = {
    "pian": "pain", "paim": "pain", "hart": "heart", "haert": "heart", "cheast": "chest", "cnat": "cant",
    "cannot": "cant", "caint": "cant", "dnt": "dont", "wnat": "want", "watn": "want", "kil": "kill", "dieing": "dying",
    "loosing": "losing", "alot": "a lot", "wanna": "want to", "gonna": "going to", "numbb": "numb", "nub": "numb",
    "babby": "baby", "selfharm": "self harm", "heartattack": "heart attack", "chestpain": "chest pain", "ive": "i have",
    "u": "you", "dosnt": "doesnt", "dosent": "doesnt", "wnt": "wont",
}  # fmt: skip
_CONTRACTED = re.compile(
    r"\b(?:(can|do|does|did|is|are|was|were|will|would|could|have|has|had|should) (?:not|t)|(i) (am)|(he|she|it) (is))\b"
)
_CONTRACTIONS = {"can": "cant", "will": "wont"}
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u0060\u00b4\u2032]")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_ZH_SPACE = re.compile(r"(?<=[\u3400-\u9fff])[^\S\n]+(?=[\u3400-\u9fff])")
_WORD = re.compile(r"[a-z]+")
_SPACES = re.compile(r"[^\S\n]+")

_TRADITIONAL = str.maketrans(
    "過敏嚨腫講話氣喘嗎媽爺婦嬰兒殺殘輕盡單從樓橋臺陽頂邊結束斷脈縊燒燙傷頭腦風癱無動癇發搖醒應腳壓緊難緩藥農顆盒過"
    "飲誤電擊觸車禍門診賠報銷險條災寶證來沒麼這個還裡對時後們點兩幾錢電話號碼嘔喚請嚴剛體熱溫胎見紅劇絞悶憋悶慘髮紫脣"
    "個讓實現為與說歲週週間會鐘讀覺覽樣萬億學習國華語陣頓團師課歡聲買賣嚐試總經歷親愛離開無獨終書遺",
    "过敏咙肿讲话气喘吗妈爷妇婴儿杀残轻尽单从楼桥台阳顶边结束断脉缢烧烫伤头脑风瘫无动痫发摇醒应脚压紧难缓药农颗盒过"
    "饮误电击触车祸门诊赔报销险条灾宝证来没么这个还里对时后们点两几钱电话号码呕唤请严刚体热温胎见红剧绞闷憋闷惨发紫唇"
    "个让实现为与说岁周周间会钟读觉览样万亿学习国华语阵顿团师课欢声买卖尝试总经历亲爱离开无独终书遗",
)
_ZH_SLIPS = {
    "困南": "困难", "自刹": "自杀", "自sha": "自杀", "zisha": "自杀", "想紫砂": "想自杀", "要紫砂": "要自杀", "晕到": "晕倒",
    "昏到": "昏倒", "抽畜": "抽搐", "抽蓄": "抽搐", "胸囗": "胸口", "胸扣": "胸口", "割碗": "割腕", "吐雪": "吐血", "呼西": "呼吸",
    "忽吸": "呼吸", "窒吸": "窒息", "昏米": "昏迷", "喘不上汽": "喘不上气", "心埂": "心梗", "心耿": "心梗", "胸通": "胸痛", "中疯": "中风",
    "落去": "下去", "唔": "不", "佢": "他", "冇": "没", "咗": "了", "嘅": "的", "喺": "在", "啲": "些", "乜": "什么", "畀": "给",
    "抖不到气": "透不到气", "呼吸不到": "呼吸不了",
}  # fmt: skip
_ZH_SLIP = re.compile("|".join(sorted(_ZH_SLIPS, key=len, reverse=True)))


def plain(text: str) -> str:
    """The text in lower case and simplified characters, without apostrophes, contracted, slips mended."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = _SPACES.sub(" ", _APOSTROPHES.sub("", text)).translate(_TRADITIONAL)
    text = _ZH_SLIP.sub(lambda found: _ZH_SLIPS[found.group()], _ZH_SPACE.sub("", text))
    words = _WORD.sub(lambda found: _mended(found.group()), _DRAWN_OUT.sub(r"\1", text))
    return _CONTRACTED.sub(_contracted, words)


def _contracted(found: re.Match[str]) -> str:
    verb, first, _, third, _ = found.groups()
    if verb:
        return str(_CONTRACTIONS.get(verb, f"{verb}nt"))
    return "im" if first else f"{third}s"


@lru_cache(maxsize=8192)
def _mended(word: str) -> str:
    if word in _SLIPS:
        return _SLIPS[word]
    if not _SHORTEST_MENDED <= len(word) <= _LONGEST or word in _KEY_WORDS or word in _SOUND:
        return word
    for key in _KEY_WORDS:
        allowed = 2 if min(len(word), len(key)) >= _LONG and word[0] == key[0] else 1
        if OSA.distance(word, key, score_cutoff=allowed) <= allowed:
            return key
    return word
