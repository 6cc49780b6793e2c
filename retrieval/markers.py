"""Words that turn a sentence around, and words that only greet: tables for English and Chinese.

Knows classes of markers (negation, duty, permission, commitment, condition, limit) and courtesy.
Does not know facts, sentences or sources.
"""

import re
from collections import Counter

_CLASSES = (
    # the first class has no name: Chinese words that hold a marker's character without its meaning
    (
        "",
        "非常|不仅|不但|不过|无论|不管|未来|别人|特别|分别|区别|类别|性别|个别|级别|会员|机会|社会|会议|功能|能力|智能|应用|供应|反应|要求|需求|重要|主要|可靠|许可证",
    ),
    ("unless", r"\bunless\b|除非"),
    ("except", r"\bexcept(?:ing)?\b|\bapart from\b|\bother than\b|除了?"),
    (
        "at most",
        r"\bat most\b|\bup to\b|\bno more than\b|\bmaximum\b|\bnot? exceed(?:ing)?\b|最多|不超过|上限|最高",
    ),
    ("at least", r"\bat least\b|\bminimum\b|\bno less than\b|至少|最少|不少于|最低"),
    ("more", r"\bmore than\b|\bover\b|\babove\b|超过|以上|高于"),
    ("less", r"\bless than\b|\bunder\b|\bbelow\b|\bfewer\b|少于|以下|低于"),
    ("within", r"\bwithin\b|以内|之内|[天日月年时周期]内"),
    ("before", r"\bbefore\b|\bprior to\b|\bby the end\b|之前|以前|[天日月年时]前"),
    ("after", r"\bafter\b|之后|以后|[天日月年时]后"),
    ("until", r"\buntil\b|\btill\b|直到|为止"),
    (
        "not",
        r"\bnot\b|\bcannot\b|\b\w+n't\b|\bnor?\b|\bnever\b|\bnone\b|\bnothing\b|\bneither\b|\bwithout\b"
        r"|\bunable\b|不|没|无|未|非|勿|别|否",
    ),
    (
        "must",
        r"\bmust\b|\bha(?:ve|s) to\b|\bneed(?:s|ed)?\b|\brequire[sd]?\b|\bmandatory\b|必须|须|需|务必|要",
    ),
    ("should", r"\bshould\b|\bought\b|\brecommend\w*|\badvise\w*|应|建议|最好"),
    ("may", r"\bmay\b|\bmight\b|\bcould\b|\bpossibl[ye]\b|可能|也许|或许"),
    ("can", r"\bcan\b|\bable to\b|\ballow(?:s|ed)?\b|\bpermit\w*|可以|可|能|允许"),
    ("will", r"\bwill\b|\w'll\b|\bshall\b|\bgoing to\b|\bwould\b|将|会"),
    (
        "promise",
        r"\bguarantee\w*|\bpromise\w*|\bensur\w+|\bassure\w*|\bcertain(?:ly)?\b|\bdefinite\w*|保证|承诺|确保|一定|必定|肯定",
    ),
    (
        "always",
        r"\balways\b|\bevery\b|\beach\b|\ball\b|\bany\b|\bautomatic\w*|总是|每|所有|全部|任何|一律|自动",
    ),
    ("only", r"\bonly\b|\bjust\b|\bsolely\b|只|仅"),
    ("if", r"\bif\b|\bwhen\b|\bonce\b|\bprovided\b|\bas long as\b|如果|如|若|只要|当"),
    ("or", r"\bor\b|\beither\b|或"),
    ("free", r"\bfree\b|\bno charge\b|免费|免收"),
    ("excluded", r"\bexclu[ds]\w*|\bdeclin\w+|\breject\w*|\brefus\w+|\bden(?:y|ied|ies)\b|排除|拒绝|拒赔"),
    (
        "included",
        r"\binclu[ds]\w*|\bcover(?:ed|s|age)?\b|\bapprov\w+|\baccept\w*|包括|包含|承保|保障|批准|接受",
    ),
    ("up", r"\bincreas\w+|\bhigher\b|\bris(?:e|es|ing)\b|增加|提高|上升"),
    ("down", r"\bdecreas\w+|\blower\w*|\breduc\w+|减少|降低|下降"),
    ("done", r"\b(?:has|have|had|'ve|'s) (?:been|now|already)\b|\bI(?:'ve| have)\b|\bwe(?:'ve| have)\b|已"),
)
_MARKER = re.compile(
    "|".join(f"(?P<m{i}>{pattern})" for i, (_, pattern) in enumerate(_CLASSES)), re.IGNORECASE | re.ASCII
)


def markers(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for found in _MARKER.finditer(text):
        name = _CLASSES[int((found.lastgroup or "m0")[1:])][0]
        if name:
            counts[name] += 1
    return counts


ASIDE = frozenset({"can", "if", "always"})
"""Markers a sentence of pure courtesy may hold: "is there anything else I can help with", never a promise."""

COURTESY_EN = """
    happy glad pleased help thank thanks sorry hear understand question hello hi dear hope ask asking assist
    assistance further anything else other more frustrating worrying stressful difficult situation apologise
    apologies inconvenience concern answer contact patience feel know good morning afternoon evening here's
    day reaching contacting getting touch checking matter sounds
"""
"""No yes, sure or certainly among them: after a question they are an answer."""

COURTESY_ZH = re.compile(
    "您好|你好|早上好|下午好|晚上好|不客气|(?:非常|十分|很)?(?:感谢|谢谢)(?:您|你)?(?:的)?(?:咨询|来信|耐心|提问|等待|支持|理解|联系)?"
    "|(?:非常|十分|很|真的很)?(?:抱歉|遗憾)(?:听到(?:这个消息|这件事|您的情况))?|对不起|不好意思|给您带来(?:的)?不便"
    "|(?:我们?)?(?:能|完全|非常|很)?理解您的(?:心情|担心|感受|担忧|着急)|(?:我们?)?明白您的(?:意思|心情|担心)"
    "|(?:我们?)?很(?:高兴|乐意)(?:能)?(?:为您|帮您)(?:服务|解答|说明)?|请问?还有什么(?:其他)?(?:可以|能)帮(?:到)?(?:您|你)(?:的)?吗?"
    "|(?:如果?)?(?:您)?还?有(?:其他|任何)(?:问题|疑问),?(?:欢迎|请)?(?:随时)?(?:联系我们|告诉我们?|咨询我们?|提问)"
    "|希望(?:这|以上(?:信息|内容)?)?对您有所?帮助|关于您的(?:问题|提问)|祝您(?:生活愉快|早日康复|一切顺利)"
)
