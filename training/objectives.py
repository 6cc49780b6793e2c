"""What the encoder is tuned for: texts of one group near each other, apart from all others, and not far from
where they were.

Knows tensors; knows no model, no rows and no optimiser.
"""

import torch
from torch import Tensor, nn

ALONE = -1
"""The group of a row that belongs with no other: an out-of-scope message is like nothing but itself."""


def contrast(vectors: Tensor, groups: Tensor, *, temperature: float) -> Tensor:
    """The supervised contrastive loss of unit vectors [n, dim] with groups [n] (Khosla et al. 2020,
    arXiv:2004.11362, the sum outside the logarithm). Rows without a partner only push others away; a batch of
    such rows costs nothing.
    """
    near = vectors @ vectors.T / temperature
    near = near.masked_fill(torch.eye(len(vectors), dtype=torch.bool, device=vectors.device), -1e9)
    partners = (groups[:, None] == groups[None]) & (groups != ALONE)[:, None]
    partners.fill_diagonal_(False)
    counts = partners.sum(dim=1)
    paired = counts > 0
    if not bool(paired.any()):
        return vectors.sum() * 0.0
    chances = near - torch.logsumexp(near, dim=1, keepdim=True)
    of_partners = (chances * partners).sum(dim=1)
    return -(of_partners[paired] / counts[paired]).mean()


def to_prototypes(
    vectors: Tensor, prototypes: Tensor, groups: Tensor, *, scale: float, smoothing: float
) -> Tensor:
    """Cross-entropy over the cosines to one learnt vector a group, times `scale` (NormFace,
    arXiv:1704.06369).
    """
    grouped = groups != ALONE
    if not bool(grouped.any()):
        return vectors.sum() * 0.0
    cosines = vectors[grouped] @ nn.functional.normalize(prototypes, dim=1).T
    return nn.functional.cross_entropy(scale * cosines, groups[grouped], label_smoothing=smoothing)


def drift(vectors: Tensor, originals: Tensor) -> Tensor:
    """How far the vectors moved from those of the untouched encoder: 1 - cosine, averaged. Holding on to them
    keeps what the encoder knows of words that no example has.
    """
    return 1 - nn.functional.cosine_similarity(vectors, originals).mean()


class Adversary:
    """The fast gradient method (Miyato et al. 2017, arXiv:1605.07725): word embeddings shifted to where the
    loss grows fastest, for one more backward pass.
    """

    def __init__(self, embedding: nn.Embedding, *, size: float) -> None:
        self._weight, self._size = embedding.weight, size
        self._before: Tensor | None = None

    def __enter__(self) -> None:
        gradient = self._weight.grad
        if gradient is None:
            return
        norm = gradient.norm()
        if bool(norm > 0) and bool(torch.isfinite(norm)):
            self._before = self._weight.detach().clone()
            self._weight.data.add_(gradient, alpha=float(self._size / norm))

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            self._weight.data.copy_(self._before)
            self._before = None
