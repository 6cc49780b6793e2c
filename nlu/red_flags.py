"""Red flags: words of an emergency, found by rule, before and apart from any model. English and Chinese.

Knows a table of patterns, typing errors, negation and questions about cover; knows no severity and gives no
advice. It errs towards a person: a flag too many costs a call, a flag missed may cost a life. The table was
written for this project without clinicians; have yours review it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA


@dataclass(frozen=True, slots=True)
class RedFlag:
    """`signs` count whenever they are told of somebody; `names` of an illness do not count in a question
    about cover.
    """

    name: str
    signs: re.Pattern[str]
    names: re.Pattern[str] | None = None


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_BABY = r"(?:baby|infant|newborn|toddler|child|kid|son|daughter|\d+ ?(?:day|week|month)s? old)"
_ZH_BABY = r"(?:宝宝|婴儿|新生儿|孩子|小孩|儿子|女儿|娃)"
_SEVERE = r"(?:severe|crushing|terrible|awful|bad|strong|sudden|stabbing|tight|unbearable)"

# One row an emergency. Texts arrive in lower case, without apostrophes, with common typing errors mended.
TABLE: tuple[RedFlag, ...] = (
    RedFlag(
        "chest_pain",
        _any(
            rf"{_SEVERE}[\w ,]{{0,20}}(?:chest|heart)[\w ]{{0,8}}(?:pain|pressure|tightness|ache)",
            r"(?:my|his|her|the|in) chest (?:\w+ ){0,3}(?:hurt|pain|tight|ache|burn|pressure|crush|heavy|is killing)",
            r"(?:pain|pressure|tightness|heaviness|elephant|weight) (?:in|on|across) (?:my|his|her|the) (?:chest|heart)",
            r"chest (?:hurt|hurts|hurting|tightness|pressure|feels|is tight|is killing)",
            r"(?:having|had|has|think\w* (?:its|it is|i)|might be|may be|must be|is this) (?:\w+ ){0,3}heart attack",
            r"(?:胸口|胸部|心口|胸|心脏)(?:突然|一直|非常|特别|好|很|有点|真的|也|剧烈|压榨|一阵阵){0,3}"
            r"(?:地|的)?(?:剧痛|疼痛|绞痛|疼|痛|闷得|压榨|发紧|像压|难受)",
            r"胸闷.{0,6}(?:气短|喘|出汗|冷汗|难受)|心梗发作|心肌梗死发作|心脏病(?:发作|犯了)",
        ),
        _any(r"chest pains?", r"heart attack", r"胸痛|心梗|心肌梗死"),
    ),
    RedFlag(
        "stroke",
        _any(
            r"(?:face|mouth|smile)[\w ]{0,16}(?:droop|dropp|crooked|lopsided|uneven|numb)",
            r"(?:arm|leg|side|body|half)[\w ]{0,24}(?:numb|paraly[sz]ed|weak|cant move|wont move|gone dead|limp)",
            r"(?:cant|cannot|can not|could not|couldnt|unable to) (?:move|lift|feel) (?:my|his|her|the|one)[\w ]{0,10}(?:arm|leg|side|hand)",
            r"slurr\w+|speech is (?:strange|unclear|garbled)|(?:words|speech) (?:come|comes|coming) out wrong",
            r"(?:cant|cannot) (?:speak|talk) (?:properly|suddenly|all of a sudden|clearly)",
            r"(?:having|had|has|think\w* (?:its|it is)|may be|might be) (?:\w+ ){0,3}stroke",
            r"worst headache of (?:my|his|her) life|thunderclap headache|sudden(?:ly)? (?:\w+ ){0,3}(?:blind|lost (?:my|his|her) (?:sight|vision))",
            r"(?:嘴|口|脸|面部|嘴角)(?:\w{0,3})(?:歪|斜|麻|瘫)|口齿不清|说话(?:\w{0,3})(?:不清|含糊|大舌头)",
            r"(?:胳膊|手臂|手脚|半边|左边|右边|一侧|半身|腿|左手|右手)(?:\w{0,6})(?:麻|没力|无力|动不了|抬不起来|瘫|不听使唤)",
            r"(?:突然|忽然).{0,6}(?:看不见|失明|说不出话)|中风(?:了|发作)|脑梗发作",
        ),
        _any(r"\bstroke\b", r"中风|脑梗|脑出血"),
    ),
    RedFlag(
        "breathing",
        _any(
            r"(?:cant|cannot|can not|can hardly|can barely|hardly|barely|couldnt|unable to|struggling to|fighting to|hard to)"
            r" (?:\w+ )?(?:breath|breathe|catch (?:my|his|her) breath|get (?:any |enough )?air)\b",
            r"(?:trouble|difficulty|difficulties|problems?|hard time) (?:\w+ )?breathing",
            r"(?:not|stopped|isnt|is not|no longer|quit) breathing",
            r"gasping|suffocat\w+|choking|turning blue|lips (?:are |have gone |went |turned |turning )?blue|blue lips",
            r"(?:severe|very|so|extremely|suddenly) short of breath|asthma attack",
            r"(?:喘不上|喘不过|上不来|透不过|呼吸不了|不能呼吸|没法呼吸|无法呼吸)气?|呼吸(?:\w{0,4})(?:困难|急促|停|不上来|不畅)",
            r"窒息|噎住|嘴唇(?:发|变)?(?:紫|青)|哮喘(?:\w{0,3})发作",
        ),
    ),
    RedFlag(
        "anaphylaxis",
        _any(
            r"(?:throat|tongue|face|lips?)[\w ]{0,16}(?:swell\w*|swollen|closing|closed up)",
            r"(?:swelling|swollen) (?:of |in )?(?:my |his |her |the )?(?:throat|tongue|face|lips)",
            r"anaphyla\w+|severe allergic reaction|epipen",
            r"(?:喉咙|嗓子|舌头|嘴唇|脸)(?:\w{0,4})(?:肿|发紧|堵)|严重过敏|过敏性休克|过敏(?:\w{0,6})(?:休克|喘)",
        ),
    ),
    RedFlag(
        "bleeding",
        _any(
            r"(?:wont|will not|doesnt|does not|cant|cannot) stop (?:the )?bleed\w*|bleed\w* (?:\w+ ){0,3}(?:wont|will not|doesnt|not) stop\w*",
            r"(?:heavy|severe|profuse|massive|uncontroll\w+) bleeding|bleeding (?:\w+ ){0,2}(?:heavily|badly|profusely|out|to death|a lot)",
            r"(?:vomit\w*|throw\w* up|cough\w*|spit\w*)(?: up)? (?:\w+ )?blood|blood in (?:my|his|her) vomit",
            r"(?:losing|lost) (?:a lot of|so much|too much|lots of) blood|blood is (?:pouring|gushing|spurting)|bleeding wont",
            r"(?:血|流血|出血)(?:\w{0,4})(?:止不住|不止|停不下来)|止不住血|大出血|大量(?:出|流)血|吐血|呕血|咳血|喷血",
        ),
    ),
    RedFlag(
        "unconscious",
        _any(
            r"unconscious|unresponsive|not responding|wont wake|will not wake|(?:cant|cannot) (?:be )?wak\w+|doesnt wake",
            r"passed out|fainted|collapsed|lost consciousness|blacked out|no pulse",
            r"昏迷|晕倒|昏倒|晕过去|失去意识|不省人事|没有?反应了|叫不醒|没有?脉搏|没有?心跳|神志不清",
        ),
    ),
    RedFlag(
        "overdose_or_poison",
        _any(
            r"overdos\w*|(?:took|taken|swallowed|ate|drank|had) (?:\w+ ){0,4}(?:too many|whole (?:bottle|box|pack)|all (?:my|the|his|her))"
            r" ?(?:\w+ ){0,2}(?:pills?|tablets?|meds|medicines?|medication|bottle|box|pack)?",
            r"(?:drank|drunk|swallowed|ate|inhaled|drinking) (?:\w+ ){0,3}(?:bleach|poison|pesticide|antifreeze|detergent|batter(?:y|ies)|drain cleaner|weed ?killer)",
            r"carbon monoxide|poisoned|poisoning",
            r"(?:吃|服|喝|吞)(?:了|下)?(?:\w{0,4})(?:过量|整瓶|一整瓶|一瓶药|(?:太多|很多|大量)\w{0,4}药)|药(?:\w{0,3})过量|服毒|喝农药|中毒|误服|误食",
        ),
    ),
    RedFlag(
        "self_harm",
        _any(
            r"(?:kill|hurt|harm|cut|hang) (?:my|him|her)sel(?:f|ves)|(?:feel\w*|am|im) suicidal|commit suicide|end (?:my|his|her) (?:own )?life|end it all|take my (?:own )?life",
            r"(?:want|wants|wanted|going|ready|wish|rather|better) (?:to )?(?:i (?:was|were) )?(?:die|dead|be dead)\b|(?:dont|do not|no longer) want to (?:live|be alive|be here any ?more)",
            r"no (?:reason|point) (?:to|in) (?:live|living|go on|going on)|better off (?:dead|without me)",
            r"(?:想|要|打算|准备)自杀|自残|轻生|不想活|活不下去|想死|去死|结束(?:自己的|我的|这)?生命|割腕|跳楼|上吊|不如死|没有?活(?:着|下去)的(?:意义|必要)",
        ),
        _any(r"suicid\w*", r"自杀"),
    ),
    RedFlag(
        "infant_fever",
        _any(
            rf"{_BABY}[\w ,.]{{0,40}}(?:fever|temperature of|burning up|(?:3[89]|4[0-2])(?:[.,]\d)?|10[2-6](?:\.\d)?)",
            rf"(?:fever|temperature)[\w ,.]{{0,30}}{_BABY}",
            rf"{_ZH_BABY}.{{0,12}}(?:高烧|发烧|发热|烧到|(?:3[89]|4[0-2])(?:\.\d)?度)",
        ),
    ),
    RedFlag(
        "seizure",
        _any(
            r"(?:having|had|has|is in) (?:\w+ ){0,2}(?:seizures?|fit|convulsions?)\b|seizing|convuls\w+|shaking uncontrollably|foaming at the mouth",
            r"抽搐|惊厥|抽风|癫痫(?:\w{0,3})(?:发作|犯)|口吐白沫|翻白眼",
        ),
    ),
    RedFlag(
        "pregnancy",
        _any(
            r"pregnan\w+[\w ,.]{0,40}(?:bleed\w*|blood|severe pain|bad cramps|no movement|not moving|stopped moving|waters? broke)",
            r"(?:bleed\w*|blood|waters? broke|(?:baby|it) (?:has |is )?(?:stopped|not) mov\w+)[\w ,.]{0,40}(?:pregnan\w+|weeks along)",
            r"(?:怀孕|孕妇|孕期|孕\d+周).{0,14}(?:[出流]了?\w{0,3}血|见红|剧痛|剧烈腹痛|胎动(?:减少|消失|没)|破水)|羊水破|胎动(?:没了|消失)",
        ),
    ),
    RedFlag(
        "diabetic_crisis",
        _any(
            r"diabet\w+[\w ,.]{0,50}(?:vomiting|confused|fruity breath|drowsy|cant stay awake|very high|ketoacidosis)|ketoacidosis",
            r"糖尿病.{0,16}(?:呕吐|昏睡|意识模糊|烂苹果味|酮症)|酮症酸中毒",
        ),
    ),
    RedFlag(
        "injury",
        _any(
            r"(?:hit|banged|injured|smashed|cracked) (?:my|his|her|the) head[\w ,.]{0,40}(?:vomit\w*|confused|dizzy|drowsy|passed|memory|blurr\w*)",
            r"(?:been|was|got|were) (?:stabbed|shot|electrocuted)|(?:third degree|severe|bad(?:ly)?) burn\w*|amputat\w+|bone (?:is )?sticking out",
            r"(?:头|脑袋).{0,8}(?:摔|撞|磕|砸).{0,14}(?:吐|晕|昏|模糊|迷糊)|被(?:捅|刺|砍)|触电|大面积烧伤|严重烧伤|骨头(?:露|戳)",
        ),
    ),
)

# Words that carry a pattern: a word one typing error away from one of these is read as it.
_KEY_WORDS = frozenset(
    [
        "chest",
        "pain",
        "heart",
        "attack",
        "breath",
        "breathe",
        "breathing",
        "stroke",
        "bleeding",
        "blood",
        "unconscious",
        "collapsed",
        "suicide",
        "overdose",
        "seizure",
        "convulsion",
        "pregnant",
        "numb",
        "swelling",
        "swollen",
        "throat",
        "tongue",
        "tightness",
        "pressure",
        "crushing",
        "severe",
        "slurred",
        "drooping",
        "choking",
        "gasping",
        "vomiting",
        "poison",
        "poisoned",
        "bleach",
        "tablets",
        "pills",
        "myself",
        "allergic",
        "reaction",
        "fainted",
        "unresponsive",
        "baby",
        "fever",
        "diabetic",
        "asthma",
        "droopy",
        "weak",
        "stabbing",
    ]
)
_SHORTEST_MENDED = 5
_SHORT_ERRORS = {"pian": "pain", "hart": "heart", "cheast": "chest"}
_NEGATION = re.compile(
    r"\b(?:no|not|without|never|denies|deny|dont have|do not have|doesnt have|havent|isnt|arent|wasnt|didnt|nobody|none)\b"
    r"|没有|没|并无|无|不是|并非|未|不(?:会|再|太)?$"
)
_CLAUSE = re.compile(
    r"[,.;:!?，。；：！？、\n]+|\b(?:but|however|though|although|except|yet)\b|但是|但|不过|可是|只是"
)
_SENTENCE = re.compile(r"[.;!?。；！？\n]+")
_ELSEWHERE = re.compile(
    r"\b(?:cover\w*|claims?|polic(?:y|ies)|premium\w*|insur\w+|benefits?|reimburs\w+|pay out|payout|exclu\w+|waiting period)\b"
    r"|\b(?:died|passed away|deceased|death|dead|last year|years ago|history of|family history|late)\b"
    r"|理赔|赔付|赔|保险|承保|报销|保障|等待期|免责|条款|投保|去世|过世|病逝|死亡|去年|年前|病史"
)
_NOW = re.compile(
    r"\b(?:i have|i am having|im having|i feel|i am feeling|im feeling|i think i|right now|since (?:this|last|an)|he has|she has"
    r"|help me|emergency|ambulance|suddenly)\b|我(?:现在|突然|今天|刚刚|刚才|正在)|救命|急救|现在(?:很|非常|一直)"
)


def find_red_flags(text: str) -> tuple[str, ...]:
    """The names of the emergencies that the text tells of, in the table's order; empty for nearly every
    message.
    """
    plain = _plain(text)
    clauses = [clause for clause in _CLAUSE.split(plain) if clause.strip()]
    told = tuple(sentence for sentence in _SENTENCE.split(plain) if sentence.strip())
    return tuple(flag.name for flag in TABLE if _tells(flag, clauses, told))


def _tells(flag: RedFlag, clauses: list[str], sentences: tuple[str, ...]) -> bool:
    # Signs may stand across commas ("my baby, two months old, has a fever"), so whole sentences are searched too.
    if any(_affirmed(flag.signs, part) for part in (*clauses, *sentences)):
        return True
    if flag.names is None:
        return False
    return any(
        _affirmed(flag.names, sentence) and (_NOW.search(sentence) or not _ELSEWHERE.search(sentence))
        for sentence in sentences
    )


def _affirmed(pattern: re.Pattern[str], part: str) -> bool:
    """Whether a match stands that is not denied within its clause."""
    for found in pattern.finditer(part):
        before = _CLAUSE.split(part[: found.start()])[-1]
        if not _NEGATION.search(before[-40:]):
            return True
    return False


def _plain(text: str) -> str:
    """Lower case, apostrophes gone, typing errors in key words mended."""
    lowered = text.lower().replace("'", "").replace("\u2019", "")
    return re.sub(r"[a-z]+", lambda found: _mended(found.group()), lowered)


@lru_cache(maxsize=8192)
def _mended(word: str) -> str:
    if word in _SHORT_ERRORS:
        return _SHORT_ERRORS[word]
    if len(word) < _SHORTEST_MENDED or word in _KEY_WORDS or word in _SOUND:
        return word
    near: Iterator[str] = (
        key
        for key in sorted(_KEY_WORDS)
        if len(key) >= _SHORTEST_MENDED and OSA.distance(word, key, score_cutoff=1) <= 1
    )
    return next(near, word)


# Right words that lie one letter from a key word.
_SOUND = frozenset(
    "heard hearth chess crest chests bread breaths hearts stoke strokes pills bleached weeks severed".split()  # noqa: SIM905 shorter than a list
)
