"""Texts to unit vectors by a small BERT in ONNX Runtime, and to a vector of each token beside them.

Knows one folder (model.onnx, tokenizer.json, encoder.json, and gloss.tsv where it reads Chinese); knows no
intents, no answers and no torch.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from retrieval.errors import EncoderUnreadable
from retrieval.gloss import FILE as GLOSS
from retrieval.gloss import Glossary, Place

FORMAT = 2
OLDER = 1  # the same sentence vectors, and no token vectors: bundles made before still serve
MODEL, TOKENIZER, SETTINGS = "model.onnx", "tokenizer.json", "encoder.json"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The middle and the last layer's vectors [tokens, width] of one text, and where each token stands in
    it: [tokens, 2], start and end in code points. Tokens of one glossed Chinese word share its place.
    """

    vectors: NDArray[np.float32]
    places: NDArray[np.int64]


class Encoder:
    """Mean-pooled, L2-normalised sentence vectors. Safe to call from several threads at once."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        tokenizer: Tokenizer,
        *,
        dim: int,
        name: str,
        gloss: Path | None = None,
        gives_tokens: bool = False,
        beside_shared: bool = False,
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._gloss = gloss
        self._lock = threading.Lock()
        self._glossary: Glossary | None = None
        self.dim = dim
        self.name = name
        self.gives_tokens = gives_tokens
        self.beside_shared = beside_shared

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> "Encoder":
        """Loads the files; the glossary is read when Chinese is first met. Raises EncoderUnreadable.
        `threads` are those of one forward pass.
        """
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            made = settings.get("format")
            if made not in (OLDER, FORMAT):
                raise EncoderUnreadable(f"{folder}: encoder format {made!r}, not {OLDER} or {FORMAT}.")
            dim, max_length, name = int(settings["dim"]), int(settings["max_length"]), str(settings["base"])
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            session = onnxruntime.InferenceSession(
                str(folder / MODEL), _options(threads), providers=["CPUExecutionProvider"]
            )
        except EncoderUnreadable:
            raise
        except Exception as error:  # tokenizers and ONNX Runtime raise plain Exception for a bad file
            raise EncoderUnreadable(f"{folder} holds no readable encoder ({error}); train anew.") from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length)
        gloss = folder / GLOSS
        return cls(
            session,
            tokenizer,
            dim=dim,
            name=name,
            gloss=gloss if gloss.is_file() else None,
            gives_tokens=made == FORMAT,
            beside_shared=bool(settings.get("beside_shared")),
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors [len(texts), dim], each of length 1; a text beyond the maximal length is cut at its end.

        One text a pass: dynamic int8 scales activations by the whole batch, so a batch would make a
        message's vector depend on its neighbours, and same input, same events would no longer hold.
        """
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            ids = self._tokenizer.encode(self._readable(text)).ids
            vectors[row] = self._run(["vector"], ids)[0][0]
        return vectors

    def encode_beside(self, shared: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float32]:
        """What `encode` gives; the vectors that another encoder found are not needed."""
        return self.encode(texts)

    def encode_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        """What `encode` gives, and of the same pass the tokens of each text. Only where `gives_tokens`."""
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        tokens = []
        for row, text in enumerate(texts):
            glossary = self._needed_glossary(text)
            read, stood_for = glossary.placed(text) if glossary else (text, None)
            found = self._tokenizer.encode(read)
            sentence, layer = self._run(["vector", "tokens"], found.ids)
            vectors[row] = sentence[0]
            own = [i for i, special in enumerate(found.special_tokens_mask) if not special]
            places = [_place(found.offsets[i], stood_for) for i in own]
            tokens.append(Tokens(layer[0][own], np.asarray(places, dtype=np.int64).reshape(-1, 2)))
        return vectors, tokens

    def _run(self, outputs: list[str], ids: Sequence[int]) -> list[NDArray[np.float32]]:
        row = np.asarray([ids], dtype=np.int64)
        found: list[NDArray[np.float32]] = self._session.run(
            outputs, {"input_ids": row, "attention_mask": np.ones_like(row)}
        )
        return found

    def _readable(self, text: str) -> str:
        """The text in words that the tokenizer knows: Chinese as its glosses, where the bundle has a
        glossary.
        """
        glossary = self._needed_glossary(text)
        return glossary.read(text) if glossary else text

    def _needed_glossary(self, text: str) -> Glossary | None:
        if self._gloss is None or text.isascii():
            return None
        with self._lock:
            if self._glossary is None:
                self._glossary = Glossary.load(self._gloss)
        return self._glossary


def _place(offset: Place, stood_for: Sequence[Place] | None) -> Place:
    """Where a token of the glossed text stands in the original."""
    start, end = offset
    return offset if stood_for is None or end <= start else (stood_for[start][0], stood_for[end - 1][1])


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning thread burns the core that other conversations need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
