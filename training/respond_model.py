"""The response model as a network: built, trained, checkpointed, resumed.

Knows torch and transformers. Does not know dialogues, answers, ONNX, or what the model is for.
"""

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from training.respond_data import Sample, batches

LORA_FROM_PARAMETERS = 100_000_000
"""Above this size only low-rank adapters are trained (Hu et al., LoRA, 2021) and merged afterwards."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The compact GPT-2 trained from scratch when no other base is named."""

    layers: int = 2
    width: int = 128
    heads: int = 4
    positions: int = 512
    vocabulary: int = 4096


@dataclass(frozen=True, slots=True)
class Schedule:
    """How it is trained. `train_tokens` bounds the cost: tokens seen, over as many epochs as they last."""

    train_tokens: int = 1_500_000
    batch_tokens: int = 1024
    learning_rate: float = 3e-3
    warmup_share: float = 0.05
    weight_decay: float = 0.05
    dropout: float = 0.0
    checkpoint_every: int = 100


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run of training is: tokens seen, and the loss of the last batch in nats per reply token."""

    number: int
    tokens: int
    loss: float


def build_compact(shape: Shape, *, vocabulary: int, dropout: float, pad: int, end: int, seed: int) -> Any:
    """A GPT-2 of this shape with fresh weights drawn from the seed."""
    torch.manual_seed(seed)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=vocabulary,
            n_positions=shape.positions,
            n_embd=shape.width,
            n_layer=shape.layers,
            n_head=shape.heads,
            resid_pdrop=dropout,
            embd_pdrop=dropout,
            attn_pdrop=0.0,
            bos_token_id=end,
            eos_token_id=end,
            pad_token_id=pad,
        )
    )


def load_base(name: str, *, vocabulary: int, seed: int) -> Any:
    """Any Hugging Face causal model, its embeddings resized for our tokens; adapters above 100M weights."""
    torch.manual_seed(seed)
    model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    model.resize_token_embeddings(max(vocabulary, model.config.vocab_size))
    if sum(p.numel() for p in model.parameters()) > LORA_FROM_PARAMETERS:
        config = LoraConfig(
            r=16,
            lora_alpha=32,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
            # our tokens have fresh embeddings, which low-rank adapters of the layers cannot teach
            modules_to_save=["embed_tokens", "wte", "lm_head"],
            ensure_weight_tying=bool(model.config.tie_word_embeddings),
        )
        return get_peft_model(model, config)
    return model


def merged(model: Any) -> Any:
    """The plain model to export: adapters folded into the weights, no dropout."""
    plain = model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
    return plain.eval()


class Trainer:
    """AdamW with warm-up and cosine decay over a bound number of tokens, resumable from `checkpoint`.

    A resumed run sees the same batches as an uninterrupted one: epochs are made from the seed and their
    number, and the batches already seen are skipped. (Dropout is drawn anew, so the weights agree closely,
    not exactly.) `run` names data and recipe; a checkpoint of another run is ignored.
    """

    def __init__(
        self,
        model: Any,
        schedule: Schedule,
        *,
        seed: int,
        pad: int,
        device: str,
        checkpoint: Path | None,
        run: str,
    ) -> None:
        self._model = model.to(device)
        self._schedule = schedule
        self._seed = seed
        self._pad = pad
        self._device = device
        self._checkpoint = checkpoint
        self._run = run
        self._trainable = [p for p in model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            [
                {
                    "params": [p for p in self._trainable if p.dim() > 1],
                    "weight_decay": schedule.weight_decay,
                },
                {"params": [p for p in self._trainable if p.dim() <= 1], "weight_decay": 0.0},
            ],
            lr=schedule.learning_rate,
            betas=(0.9, 0.98),
        )

    def train(self, epoch: Callable[[int], Sequence[Sample]], report: Callable[[Step], None]) -> Step:
        """Train until the schedule's tokens are spent; returns the last step."""
        done = self._resume()
        step = done
        self._model.train()
        for number, batch in enumerate(self._all_batches(epoch), start=1):
            if number <= done.number:
                continue
            if step.tokens >= self._schedule.train_tokens:
                break
            loss = self._learn(batch, share=step.tokens / self._schedule.train_tokens)
            step = Step(number, step.tokens + sum(len(sample) for sample in batch), loss)
            report(step)
            if self._checkpoint is not None and number % self._schedule.checkpoint_every == 0:
                self._save(step)
        return step

    def mean_loss(self, samples: Sequence[Sample]) -> float:
        """Mean cross entropy per reply token, without dropout; its exponential is the perplexity."""
        self._model.eval()
        total, count = 0.0, 0
        with torch.inference_mode(), _half_precision(self._device):
            for batch in batches(samples, tokens=4 * self._schedule.batch_tokens, seed=0):
                losses = reply_loss(self._model, batch, pad=self._pad, device=self._device)
                total += float(losses.sum())
                count += losses.numel()
        return total / max(count, 1)

    def _all_batches(self, epoch: Callable[[int], Sequence[Sample]]) -> Iterator[list[Sample]]:
        number = 0
        while True:
            seed = self._seed + number
            yield from batches(epoch(number), tokens=self._schedule.batch_tokens, seed=seed)
            number += 1

    def _learn(self, batch: list[Sample], *, share: float) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = self._schedule.learning_rate * _slope(share, self._schedule.warmup_share)
        self._optimiser.zero_grad(set_to_none=True)
        with _half_precision(self._device):
            loss = reply_loss(self._model, batch, pad=self._pad, device=self._device).mean()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._trainable, 1.0)
        self._optimiser.step()
        return float(loss.detach())

    def _save(self, step: Step) -> None:
        assert self._checkpoint is not None
        self._checkpoint.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, Tensor] = {}
        for index, parameter in enumerate(self._trainable):
            state = self._optimiser.state[parameter]
            tensors[f"{index}.weight"] = parameter.detach().contiguous()
            tensors[f"{index}.mean"] = state["exp_avg"].contiguous()
            tensors[f"{index}.square"] = state["exp_avg_sq"].contiguous()
        fresh = self._checkpoint / "state.safetensors.new"
        # the step travels inside the weights' file, so one rename moves both
        save_file(tensors, fresh, metadata={"step": json.dumps(asdict(step)), "run": self._run})
        os.replace(fresh, self._checkpoint / "state.safetensors")

    def _resume(self) -> Step:
        path = None if self._checkpoint is None else self._checkpoint / "state.safetensors"
        if path is None or not path.is_file():
            return Step(0, 0, math.nan)
        with safe_open(path, framework="pt") as opened:
            metadata = opened.metadata()
        if metadata.get("run") != self._run:
            return Step(0, 0, math.nan)
        step = Step(**json.loads(metadata["step"]))
        tensors = load_file(path, device=self._device)
        for index, parameter in enumerate(self._trainable):
            with torch.no_grad():
                parameter.copy_(tensors[f"{index}.weight"])
            self._optimiser.state[parameter] = {
                "step": torch.tensor(float(step.number)),
                "exp_avg": tensors[f"{index}.mean"],
                "exp_avg_sq": tensors[f"{index}.square"],
            }
        return step


