"""Checks of what is said: examples in two intents, answers that repeat each other, wordings missing in a
language.

Knows texts and languages; judges no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.dialogue.domain import Variation
from bot.dialogue.names import LANGUAGE_SLOT
from bot.project.check_names import unknown
from bot.project.language import folded, guess_language
from bot.project.model import AnswerTemplate, Project
from bot.project.report import Place, Report


def check_examples(project: Project, report: Report) -> None:
    """A text can teach one intent only; entities must be in the domain; one text twice in an intent adds
    nothing."""
    seen: dict[str, tuple[str, Place]] = {}
    repeated: dict[tuple[str, str], list[tuple[Place, Place]]] = {}
    strange: dict[str, Place] = {}
    for example in project.nlu.examples:
        intent, first = seen.setdefault(folded(example.text), (example.intent, example.place))
        if intent != example.intent:
            message = f"This example of `{example.intent}` is also one of `{intent}`, at {first}."
            report.warn(example.place, message, "Keep it where it belongs.")
        elif first != example.place:
            repeated.setdefault((intent, example.place.file), []).append((example.place, first))
        for entity in example.entities:
            if entity.name not in project.domain.entities:
                strange.setdefault(entity.name, example.place)
    known = project.domain.entities
    for name, place in strange.items():
        unknown(report, place, "This example marks the entity", name, known, "entities", breaks=False)
    for (intent, _), pairs in repeated.items():
        _tell_repeated(intent, pairs, report)


def _tell_repeated(intent: str, pairs: Sequence[tuple[Place, Place]], report: Report) -> None:
    """One finding for all that repeat one another in a file, each with the first that says the same."""
    place, first = pairs[0]
    if len(pairs) == 1:
        report.warn(place, f"This example repeats {first}.", "Remove one.")
        return
    lines = ", ".join(str(other.line) for other, _ in pairs)
    message = f"{len(pairs)} examples of `{intent}` repeat others but for case and signs: lines {lines}."
    report.warn(place, message, "Remove them: they teach nothing more.")


def check_answers(project: Project, report: Report) -> None:
    """One question has one answer; every answer is worded in every language of the project."""
    questions: dict[str, AnswerTemplate] = {}
    texts: dict[str, AnswerTemplate] = {}
    examples = {folded(example.text): example for example in project.nlu.examples}
    for template in project.answers:
        for question in _questions(template):
            first = questions.setdefault(folded(question), template)
            if first is not template:
                message = (
                    f"`{template.id}` shares the question “{question}” with `{first.id}` ({first.place})."
                )
                report.warn(template.place, message, "Keep it with the answer it asks for.")
            example = examples.get(folded(question))
            if example is not None:
                shared = f"the intent `{example.intent}` ({example.place})"
                message = f"`{template.id}` shares the question “{question}” with {shared}."
                report.warn(
                    template.place, message, "Keep it on one side: an intent acts, an answer informs."
                )
        for said in template.answer.text.values():
            first = texts.setdefault(folded(said), template)
            if first is not template:
                message = f"`{template.id}` gives the same text as `{first.id}` ({first.place})."
                report.warn(template.place, message, "Join the two: one answer can have many questions.")
        if "languages" not in report.lost:
            _check_answer_languages(template, project.settings.languages, report)


def _questions(template: AnswerTemplate) -> Iterator[str]:
    for many in template.answer.questions.values():
        yield from many


def _check_answer_languages(template: AnswerTemplate, languages: Sequence[str], report: Report) -> None:
    answer = template.answer
    missing = [language for language in languages if language not in answer.text]
    if missing:
        message = f"The answer `{template.id}` has no text in {', '.join(missing)}."
        report.warn(template.place, message, "Add it, or those customers get it in another language.")
    for language in languages:
        if language in answer.text and not answer.questions.get(language):
            message = f"The answer `{template.id}` has no questions in {language}."
            report.warn(template.place, message, "Add some: it is found by its text alone.")


def check_languages(project: Project, report: Report) -> None:
    """A response must be worded in every language; each intent needs examples and a title in each."""
    languages = project.settings.languages
    if len(languages) < 2 or "languages" in report.lost:
        return
    for name, many in sorted(project.domain.responses.items()):
        spoken = {_language(variation, languages) for variation in many}
        if None in spoken or not many:
            continue
        missing = [language for language in languages if language not in spoken]
        if missing:
            place = project.places.get(f"response:{name}", Place("domain.yml"))
            mend = "Add a variation with `condition: [{type: slot, name: language, value: …}]`."
            report.warn(place, f"The response `{name}` has no variation in {', '.join(missing)}.", mend)
    if "examples" in report.lost:
        return
    taught = {(example.intent, example.language) for example in project.nlu.examples}
    first = {example.intent: example.place for example in reversed(project.nlu.examples)}
    for intent in sorted({intent for intent, _ in taught}):
        missing = [language for language in languages if (intent, language) not in taught]
        if missing:
            place = project.places.get(f"intent:{intent.split('/')[0]}", first[intent])
            message = f"The intent `{intent}` has no examples in {', '.join(missing)}."
            report.warn(place, message, "Write some in each language.")


def _language(variation: Variation, languages: Sequence[str]) -> str | None:
    """The language a variation is for: its condition's, else its script's; None where it has no words."""
    for condition in variation.conditions:
        if condition.name == LANGUAGE_SLOT:
            return str(condition.value)
    return guess_language(variation.text, languages) if variation.text else None
