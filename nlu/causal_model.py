"""A causal language model in ONNX Runtime with its key-value cache, and its tokenizer.

Knows tokens and one graph (model.onnx, tokenizer.json). Does not know dialogues, answers or what a text is
for.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from nlu.errors import NluError, PartUnreadable

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"

Cache = list[NDArray[np.float32]]
"""Keys and values of every layer, each [batch, kv heads, tokens so far, head width]."""


class OutOfTime(NluError):
    """The model did not finish within the time given; send the stored answer as it is."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The shape of the graph, and the id of the token that ends a text."""

    layers: int
    kv_heads: int
    head_width: int
    positions: int
    end: int


class CausalModel:
    """One session for prefill and decoding alike. Nothing in it changes: safe to share between threads."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, graph: Graph) -> None:
        self.graph = graph
        self._session = session
        self._tokenizer = tokenizer
        self._outputs = [output.name for output in session.get_outputs()]
        self._past = [entry.name for entry in session.get_inputs() if entry.name.startswith("past_")]

    @staticmethod
    def load(folder: Path, graph: Graph, *, threads: int = 1) -> "CausalModel":
        """Open the two files. Raises PartUnreadable. `threads` are those of one forward pass."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # lengths vary from call to call, and the arena would keep the largest of every one of them
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            session = onnxruntime.InferenceSession(
                str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # tokenizers and ONNX Runtime raise plain Exception for a bad file
            raise PartUnreadable(
                f"{folder} holds no readable response model ({error}); train anew."
            ) from error
        return CausalModel(session, tokenizer, graph)

    def encode(self, text: str) -> list[int]:
        """The token ids of a text; our special tokens in it are read as such."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, special tokens left out."""
        text: str = self._tokenizer.decode(list(ids))
        return text

    def run(self, ids: NDArray[np.int64], cache: Cache) -> tuple[NDArray[np.float32], Cache]:
        """ids [batch, n] after a cache of p tokens → logits [batch, n, vocabulary], cache of p + n tokens."""
        feed: dict[str, Any] = {"input_ids": ids, **dict(zip(self._past, cache, strict=True))}
        logits, *grown = self._session.run(self._outputs, feed)
        return logits, grown

    def empty(self, batch: int) -> Cache:
        """The cache before the first token."""
        shape = (batch, self.graph.kv_heads, 0, self.graph.head_width)
        return [np.zeros(shape, np.float32) for _ in range(2 * self.graph.layers)]

    def log_probabilities(
        self, prompt: Sequence[int], texts: Sequence[Sequence[int]], *, deadline: float | None = None
    ) -> list[float]:
        """Log-probability in nats of each text (none empty) after the prompt, summed over its tokens.

        The prompt runs once; its cache is shared by all texts, which run as one batch. Raises OutOfTime once
        the monotonic clock has passed `deadline`.
        """
        check(deadline)
        logits, cache = self.run(np.array([prompt], np.int64), self.empty(1))
        check(deadline)
        first = log_softmax(logits[0, -1])
        totals = [float(first[text[0]]) for text in texts]
        longest = max(map(len, texts))
        if longest > 1:
            inputs = np.full((len(texts), longest - 1), self.graph.end, np.int64)
            for row, text in enumerate(texts):
                inputs[row, : len(text) - 1] = text[:-1]
            rest, _ = self.run(inputs, [np.repeat(part, len(texts), axis=0) for part in cache])
            for row, text in enumerate(texts):
                count = len(text) - 1
                totals[row] += float(log_softmax(rest[row, :count])[np.arange(count), text[1:]].sum())
        return totals

    def continue_greedily(
        self, prompt: Sequence[int], *, max_tokens: int, deadline: float | None = None
    ) -> Iterator[int]:
        """The likeliest token after the prompt, again and again, the end token last. Raises OutOfTime."""
        logits, cache = self.run(np.array([prompt], np.int64), self.empty(1))
        for _ in range(max_tokens):
            token = int(np.argmax(logits[0, -1]))
            yield token
            if token == self.graph.end:
                return
            check(deadline)
            logits, cache = self.run(np.array([[token]], np.int64), cache)


def check(deadline: float | None) -> None:
    """Raises OutOfTime once the monotonic clock has passed `deadline`."""
    if deadline is not None and time.monotonic() > deadline:
        raise OutOfTime("The response model ran out of time; raise its time limit or turn it off.")


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
