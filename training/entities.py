"""The `entities` part: the corpus's synonyms, lookup tables and expressions, checked and copied, and a tagger
of what its annotated examples teach.

Knows the corpus and the part's files; training/annotated.py decides what is learned.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from safetensors.numpy import save_file
from tokenizers import Tokenizer

from nlu.entities import FILE, FORMAT, WORDS
from nlu.errors import PartUnreadable
from nlu.tagger import SETTINGS, WEIGHTS
from training.annotated import Learned, Tables, learn
from training.context import PartResult, TrainContext
from training.corpus import Corpus
from training.errors import CorpusInvalid
from training.mentions import mostly_marked
from training.tagger import TaggerRecipe

_WORD = re.compile(r"[^\W\d_\u2e80-\U0003ffff]{3,}")
_PIECE = "##"  # begins what can only go on with a word, in a WordPiece vocabulary
_BEGINNING = "\u2581"  # begins a word in a SentencePiece vocabulary
OFTEN = 2  # a word that so many texts of the project hold is none of its typing errors


def train_entities(context: TrainContext) -> PartResult | None:
    """Writes the part: entities.json, words.txt, and the tagger where one was learned.

    What examples annotate is looked up too, and its other value joins the synonyms; but not a mention of an
    entity that the tagger was found to know better.
    """
    corpus = context.corpus
    tables = corpus.entities
    synonyms = dict(_table(tables, "synonyms"))
    lookups = {name: list(entries) for name, entries in _table(tables, "lookups").items()}
    regexes = {name: list(entries) for name, entries in _table(tables, "regexes").items()}
    recipe = TaggerRecipe()
    try:
        learned, figures = _learned(context, Tables(lookups, regexes), recipe)
    except PartUnreadable as error:
        raise CorpusInvalid(f"entities.json: {error}") from error
    mentions = _mentions(corpus, regexes, synonyms, but=learned.entities if learned else ())
    lookups = {name: sorted(set(entries)) for name, entries in lookups.items()}
    if not lookups and not regexes and not mentions and learned is None:
        return None
    counted = {"synonyms": synonyms, "lookups": lookups, "regexes": regexes, "mentions": mentions}
    _write_json(context.out / FILE, {"format": FORMAT, **counted})
    if lookups or mentions:
        words = sorted(known_words(context.base, corpus))
        (context.out / WORDS).write_text("\n".join(words) + "\n", encoding="utf-8")
    if learned:
        write_tagger(learned, context.out)
    return PartResult(
        recipe={"tagger": recipe.to_json(), "seed": context.seed} if learned else {},
        metrics={
            **{key: len(table) for key, table in counted.items()},
            "learned": sorted(learned.entities) if learned else [],
            "held_out": figures,
        },
    )


def write_tagger(learned: Learned, folder: Path) -> None:
    """tagger.json and tagger.safetensors, as nlu.tagger reads them."""
    network, chain = learned.network, learned.chain
    tensors = {name: getattr(network, name) for name in ("w1", "b1", "w2", "b2", "features")}
    tensors |= {name: getattr(chain, name) for name in ("following", "beginning", "ending")}
    save_file(tensors, folder / WEIGHTS)
    _write_json(folder / SETTINGS, learned.settings)


def known_words(base: Path, corpus: Corpus) -> set[str]:
    """Words that are no typing errors: those of the base model's vocabulary, and those that several of the
    project's texts hold.
    """
    pieces = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab()
    listed = (piece.removeprefix(_BEGINNING) for piece in pieces if not piece.startswith(_PIECE))
    texts = [example.text for example in corpus.examples]
    for answer in corpus.answers:
        texts += [*answer.text.values(), *(q for asked in answer.questions.values() for q in asked)]
    held = Counter(word for text in texts for word in set(_WORD.findall(text.casefold())))
    return {piece.casefold() for piece in listed if _WORD.fullmatch(piece)} | {
        word for word, n in held.items() if n >= OFTEN
    }


def _learned(
    context: TrainContext, tables: Tables, recipe: TaggerRecipe
) -> tuple[Learned | None, dict[str, Any]]:
    """A tagger, where examples are annotated and the encoder gives token vectors."""
    if context.encode_tokens is None:
        return None, {}
    return learn(
        context.corpus.examples,
        tables,
        encode=context.encode_tokens,
        recipe=recipe,
        seed=context.seed,
        device=context.device,
        progress=context.progress,
    )


def _mentions(
    corpus: Corpus, regexes: Mapping[str, list[str]], synonyms: dict[str, str], *, but: Collection[str]
) -> dict[str, list[str]]:
    """What examples annotate, by entity and `but` these; what it stands for joins the synonyms."""
    found: list[tuple[str, str]] = []
    for example in corpus.examples:
        for span in example.entities:
            mention = example.text[span.start : span.end]
            if not mention:
                continue
            matched = any(re.fullmatch(e, mention, re.IGNORECASE) for e in regexes.get(span.entity, []))
            if not matched and span.entity not in but:
                found.append((span.entity, mention))
            if mention != span.value:
                synonyms.setdefault(mention, span.value)
    return mostly_marked(found, [example.text for example in corpus.examples])


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _table(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = tables.get(key) or {}
    if not isinstance(table, dict):
        raise CorpusInvalid(f"entities.json: `{key}` must be an object; export the corpus again.")
    return table
