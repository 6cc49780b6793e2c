"""What a part's training function is given, and what it gives back.

Knows no recipe and no model; `training/parts.py` is the table of the functions that take this.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Tokens
from training.corpus import Corpus
from training.knobs import Choice

Progress = Callable[[str, int, int], None]
"""Reports (stage, done, total); each call becomes one JSON line, so call it a few times a second at most."""


@dataclass(frozen=True, slots=True)
class TrainContext:
    """Everything one part may use. A part writes its files into `out` and nowhere else."""

    corpus: Corpus
    out: Path  # the part's own folder in the unfinished bundle; exists and is empty
    bundle: Path  # the unfinished bundle, to read parts trained earlier (`encoder/` always is)
    encode: Callable[[Sequence[str]], NDArray[np.float32]]  # the served int8 encoder: [n, dim], L2-normalised
    seed: int
    device: str  # "cpu" or "cuda", already resolved
    intents: Choice  # how the intent part is made
    base: Path  # folder of the base model (config.json, tokenizer.json, model.safetensors)
    progress: Progress
    encode_tokens: Callable[[Sequence[str]], tuple[NDArray[np.float32], list[Tokens]]] | None = None
    response_base: str | None = None  # Hugging Face causal model to start the response model from


@dataclass(frozen=True, slots=True)
class PartResult:
    """What a trained part puts on record: every knob, and what was measured on held-out data."""

    recipe: Mapping[str, Any] = field(default_factory=dict)  # every knob, JSON values only
    metrics: Mapping[str, Any] = field(
        default_factory=dict
    )  # JSON values only; no times (they live in the manifest)


PartTrainer = Callable[[TrainContext], PartResult | None]
"""None: the corpus has nothing for this part, and the bundle will not have it."""
