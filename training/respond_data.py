"""Examples for the response model: what is shown, what is learnt, what is held out, and the tokenizer.

Knows prompts and token ids. Does not know torch, files, or how a corpus is laid out.
"""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from nlu import prompt
from nlu.prompt import Dialogue


@dataclass(frozen=True, slots=True)
class Exchange:
    """A dialogue up to the customer's last line, and the stored answer it calls for.

    `said` is what an agent said on the strength of that answer, and `reply` what is to be learnt from it;
    both None where only the answer is known (a question variant). `group` names what must not be split
    between training and held-out rows.
    """

    dialogue: Dialogue
    answer_id: str
    answer: str
    group: str
    reply: str | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Token ids of a prompt and of the text to learn after it (which ends with the end token)."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.reply)


def fit_tokenizer(texts: Iterable[str], *, vocabulary: int) -> Tokenizer:
    """Byte-level BPE over all the languages together; every digit is a token of its own.

    Single digits make a number something to be copied instead of something to be remembered.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=list(prompt.SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def add_prompt_tokens(tokenizer: Tokenizer) -> int:
    """Teach another model's tokenizer our special tokens; returns how many were new."""
    return tokenizer.add_special_tokens(list(prompt.SPECIAL_TOKENS))


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """The id of one of our tokens. Raises ValueError when the tokenizer was not made for them."""
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"The tokenizer lacks {token}; make it with fit_tokenizer or add_prompt_tokens.")
    return found


def hold_out(
    exchanges: Sequence[Exchange], *, share: float, seed: int
) -> tuple[list[Exchange], list[Exchange]]:
    """(training, held out), split by group; a group is wholly on one side."""
    groups = sorted({exchange.group for exchange in exchanges})
    random.Random(seed).shuffle(groups)
    held = set(groups[: round(len(groups) * share)])
    return (
        [exchange for exchange in exchanges if exchange.group not in held],
        [exchange for exchange in exchanges if exchange.group in held],
    )


class SampleMaker:
    """Turns exchanges into one epoch's samples, the same for the same seed and epoch.

    Three kinds: the answer after the dialogue (choosing); the answer after nothing, for `prior_share` of the
    exchanges, so that the prior means something; and the agent's words after dialogue and answer (wording),
    for `wording_share` of the exchanges without an agent's words the answer itself. In wording the numbers
    are redrawn in source and reply alike, so that copying is the only way to be right.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, positions: int, prior_share: float, wording_share: float, seed: int
    ) -> None:
        self.pad = token_id(tokenizer, prompt.PAD)
        self._tokenizer = tokenizer
        self._end = token_id(tokenizer, prompt.END)
        self._positions = positions
        self._prior_share = prior_share
        self._wording_share = wording_share
        self._seed = seed

    def epoch(self, exchanges: Sequence[Exchange], number: int) -> list[Sample]:
        """The samples of one epoch, in a seeded order."""
        chance = random.Random(self._seed * 1_000_003 + number)
        samples: list[Sample] = []
        for exchange in exchanges:
            samples.append(self.choosing(exchange))
            if chance.random() < self._prior_share:
                samples.append(self.choosing(without_lines(exchange)))
            if exchange.reply is not None or chance.random() < self._wording_share:
                samples.append(self.wording(redraw_numbers(exchange, chance)))
        chance.shuffle(samples)
        return samples

    def choosing(self, exchange: Exchange) -> Sample:
        """The stored answer after the dialogue."""
        return self._sample(prompt.render(exchange.dialogue), exchange.answer)

    def wording(self, exchange: Exchange) -> Sample:
        """The agent's own words after the dialogue and the stored answer."""
        text = prompt.render(exchange.dialogue, source=exchange.answer)
        return self._sample(text, exchange.reply or exchange.answer)

    def _sample(self, text: str, reply: str) -> Sample:
        half = self._positions // 2
        reply_ids = [*self._encode(prompt.plain(reply))[: half - 1], self._end]
        prompt_ids = prompt.fit(self._encode(text), self._positions - len(reply_ids))
        return Sample(tuple(prompt_ids), tuple(reply_ids))

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


def without_lines(exchange: Exchange) -> Exchange:
    """The same answer with nothing said before it."""
    return replace(exchange, dialogue=replace(exchange.dialogue, lines=()))


_NUMBER = re.compile(r"\d+")


def redraw_numbers(exchange: Exchange, chance: random.Random) -> Exchange:
    """Replace each number of the source by another of as many digits, alike in source and reply."""
    drawn: dict[str, str] = {}
    for number in _NUMBER.findall(exchange.answer):
        drawn.setdefault(number, "".join(chance.choice("123456789") for _ in number))

    def redraw(text: str) -> str:
        return _NUMBER.sub(lambda found: drawn.get(found.group(), found.group()), text)

    reply = None if exchange.reply is None else redraw(exchange.reply)
    return replace(exchange, answer=redraw(exchange.answer), reply=reply)


def batches(samples: Sequence[Sample], *, tokens: int, seed: int) -> list[list[Sample]]:
    """Samples of like length together, at most `tokens` padded tokens a batch, in a seeded order."""
    result: list[list[Sample]] = []
    batch: list[Sample] = []
    for sample in sorted(samples, key=len):
        if batch and (len(batch) + 1) * len(sample) > tokens:
            result.append(batch)
            batch = []
        batch.append(sample)
    if batch:
        result.append(batch)
    random.Random(seed).shuffle(result)
    return result
