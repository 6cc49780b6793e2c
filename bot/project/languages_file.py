"""Reads which languages `config.yml` says a bot speaks: Rasa's `language` and our own `languages`.

Knows what a language code looks like, and what else Rasa lets stand in its place; guesses no text's language.
"""

from __future__ import annotations

import re

from bot.project.node import Entries, names, text
from bot.project.report import Report

_CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")  # BCP 47, as far as it is used
_MODEL = "_core_"  # `de_core_news_sm`: until its version 2, Rasa named spaCy's model here
_MEND = "Write two or three letters: `en`, `zh`, `pt-BR`."


def read_languages(top: Entries, report: Report) -> tuple[str, ...]:
    """The languages, the one spoken unless the customer's is known first. Rasa takes any word as `language`:
    one that is no code counts for nothing here.
    """
    first = (text(top.get("language"), "language", report) or "").partition(_MODEL)[0]
    if first and not _CODE.fullmatch(first):
        report.warn(top["language"].place, f"`{first}` is no language code and has no effect.", _MEND)
        report.lost.add("languages")
        first = ""
    more = names(top.get("languages"), "languages", report)
    for code in [code for code in more if not _CODE.fullmatch(code)]:
        report.error(top["languages"].place, f"`{code}` is no language code.", _MEND)
        report.lost.add("languages")
    return tuple(dict.fromkeys((*([first] if first else []), *more))) or ("en",)
