"""A base model that reads Chinese characters of its own, made from one that lacks most of them.

Knows the tokenizer's file and the table of word vectors; knows no intents. What it makes is a base like any
other: tuning and export read its folder.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from retrieval.gloss import Glossary
from training.adapters import resize_words, word_embeddings
from training.export import SentenceModel, load_sentence_model, reads_chinese

_CHARACTER = re.compile(r"[\u4e00-\u9fff]")
_TOKENIZER = "tokenizer.json"


def can_be_widened(base: Path) -> bool:
    """Whether the base has a vocabulary of pieces to which characters can be added (WordPiece), and lacks
    Chinese.
    """
    told = json.loads((base / _TOKENIZER).read_text(encoding="utf-8"))
    return told["model"].get("type") == "WordPiece" and not reads_chinese(base)


def base_of_characters(base: Path, folder: Path, texts: Iterable[str], gloss: Path) -> Path:
    """The folder, filled with `base` and a token for every Chinese character of the texts. Each begins as the
    mean of the tokens of its gloss, so that tuning starts from what the characters mean; without a gloss as
    the unknown token. Only for a base that can_be_widened().
    """
    glossary = Glossary.load(gloss)
    told = json.loads((base / _TOKENIZER).read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = told["model"]["vocab"]
    old = Tokenizer.from_file(str(base / _TOKENIZER))
    characters = sorted({character for text in texts for character in _CHARACTER.findall(text)})
    for character in characters:
        vocabulary.setdefault(character, len(vocabulary))
    model = load_sentence_model(base)
    begun = {vocabulary[c]: old.encode(glossary.read(c), add_special_tokens=False).ids for c in characters}
    _begin(model, len(vocabulary), begun)
    model.modules_in_order.save(str(folder))
    (folder / _TOKENIZER).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return folder


def _begin(model: SentenceModel, size: int, begun: dict[int, list[int]]) -> None:
    """Gives the model vectors for `size` tokens; those of `begun` start at the mean of others."""
    words: Tensor = word_embeddings(model).weight.detach().clone()
    resize_words(model, size)
    weights = word_embeddings(model).weight
    with torch.no_grad():
        for place, pieces in begun.items():
            weights[place] = words[pieces].mean(dim=0) if pieces else words.mean(dim=0)
