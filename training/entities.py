"""The `entities` part: the corpus's synonyms, lookup tables and expressions, checked and copied.

Knows shapes; nothing is learned here, because regular expressions and tables already say what they match.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from nlu.entities import FILE, FORMAT, EntityExtractor
from nlu.errors import PartUnreadable
from training.context import PartResult, TrainContext
from training.errors import CorpusInvalid


def train_entities(context: TrainContext) -> PartResult | None:
    """Writes entities.json; what examples annotate joins the lookups, and its other value the synonyms."""
    tables = context.corpus.entities
    synonyms = dict(_table(tables, "synonyms"))
    lookups = {name: list(entries) for name, entries in _table(tables, "lookups").items()}
    regexes = {name: list(entries) for name, entries in _table(tables, "regexes").items()}
    for example in context.corpus.examples:
        for span in example.entities:
            mention = example.text[span.start : span.end]
            if not mention:
                continue
            if not any(re.fullmatch(e, mention, re.IGNORECASE) for e in regexes.get(span.entity, [])):
                lookups.setdefault(span.entity, []).append(mention)
            if mention != span.value:
                synonyms.setdefault(mention, span.value)
    lookups = {name: sorted(set(entries)) for name, entries in lookups.items()}
    settings = {"format": FORMAT, "synonyms": synonyms, "lookups": lookups, "regexes": regexes}
    if not lookups and not regexes:
        return None
    path = context.out / FILE
    path.write_text(
        json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    try:
        EntityExtractor.load(context.out)
    except PartUnreadable as error:
        raise CorpusInvalid(f"entities.json: {error}") from error
    counted = {"synonyms": synonyms, "lookups": lookups, "regexes": regexes}
    return PartResult(metrics={key: len(table) for key, table in counted.items()})


def _table(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = tables.get(key) or {}
    if not isinstance(table, dict):
        raise CorpusInvalid(f"entities.json: `{key}` must be an object; export the corpus again.")
    return table
