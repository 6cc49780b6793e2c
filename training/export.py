"""A torch BERT to the encoder folder that retrieval/encoder.py serves: ONNX, int8, tokenizer, settings.

Knows export and quantisation; knows nothing of what the vectors are for.
"""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from torch import Tensor, nn

from retrieval.encoder import FORMAT
from retrieval.gloss import FILE as GLOSS
from training.errors import BaseModelMissing
from training.glossary import write_glossary

MAX_LENGTH = 128
# Everyday words of a service desk; a vocabulary made for Chinese has nearly all, MiniLM's lacks half.
COMMON_CHARACTERS = (
    "我要申请理赔怎么办理保险贷款请问可以帮忙查询账单地址电话谢谢你们医院药费多少钱时间取消修改问题"
)
OPSET = 17


class SentenceModel(nn.Module):
    """A BERT with the pooling its makers chose, and L2 normalisation: tensors in, unit vectors out."""

    def __init__(self, modules: SentenceTransformer) -> None:
        super().__init__()
        self.modules_in_order = modules

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Unit vectors [n, dim] of token ids [n, length]."""
        found = self.modules_in_order({"input_ids": input_ids, "attention_mask": attention_mask})
        return nn.functional.normalize(found["sentence_embedding"], dim=-1)

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return int(self.modules_in_order.get_embedding_dimension() or 0)


class _TwoOutputs(nn.Module):
    """What is served: the unit vectors, and beside them each token's vectors of the middle and the last
    layer.

    The last layer alone was trained for whole sentences. Span F1 of the tagger on development rows, by the
    layers it sees: NLU++ banking 0.56 (last), 0.71 (middle), 0.75 (both); hotels 0.71, 0.76, 0.76.
    """

    def __init__(self, model: SentenceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        found = self.model.modules_in_order(inputs)
        layers = found["all_layer_embeddings"]
        tokens = torch.cat([layers[len(layers) // 2], layers[-1]], dim=-1)
        return nn.functional.normalize(found["sentence_embedding"], dim=-1), tokens


@contextmanager
def _all_layers(model: SentenceModel) -> Iterator[None]:
    """The model gives every layer's vectors while open."""
    config = cast(Any, model.modules_in_order[0]).auto_model.config
    config.output_hidden_states = True
    try:
        yield
    finally:
        config.output_hidden_states = False


def load_sentence_model(base: Path) -> SentenceModel:
    """The base model in fp32 on the CPU, from safetensors only; a base that names no pooling gets the mean.
    Raises BaseModelMissing.
    """
    try:
        modules = SentenceTransformer(
            str(base),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={
                "use_safetensors": True,
                "attn_implementation": "eager",
                "dtype": torch.float32,
            },
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise BaseModelMissing(f"{base} holds no model that can be loaded ({error}).") from error
    return SentenceModel(modules).eval()


def export_encoder(
    model: SentenceModel,
    base: Path,
    folder: Path,
    *,
    name: str,
    chinese: bool = False,
    beside_shared: bool = False,
) -> None:
    """Writes model.onnx (int8 weights), tokenizer.json and encoder.json into an existing folder.

    `beside_shared` says that its vectors are used with those of the bundle's shared encoder behind them. With
    `chinese` a base that cannot read Chinese gets a glossary beside it.
    """
    _export_graph(model.eval().cpu(), folder / "model.onnx")
    shutil.copyfile(base / "tokenizer.json", folder / "tokenizer.json")
    if chinese and not reads_chinese(base):
        write_glossary(folder / GLOSS)
    settings = {
        "format": FORMAT,
        "base": name,
        "dim": model.dim,
        "max_length": MAX_LENGTH,
        "precision": "int8",
        "beside_shared": beside_shared,
    }
    (folder / "encoder.json").write_text(
        json.dumps(settings, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the exporters' remarks: on branches the trace fixes (none depends on the text) and on index
    signs, and the quantiser's advice, for which no finding of ours speaks.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def _export_graph(model: SentenceModel, target: Path) -> None:
    """The model as an ONNX graph with int8 weights."""
    with tempfile.TemporaryDirectory() as scratch, _quietly(), _all_layers(model):
        full = Path(scratch) / "full.onnx"
        # Two tensors: one object given twice would be traced as a single input.
        ids, mask = torch.ones((2, 8), dtype=torch.int64), torch.ones((2, 8), dtype=torch.int64)
        torch.onnx.export(
            _TwoOutputs(model),
            (ids, mask),
            str(full),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector", "tokens"],
            dynamic_axes={
                "input_ids": {0: "batch", 1: "length"},
                "attention_mask": {0: "batch", 1: "length"},
                "vector": {0: "batch"},
                "tokens": {0: "batch", 1: "length"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
        graph = onnx.load(full)
        del graph.graph.value_info[:]  # shapes of the fp32 graph would contradict the quantised one
        onnx.save(graph, full)
        # Scales per output channel: cosine to fp32 vectors 0.993 on average, against 0.962 with one scale.
        quantize_dynamic(full, target, weight_type=QuantType.QInt8, per_channel=True)


def reads_chinese(base: Path) -> bool:
    """Whether the base's vocabulary holds most of the commonest Chinese characters as tokens of their own."""
    vocabulary = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab()
    return sum(character in vocabulary for character in COMMON_CHARACTERS) > 0.9 * len(COMMON_CHARACTERS)
