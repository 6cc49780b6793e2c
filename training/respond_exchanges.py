"""What a corpus has to teach the response model: dialogues, the answers they call for, and what was said.

Knows the corpus and which replies may be learnt from. Does not know tokens, models or splits.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce

from nlu import prompt
from nlu.prompt import Dialogue, Line
from retrieval.answers import Answer
from retrieval.facts import sentences, split
from retrieval.verification import verify
from training.corpus import Corpus
from training.respond_data import Exchange

MOST_OPENERS = 24


def exchanges_of(corpus: Corpus) -> list[Exchange]:
    """Every question variant with its answer, and every dialogue up to a turn that names an answer."""
    answers = {answer.id: answer for answer in corpus.answers}
    found = [
        Exchange(Dialogue((Line("customer", question),), language), answer.id, answer.text[language], group)
        for answer in corpus.answers
        for language, questions in answer.questions.items()
        if language in answer.text
        for question in questions
        for group in (f"{answer.id} {language} {question}",)
    ]
    for number, dialogue in enumerate(corpus.dialogues):
        lines: list[Line] = []
        for turn in dialogue.turns:
            text = text_of(answers, turn.answer, dialogue.language) if turn.speaker == "agent" else None
            if text is not None and turn.answer is not None and lines:
                said = Dialogue(tuple(lines), dialogue.language)
                reply = wording_target(turn.text, text)
                found.append(Exchange(said, turn.answer, text, f"dialogue {number}", reply, turn.text))
            lines.append(Line("customer" if turn.speaker == "customer" else "agent", turn.text))
    return found


def wording_target(reply: str, answer: str) -> str:
    """What to learn from an agent's reply: the reply if it keeps every fact of the answer, else the answer
    with the reply's courtesy before and after it. A free paraphrase would teach the model to drop facts.
    """
    if not verify(reply, [answer]):
        return reply
    parts = split(reply)
    kind = [all(sentence.courtesy for sentence in sentences(part)) for part in parts]
    first = kind.index(False) if False in kind else len(parts)
    last = len(parts) - kind[::-1].index(False) if False in kind else len(parts)
    return reduce(prompt.join, [*parts[:first], answer, *parts[last:]])


def openers_of(exchanges: Sequence[Exchange]) -> dict[str, tuple[str, ...]]:
    """Per language, the courtesy that agents put before an answer more than once, the most frequent first."""
    counts: dict[str, Counter[str]] = {}
    for exchange in exchanges:
        before: list[str] = []
        for part in split(exchange.reply or ""):
            if not all(sentence.courtesy for sentence in sentences(part)):
                if before:
                    opener = reduce(prompt.join, before)
                    counts.setdefault(exchange.dialogue.language, Counter())[opener] += 1
                break
            before.append(part)
    return {
        language: tuple(opener for opener, count in found.most_common(MOST_OPENERS) if count > 1)
        for language, found in counts.items()
    }


def text_of(answers: Mapping[str, Answer], answer_id: str | None, language: str) -> str | None:
    """The answer's text in that language, if it has one."""
    answer = answers.get(answer_id or "")
    return None if answer is None else answer.text.get(language)
