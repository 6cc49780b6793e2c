"""What is said beside a yes and a no where a flow asks whether to go ahead: a new value, or that something is
to be another.

Knows how English and Chinese customers lead such words in; not which slot they are for. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.dialogue.phrases import HELP_WORDS, NO, REPEAT_WORDS, STOP_WORDS, YES
from bot.dialogue.values import folded

MOST_WORDS = 5  # of a value without a number in it
_I = re.IGNORECASE
# "Yes, but" is as good as a no: it lets nothing be done.
_DENIAL = re.compile(
    r"(?:(?:no|nope|nah|not|sorry|oops|wait|hang on|actually|(?:yes|ok|okay),?\s+but)\b"
    r"|不是|不对|不行|不要|不用|不|等等|等一下|抱歉|(?:是的?|好的?|可以)[，,]?但是?)[\s,.;:!—–\-，。；：！、]*",
    _I,
)
_WRONG = re.compile(r"\b(?:wrong|incorrect|mistaken?|typo|error|not right|isn'?t right)\b|错|不对|有误", _I)
_OTHER = re.compile(
    rf"{_WRONG.pattern}|\b(?:(?:some|any)(?:where|one|body)|elsewhere|another|different|other|else"
    r"|change (?:the|it|that|this|my (?!mind)))\b|^(?:that|this) (?!is\b|was\b)"
    r"|别的|其他|其它|另|换[个一]|改",
    _I,
)
_GIVES_UP = re.compile(
    r"\b(?:do ?n[o']?t|don’t|no longer|any ?more|nothing|stop|cancel|forget|mind|thanks?)\b"
    r"|不想|不要|不用|不办|取消|算了|谢",
    _I,
)
_LEAD = re.compile(
    r"(?:(?:please|just|can you|could you)\s+)*(?:"
    r"(?:send|ship|post|mail|deliver|go|sent|make|pay|transfer|change|correct|set|put|the|my|our|it|that|this"
    r"|i(?:'d| would) like|i want|(?:can|could) (?:it|that|you|we))"
    r"\b[^\d,.;!?]{0,40}?\b(?P<to>to|for|is|be|was)\b"
    r"|make it|use|i (?:meant|mean|said)|to|for|it'?s|should be)\s+"
    r"|(?:请|麻烦您?)?(?:[^\d，,。]{0,6}?(?:应该是|改成|改为|换成|换到|寄到|寄给|寄去|送到|送给|发到|发给|转给|转到|是)"
    r"|给|到|用)[:：\s]*",
    _I,
)
_BUT = re.compile(r"[^.;。；]{1,40}?(?:,?\s+but\s+|[，,]\s*而?(?=是))", _I)  # "not Anna but Ben"
_WAITS = re.compile(r"\b(?:wait|hang on)\b|等等|等一下", _I)
_TAIL = re.compile(r"(?<![\s,，])[\s,，]*(?:\b(?:instead|please|rather|then)|才对|吧)[\s.!。！]*$", _I)
_QUESTION = "what|which|who|when|where|why|how|do|does|did|is|are|can|could|will|would|should|have"
_SENTENCE = re.compile(
    rf"(?:{_QUESTION}|yes|ok|okay|sure|i|i'm|we|you|he|she|they|my|our|it|that|this|there|be|me|us|him|her|them"
    r"|now|today|the)\b",
    _I,
)
_HAN = re.compile("[\u3400-\u9fff]")
_ASKS = re.compile(rf"(?:{_QUESTION})\b|.*[?？吗呢]\s*$", _I | re.DOTALL)
_POLITE = frozenset({"sorry", "please", "thanks", "thank you", "hello", "hi", "bye"})
_NO_VALUES = YES | NO | STOP_WORDS | HELP_WORDS | REPEAT_WORDS | _POLITE


@dataclass(frozen=True, slots=True)
class Objection:
    """`denies`: it begins with a no, or with a yes that is none. `words`: what follows, without what leads a
    value in; `by` is that lead's last word, empty where there was none. `other`: it says that something is
    `wrong`, or is to be another. `gives_up`: the whole thing is not wanted.
    """

    denies: bool
    wrong: bool
    other: bool
    gives_up: bool
    rest: str
    words: str
    by: str

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return bool(_ASKS.match(self.rest))

    @property
    def is_text(self) -> bool:
        """Whether the words can be a value of free text: an address, a name."""
        if not self.words or self.words.endswith(("?", "？")) or folded(self.words) in _NO_VALUES:
            return False
        if _OTHER.search(self.words) or _GIVES_UP.search(self.words):
            return False
        if re.search(r"\d", self.words):
            return bool(self.by) or ((self.denies or self.is_long) and not _SENTENCE.match(self.words))
        if _HAN.search(self.words):
            return self.denies and bool(self.by) and len(self.words) <= 6 * MOST_WORDS
        words = self.words.split()
        if not self.denies or len(words) > MOST_WORDS or (_SENTENCE.match(self.words) and self.by != "to"):
            return False
        named = all(word[:1].isupper() or len(word) <= 3 for word in words) and words[0][:1].isupper()
        return named or (self.by in _DIRECT and len(words) <= 3)

    @property
    def is_long(self) -> bool:
        """Whether there are several words, as in an address, or Chinese ones."""
        return " " in self.words or bool(_HAN.search(self.words))

    @property
    def is_number(self) -> bool:
        """Whether the words are a number, and hardly more."""
        return bool(re.search(r"\d", self.words)) and len(re.findall(r"[^\W\d_]+", self.words)) <= 1


_DIRECT = frozenset({"to", "for", "make it", "use", "i meant", "i mean", "i said"})


def objection(text: str) -> Objection:
    """What a message objects, if anything."""
    rest, last = text.strip(), ""
    while (found := _DENIAL.match(rest)) and found.end():
        rest, last = rest[found.end() :], found[0].casefold()
    words, by = _TAIL.sub("", rest), ""
    if last.startswith(("not", "不是")) and (but := _BUT.match(words)):
        words, by = words[but.end() :], "to"
    while (lead := _LEAD.match(words)) and lead.end() < len(words):
        words, by = words[lead.end() :], (lead["to"] or lead[0]).strip().casefold()
    return Objection(
        denies=bool(last),
        wrong=bool(_WRONG.search(rest)),
        other=bool(_OTHER.search(rest) or (not rest and _WAITS.search(text))),
        gives_up=bool(_GIVES_UP.search(rest)),
        rest=rest,
        words=words.strip(" .,;:!。，；：！"),
        by=by,
    )
