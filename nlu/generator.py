"""Serves the response model: scores stored answers given a dialogue, and words a reply around one.

Knows its ONNX graph with key-value cache, its tokenizer and what its training measured. Does not check facts
(the caller verifies a wording before it is said), and knows no store, no channel and no torch.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from nlu import prompt
from nlu.errors import NluError, PartUnreadable
from nlu.prompt import Dialogue

FORMAT = 1
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
SETTINGS_FILE = "generator.json"

_PRIORS_KEPT = 4096


class OutOfTime(NluError):
    """The model did not finish within the time given; send the stored answer as it is."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """How the model's scores and retrieval's are put together, and whether that was measured to pay.

    Among the candidates whose retrieval score is within `margin` of the best, the one with the greatest
    `score + weight * (log p(answer | dialogue) - prior * log p(answer)) / tokens` is taken.
    """

    use: bool
    weight: float
    prior: float
    margin: float


@dataclass(frozen=True, slots=True)
class Settings:
    """The contents of `generator.json`: the graph's shape, the end token, and what training decided."""

    layers: int
    kv_heads: int
    head_width: int
    positions: int
    end: int
    choosing: Choosing
    reword: bool

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Settings":
        """Raises PartUnreadable for another format."""
        if data.get("format") != FORMAT:
            raise PartUnreadable(
                f"{SETTINGS_FILE} has format {data.get('format')!r}; this version reads {FORMAT}."
            )
        values = {name: data[name] for name in Settings.__dataclass_fields__ if name != "choosing"}
        return Settings(choosing=Choosing(**data["choosing"]), **values)


Cache = list[NDArray[np.float32]]
"""Keys and values of every layer, each [batch, kv heads, tokens so far, head width]."""


