"""The encoders of a bundle: retrieval's, and what intents are read by.

Knows the two folders and how two vectors become one; knows no classifier.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import MODEL, Encoder

Vectors = NDArray[np.float32]


class PairedEncoder:
    """A tuned encoder's vector with the shared one's behind it, of length 1 together: what was learnt of the
    intents beside what is known of the language.
    """

    def __init__(self, own: Encoder, shared: Encoder) -> None:
        self._own, self._shared = own, shared
        self.dim = own.dim + shared.dim
        self.name = own.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors [len(texts), dim]."""
        return self.encode_beside(self._shared.encode(texts), texts)

    def encode_beside(self, shared: Vectors, texts: Sequence[str]) -> Vectors:
        """The same, where the shared encoder has read the texts already."""
        return joined(self._own.encode(texts), shared)


def joined(own: Vectors, shared: Vectors) -> Vectors:
    """Rows of two encoders as one, of length 1 again."""
    return np.asarray(np.concatenate([own, shared], axis=1) / np.sqrt(2), dtype=np.float32)


IntentEncoder = Encoder | PairedEncoder


def load_encoders(bundle: Path, *, threads: int = 1) -> tuple[IntentEncoder, Encoder]:
    """The encoders of a bundle: (for intents, for retrieval); one and the same in the fast recipe. Raises
    EncoderUnreadable.
    """
    shared = Encoder.load(bundle / "encoder", threads=threads)
    if not (bundle / "intents" / MODEL).is_file():
        return shared, shared
    own = Encoder.load(bundle / "intents", threads=threads)
    return PairedEncoder(own, shared) if own.beside_shared else own, shared