def reply_loss(model: Any, batch: Sequence[Sample], *, pad: int, device: str) -> Tensor:
    """Cross entropy of every reply token of the batch, in nats: shape [reply tokens], prompts excluded.

    Only the positions that predict a reply token go through the vocabulary projection, a fifth of the work at
    this size.
    """
    longest = max(len(sample) for sample in batch)
    ids = torch.full((len(batch), longest), pad)
    targets = torch.full((len(batch), longest), -1)
    for row, sample in enumerate(batch):
        ids[row, : len(sample)] = torch.tensor([*sample.prompt, *sample.reply])
        targets[row, len(sample.prompt) - 1 : len(sample) - 1] = torch.tensor(sample.reply)
    ids, targets = ids.to(device), targets.to(device)
    # padding stands on the right, where causal attention never looks from a real token; no mask is needed
    hidden = _body(model)(
        input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False
    ).last_hidden_state
    wanted = targets >= 0
    logits = model.get_output_embeddings()(hidden[wanted])
    return nn.functional.cross_entropy(logits.float(), targets[wanted], reduction="none")


def _body(model: Any) -> Any:
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    return causal.base_model


def _slope(share: float, warmup: float) -> float:
    """Factor of the learning rate after this share of the tokens."""
    if share < warmup:
        return (share + 0.1 * warmup) / (1.1 * warmup)
    return 0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * (share - warmup) / (1.0 - warmup)))


def _half_precision(device: str) -> AbstractContextManager[Any]:
    return torch.autocast(device, dtype=torch.bfloat16)
