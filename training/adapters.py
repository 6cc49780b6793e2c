"""Reaches the transformer inside a sentence model, and puts low-rank adapters in where it is large.

Knows the two libraries' ways of holding a transformer; knows no loss and no rows.
"""

from typing import Any, cast

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from training.export import SentenceModel


def adapted(model: SentenceModel, *, largest: int, rank: int) -> PeftModel | None:
    """Puts low-rank adapters beside the weights of a model of `largest` parameters or more, which then stand
    still (LoRA, arXiv:2106.09685). None where the model is smaller.
    """
    if sum(parameter.numel() for parameter in model.parameters()) < largest:
        return None
    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules="all-linear")
    adapted = get_peft_model(_transformer(model), config)
    put_transformer(model, adapted)
    return cast(PeftModel, adapted)


def _transformer(model: SentenceModel) -> Any:
    return getattr(model.modules_in_order[0], _place(model))


def put_transformer(model: SentenceModel, transformer: nn.Module) -> None:
    """Sets the transformer inside the sentence model."""
    setattr(model.modules_in_order[0], _place(model), transformer)


def _place(model: SentenceModel) -> str:
    """The attribute sentence-transformers keeps the transformer in: `auto_model` until 5, `model` from 6."""
    return "model" if "model" in dict(model.modules_in_order[0].named_children()) else "auto_model"


def word_embeddings(model: SentenceModel) -> nn.Embedding:
    """The table of the tokens' first vectors."""
    return cast(nn.Embedding, _transformer(model).get_input_embeddings())


def resize_words(model: SentenceModel, size: int) -> None:
    """Gives that table so many rows; those there are stay."""
    _transformer(model).resize_token_embeddings(size, mean_resizing=False)
