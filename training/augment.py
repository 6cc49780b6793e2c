"""Rewrites training texts while an encoder is tuned: slips of the finger, synonyms, and translation there and
back.

Knows texts, the project's tables and two translation models; knows no labels.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from training.errors import BaseModelMissing

Vary = Callable[[str, np.random.Generator], str]
_WORD = re.compile(r"[A-Za-z]{4,}")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_TRANSLATED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How texts are rewritten; 0 and nothing switch each way off, which is how recipes begin."""

    typos: float = 0.0  # chance that a word of four letters or more gets a slip, each time it is read
    synonyms: float = 0.0  # chance that a mention becomes another of its row in the tables
    there: str = ""  # folder of a translation model out of the examples' language
    back: str = ""  # folder of one into it again; with both, every text gets a translated twin


def vary_by(augmentation: Augmentation, tables: Sequence[Sequence[str]]) -> Vary | None:
    """What a text is turned into each time it is read; None where that is always itself. `tables` are rows of
    words that mean the same.
    """
    swap = _Swap(tables) if augmentation.synonyms else None
    if swap is None and not augmentation.typos:
        return None

    def vary(text: str, chance: np.random.Generator) -> str:
        if swap is not None:
            text = swap.in_text(text, chance, augmentation.synonyms)
        return with_typos(text, chance, augmentation.typos) if augmentation.typos else text

    return vary


def with_typos(text: str, chance: np.random.Generator, share: float) -> str:
    """The text with slips in a `share` of its longer words: two letters swapped, one lost, doubled, or hit on
    the next key.
    """

    def slip(found: re.Match[str]) -> str:
        word = found.group()
        if chance.random() >= share:
            return word
        at = int(chance.integers(1, len(word) - 1))
        before, letter, after = word[:at], word[at], word[at + 1 :]
        match int(chance.integers(4)):
            case 0:
                return before + after[0] + letter + after[1:]
            case 1:
                return before + after
            case 2:
                return before + letter + letter + after
            case _:
                return before + _beside(letter, chance) + after

    return _WORD.sub(slip, text)


def _beside(letter: str, chance: np.random.Generator) -> str:
    """A key next to this one."""
    row = next(row for row in _ROWS if letter.lower() in row)
    place = row.index(letter.lower()) + (1 if chance.random() < 0.5 else -1)
    return row[min(max(place, 0), len(row) - 1)]


class _Swap:
    """Finds the tables' words in a text and puts others of the same row in their place."""

    def __init__(self, tables: Sequence[Sequence[str]]) -> None:
        self._others: Mapping[str, tuple[str, ...]] = {
            word.casefold(): tuple(row) for row in tables for word in row if len(row) > 1
        }
        words = sorted(self._others, key=lambda word: (-len(word), word))
        edged = (rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in words)
        self._any = re.compile("|".join(edged), re.IGNORECASE) if words else None

    def in_text(self, text: str, chance: np.random.Generator, share: float) -> str:
        def swapped(found: re.Match[str]) -> str:
            row = self._others[found.group().casefold()]
            return row[int(chance.integers(len(row)))] if chance.random() < share else found.group()

        return self._any.sub(swapped, text) if self._any else text


def translated_twins(
    texts: Sequence[str], augmentation: Augmentation, progress: Callable[[int, int], None]
) -> list[str]:
    """Each text translated there and back; empty where no models are configured. Raises BaseModelMissing."""
    if not augmentation.there or not augmentation.back:
        return []
    there, back = _Translator(augmentation.there), _Translator(augmentation.back)
    twins: list[str] = []
    for start in range(0, len(texts), _TRANSLATED_AT_ONCE):
        twins.extend(back(there(texts[start : start + _TRANSLATED_AT_ONCE])))
        progress(len(twins), len(texts))
    return twins


class _Translator:
    """One sequence-to-sequence model of a folder, such as Marian's."""

    def __init__(self, name: str) -> None:
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise BaseModelMissing(
                f"There is no translation model {folder}; give the folder of a sequence-to-sequence model."
            )
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model = AutoModelForSeq2SeqLM.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            ).eval()
        except (OSError, ValueError, KeyError, ImportError) as error:  # some need sentencepiece
            raise BaseModelMissing(f"{folder} holds no translation model that loads ({error}).") from error

    def __call__(self, texts: Sequence[str]) -> list[str]:
        inputs = self._tokenizer(list(texts), return_tensors="pt", padding=True, truncation=True)
        found = self._model.generate(**inputs, max_new_tokens=128)
        return [str(text) for text in self._tokenizer.batch_decode(found, skip_special_tokens=True)]
