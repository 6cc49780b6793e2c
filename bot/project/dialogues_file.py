"""Reads the `dialogues:` of training data: written conversations from which the response model learns to
choose and word answers.

Knows the format, a list of turns per dialogue; tests live elsewhere and are never read here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.project.language import guess_language
from bot.project.model import Dialogue, DialogueTurn
from bot.project.node import check_keys, entries, items, text
from bot.project.report import Report, suggest
from bot.project.yaml import Node

_SPEAKERS = ("customer", "agent")


def read_dialogues(
    sections: Sequence[Node], languages: Sequence[str], answers: Collection[str], report: Report
) -> tuple[Dialogue, ...]:
    """The dialogues of all sections. `answers` are the ids that a turn may name."""
    found = []
    for section in sections:
        for item in items(section, "dialogues", report):
            dialogue = _dialogue(item, languages, answers, report)
            if dialogue is not None:
                found.append(dialogue)
    return tuple(found)


def _dialogue(
    node: Node, languages: Sequence[str], answers: Collection[str], report: Report
) -> Dialogue | None:
    found = entries(node, "a dialogue", report)
    check_keys(found, ("language", "turns", "name"), "dialogue", report)
    turns = [
        _turn(item, answers, report) for item in items(found.get("turns"), "turns of a dialogue", report)
    ]
    kept = tuple(turn for turn in turns if turn is not None)
    if not kept:
        report.warn(node.place, "This dialogue has no turns.", 'Add `turns:` with `- customer: "…"` lines.')
        return None
    everything = " ".join(turn.text for turn in kept)
    language = text(found.get("language"), "language of a dialogue", report) or guess_language(
        everything, languages
    )
    return Dialogue(language, kept, node.place)


def _turn(node: Node, answers: Collection[str], report: Report) -> DialogueTurn | None:
    found = entries(node, "a turn", report)
    check_keys(found, (*_SPEAKERS, "answer"), "turn", report)
    speakers = [speaker for speaker in _SPEAKERS if speaker in found]
    said = text(found[speakers[0]], "what is said in a turn", report) if len(speakers) == 1 else None
    if said is None:
        report.error(
            node.place, "A turn must have one speaker.", 'Write `- customer: "…"` or `- agent: "…"`.'
        )
        return None
    answer = text(found.get("answer"), "answer of a turn", report)
    if answer is not None and answer not in answers and "answers" not in report.lost:
        mend = suggest(answer, answers, "Name an id from answers/, or leave it out.")
        report.warn(found["answer"].place, f"A turn names the answer `{answer}`, which does not exist.", mend)
        answer = None
    return DialogueTurn(speakers[0], said.strip(), answer)