class Generator:
    """One ONNX session for prefill and decoding alike.

    Safe to share between threads: nothing changes but the table of priors, under a lock. A call computes for
    tens of milliseconds and blocks, so an asynchronous caller runs it on an executor of one thread, which
    also keeps two calls from fighting for the same core.
    """

    def __init__(self, session: ort.InferenceSession, tokenizer: Tokenizer, settings: Settings) -> None:
        self.settings = settings
        self._session = session
        self._tokenizer = tokenizer
        self._priors: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()
        self._outputs = [output.name for output in session.get_outputs()]
        self._past_names = [i.name for i in session.get_inputs() if i.name.startswith("past_")]

    @staticmethod
    def load(folder: Path, *, threads: int = 1) -> "Generator":
        """Open the part's folder. Raises PartUnreadable when it is not one this version reads."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # lengths vary from call to call, and the arena would keep the largest of every one of them
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        try:
            settings = Settings.from_json(json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8")))
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            session = ort.InferenceSession(folder / MODEL_FILE, options, providers=["CPUExecutionProvider"])
        except PartUnreadable:
            raise
        except Exception as error:  # tokenizers and onnxruntime raise bare exceptions of their own
            raise PartUnreadable(
                f"{folder.name} holds no response model this version reads: {error}"
            ) from error
        return Generator(session, tokenizer, settings)

    # --- choosing ------------------------------------------------------------------------------------------

    def pick(
        self, dialogue: Dialogue, candidates: Sequence[tuple[str, float]], *, seconds: float = 1.0
    ) -> int:
        """The index of the answer to give among `candidates` (text, retrieval score), best score first.

        Returns 0, retrieval's own choice, when choosing was not measured to pay, when nothing else comes
        near, or when time runs out.
        """
        choosing = self.settings.choosing
        near = [i for i, (_, score) in enumerate(candidates) if score >= candidates[0][1] - choosing.margin]
        if not choosing.use or len(near) < 2:
            return 0
        try:
            scores = self.score(dialogue, [candidates[i][0] for i in near], seconds=seconds)
        except OutOfTime:
            return 0
        totals = [candidates[i][1] + choosing.weight * score for i, score in zip(near, scores, strict=True)]
        return near[int(np.argmax(totals))]

    def score(self, dialogue: Dialogue, candidates: Sequence[str], *, seconds: float = 1.0) -> list[float]:
        """How well each candidate answers: log p(answer | dialogue) - prior * log p(answer), nats per token.

        The prompt runs once and its cache is shared by all candidates, which run as one batch. The second
        term keeps answers that suit everything from winning everywhere (Li et al. 2016, maximum mutual
        information). Raises OutOfTime.
        """
        deadline = time.monotonic() + seconds
        given = self.likelihoods(dialogue, candidates, deadline=deadline)
        weight = self.settings.choosing.prior
        if weight == 0.0:
            return given
        prior = self._prior(dialogue.language, candidates, deadline=deadline)
        return [
            likelihood - weight * unconditional
            for likelihood, unconditional in zip(given, prior, strict=True)
        ]

    def likelihoods(
        self, dialogue: Dialogue, candidates: Sequence[str], *, deadline: float | None = None
    ) -> list[float]:
        """Mean log-probability per token of each candidate (its end included) after the dialogue, in nats.

        Raises OutOfTime once the monotonic clock has passed `deadline`.
        """
        if not candidates:
            return []
        room = self.settings.positions // 2
        replies = [[*self._encode(prompt.plain(text))[: room - 1], self.settings.end] for text in candidates]
        longest = max(map(len, replies))
        ids = prompt.fit(self._encode(prompt.render(dialogue)), self.settings.positions - longest)
        _check(deadline)
        logits, cache = self._run(np.array([ids], np.int64), self._empty(1))
        _check(deadline)
        inputs = np.full((len(replies), longest - 1), self.settings.end, np.int64)
        for row, reply in enumerate(replies):
            inputs[row, : len(reply) - 1] = reply[:-1]
        shared = [np.repeat(part, len(replies), axis=0) for part in cache]
        rest, _ = self._run(inputs, shared)
        first = _log_softmax(logits[0, -1])
        return [_mean_log_probability(first, rest[row], reply) for row, reply in enumerate(replies)]

    def _prior(self, language: str, candidates: Sequence[str], *, deadline: float) -> list[float]:
        """Likelihoods with nothing said before. Stored answers come again, so they are remembered."""
        with self._lock:
            found = {
                text: self._priors[language, text] for text in candidates if (language, text) in self._priors
            }
        fresh: dict[str, float] = {}
        for text in dict.fromkeys(candidates):
            if text not in found:
                # alone: int8 scales its activations by the batch, so a prior must not depend on its
                # neighbours
                fresh[text] = self.likelihoods(Dialogue((), language), [text], deadline=deadline)[0]
        with self._lock:
            if len(self._priors) + len(fresh) > _PRIORS_KEPT:
                self._priors.clear()
            self._priors.update({(language, text): value for text, value in fresh.items()})
        found |= fresh
        return [found[text] for text in candidates]

    # --- wording -------------------------------------------------------------------------------------------

    def reword(
        self, dialogue: Dialogue, template: str, *, max_tokens: int = 200, seconds: float = 2.0
    ) -> str | None:
        """A wording of `template` that fits the dialogue, not yet verified; None when it found no end.

        Greedy, so the same dialogue gives the same words. Raises OutOfTime.
        """
        pieces: list[int] = []
        for token in self._decode(dialogue, template, max_tokens=max_tokens, seconds=seconds):
            if token == self.settings.end:
                text: str = self._tokenizer.decode(pieces)
                return text.strip() or None
            pieces.append(token)
        return None

    def stream(
        self, dialogue: Dialogue, template: str, *, max_tokens: int = 200, seconds: float = 2.0
    ) -> Iterator[str]:
        """The same wording as it is made, in pieces that are whole characters. Raises OutOfTime."""
        ids: list[int] = []
        sent = 0
        for token in self._decode(dialogue, template, max_tokens=max_tokens, seconds=seconds):
            if token == self.settings.end:
                return
            ids.append(token)
            text = self._tokenizer.decode(ids)
            # a character may be split over tokens; until it is whole it decodes to the replacement mark
            if len(text) > sent and not text.endswith("\ufffd"):
                yield text[sent:]
                sent = len(text)

    def _decode(self, dialogue: Dialogue, template: str, *, max_tokens: int, seconds: float) -> Iterator[int]:
        deadline = time.monotonic() + seconds
        max_tokens = min(max_tokens, self.settings.positions // 2)
        room = self.settings.positions - max_tokens
        ids = prompt.fit(self._encode(prompt.render(dialogue, source=template)), room)
        logits, cache = self._run(np.array([ids], np.int64), self._empty(1))
        for _ in range(max_tokens):
            token = int(np.argmax(logits[0, -1]))
            yield token
            if token == self.settings.end:
                return
            _check(deadline)
            logits, cache = self._run(np.array([[token]], np.int64), cache)

    # --- the graph -----------------------------------------------------------------------------------------

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _empty(self, batch: int) -> Cache:
        shape = (batch, self.settings.kv_heads, 0, self.settings.head_width)
        return [np.zeros(shape, np.float32) for _ in range(2 * self.settings.layers)]

    def _run(self, ids: NDArray[np.int64], cache: Cache) -> tuple[NDArray[np.float32], Cache]:
        """ids [batch, n] after a cache of p tokens → logits [batch, n, vocabulary], cache of p + n tokens."""
        feed: dict[str, Any] = {"input_ids": ids, **dict(zip(self._past_names, cache, strict=True))}
        logits, *grown = self._session.run(self._outputs, feed)
        return logits, grown


def _check(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise OutOfTime("The response model ran out of time; raise its time limit or turn it off.")


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def _mean_log_probability(
    first: NDArray[np.float32], rest: NDArray[np.float32], reply: Sequence[int]
) -> float:
    """`first` predicts the reply's first token, row i of `rest` its token i + 1."""
    total = float(first[reply[0]])
    count = len(reply) - 1
    if count:
        total += float(_log_softmax(rest[:count])[np.arange(count), reply[1:]].sum())
    return total / len(reply)
