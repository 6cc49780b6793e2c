"""A trained causal model to the folder that nlu/generator.py serves: an int8 ONNX graph with key-value cache.

Knows export and quantisation; knows nothing of dialogues or of how the model was trained.
"""

import json
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import DynamicCache

from nlu.causal_model import MODEL_FILE, TOKENIZER_FILE, Graph
from nlu.generator import FORMAT, SETTINGS_FILE, Settings

OPSET = 17


class Cached(nn.Module):
    """A causal model as a function of new tokens and of the keys and values of those before."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        """ids [batch, n], then keys and values of each layer [batch, kv heads, p, width]
        → logits [batch, n, vocabulary], then keys and values grown to p + n tokens.

        All rows of a batch have as long a past and padding stands on the right: the only mask is causality.
        """
        cache = DynamicCache()
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        before, new = past[0].shape[2], input_ids.shape[1]
        positions = torch.arange(new, device=input_ids.device) + before
        visible = torch.arange(before + new, device=input_ids.device)[None, :] <= positions[:, None]
        hidden = torch.zeros(()).masked_fill(~visible, torch.finfo(torch.float32).min)
        result = self.model(
            input_ids=input_ids,
            attention_mask=hidden[None, None].expand(input_ids.shape[0], 1, new, before + new),
            position_ids=positions[None].expand(input_ids.shape[0], new),
            past_key_values=cache,
            use_cache=True,
        )
        grown = [part for layer in result.past_key_values.layers for part in (layer.keys, layer.values)]
        return (result.logits, *grown)


def graph_of(model: Any, *, end: int) -> Graph:
    """What the server must know of this model's shape; positions are bounded, for a cache costs memory."""
    config = model.config
    heads = config.num_attention_heads
    return Graph(
        layers=config.num_hidden_layers,
        kv_heads=getattr(config, "num_key_value_heads", None) or heads,
        head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
        positions=min(config.max_position_embeddings, 2048),
        end=end,
    )


def export_graph(model: Any, shape: Graph, folder: Path, *, quantise: bool = True) -> None:
    """Write model.onnx into an existing folder, batch, length and past all dynamic."""
    model = model.eval().float().cpu()
    model.config._attn_implementation = "eager"
    past = torch.zeros((2, shape.kv_heads, 3, shape.head_width))
    names = [f"{kind}_{layer}" for layer in range(shape.layers) for kind in ("key", "value")]
    inputs = ["input_ids", *(f"past_{name}" for name in names)]
    outputs = ["logits", *(f"present_{name}" for name in names)]
    axes = {
        name: {0: "batch", 2: "past" if name.startswith("past_") else "total"} for name in inputs + outputs
    }
    axes["input_ids"] = axes["logits"] = {0: "batch", 1: "length"}
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # the tracing exporter is on its way out, yet its graphs are the ones that quantise and grow a cache
        warnings.simplefilter("ignore")
        full = Path(scratch) / "full.onnx"
        torch.onnx.export(
            Cached(model).eval(),
            # tensors of their own each: one object given twice would be traced as a single input
            (torch.ones((2, 4), dtype=torch.int64), *(past.clone() for _ in names)),
            str(full),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        graph = onnx.load(full)
        del graph.graph.value_info[:]  # shapes of the fp32 graph would contradict the quantised one
        if not quantise:
            onnx.save(graph, folder / MODEL_FILE)
            return
        onnx.save(graph, full)
        quantize_dynamic(full, folder / MODEL_FILE, weight_type=QuantType.QInt8, per_channel=True)


def write_settings(settings: Settings, tokenizer: Tokenizer, folder: Path) -> None:
    """Write generator.json and tokenizer.json beside the graph."""
    tokenizer.save(str(folder / TOKENIZER_FILE))
    data = {"format": FORMAT, **asdict(settings)}
    (folder / SETTINGS_FILE).write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
