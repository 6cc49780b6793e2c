"""The response model's recipe on a corpus of five answers: it trains, resumes, and says what it may do."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nlu.generator import Generator
from nlu.prompt import Dialogue as Prompt
from nlu.prompt import Line
from retrieval.answers import Answer
from training import respond_model
from training.context import TrainContext
from training.corpus import Corpus, Dialogue, Turn
from training.knobs import Choice
from training.promise import Promises
from training.respond import Recipe, recipe_for, train_responses
from training.respond_data import Exchange, Sample, SampleMaker, fit_tokenizer, token_id
from training.respond_exchanges import exchanges_of, openers_of, wording_target
from training.respond_model import Schedule, Shape, Step, Trainer, build_compact, reply_loss
from training.respond_trial import Trial

TINY = Shape(layers=1, width=32, heads=2, positions=96, vocabulary=320)
TOPICS = {"dental": "牙科", "hospital": "住院", "travel": "旅行", "cancer": "癌症", "child": "儿童"}


def corpus(*, answers: int = 5) -> Corpus:
    made = tuple(
        Answer(
            id=f"{en}_limit",
            text={"en": f"The {en} limit is {n}00 pounds.", "zh": f"{zh}限额为{n}00英镑。"},
            questions={
                "en": (f"{en} limit", f"how much for {en}?", f"what do you pay for {en}", f"{en} maximum"),
                "zh": (f"{zh}限额", f"{zh}最多报多少", f"{zh}能赔多少钱", f"{zh}上限是多少"),
            },
        )
        for n, (en, zh) in enumerate(list(TOPICS.items())[:answers], start=1)
    )
    dialogues = tuple(
        Dialogue(
            "en",
            (
                Turn("customer", f"Hello, how much is {answer.id.split('_')[0]}?"),
                Turn("agent", f"Happy to help. {answer.text['en']}", answer.id),
            ),
        )
        for answer in made
    )
    return Corpus(
        Path("unused"), "test", ("en", "zh"), Promises(), f"sha-{answers}", answers=made, dialogues=dialogues
    )


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Stands in for the encoder: counts of characters, so that alike texts lie near each other."""
    rows = np.zeros((len(texts), 64), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for char in text:
            row[ord(char) % 64] += 1.0
    result: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return result


def context(folder: Path, data: Corpus) -> TrainContext:
    folder.mkdir(parents=True)
    return TrainContext(
        corpus=data,
        out=folder,
        bundle=folder.parent,
        encode=encode,
        seed=1,
        device="cpu",
        intents=Choice(),
        base=folder,
        progress=lambda stage, done, total: None,
    )


RECIPE = Recipe(
    shape=TINY, schedule=Schedule(train_tokens=6_000, batch_tokens=512), trial=Trial(choices=12, wordings=2)
)


def test_it_makes_a_part_the_server_loads_and_obeys(tmp_path: Path) -> None:
    result = train_responses(context(tmp_path / "part", corpus()), recipe=RECIPE)
    assert result is not None
    metrics = json.loads(json.dumps(result.metrics))
    settings = Generator.load(tmp_path / "part").settings
    assert (metrics["choose"], metrics["reword"]) == (settings.choosing.use, settings.reword)
    assert metrics["choices"]["n"] == min(12, metrics["held_out"])
    assert metrics["perplexity"] > 1.0
    assert json.loads(json.dumps(result.recipe))["shape"]["layers"] == 1
    assert sorted(path.name for path in (tmp_path / "part").iterdir()) == [
        "generator.json",
        "model.onnx",
        "tokenizer.json",
    ]


def test_the_same_corpus_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    recipe = replace(RECIPE, schedule=replace(RECIPE.schedule, train_tokens=1_500))
    for name in ("one", "two"):
        train_responses(context(tmp_path / name / "part", corpus()), recipe=recipe)
    for file in ("model.onnx", "tokenizer.json", "generator.json"):
        assert (tmp_path / "one/part" / file).read_bytes() == (tmp_path / "two/part" / file).read_bytes()


def test_too_few_exchanges_make_no_part(tmp_path: Path) -> None:
    assert train_responses(context(tmp_path / "part", corpus(answers=2)), recipe=RECIPE) is None
    assert list((tmp_path / "part").iterdir()) == []


def test_every_question_and_every_grounded_turn_is_an_exchange() -> None:
    found = exchanges_of(corpus(answers=2))
    assert len(found) == 2 * 8 + 2
    spoken = [exchange for exchange in found if exchange.said is not None]
    assert [exchange.answer for exchange in spoken] == [
        "The dental limit is 100 pounds.",
        "The hospital limit is 200 pounds.",
    ]
    assert spoken[0].dialogue.lines == (Line("customer", "Hello, how much is dental?"),)
    assert len({exchange.group for exchange in found}) == len(found)


@pytest.mark.parametrize(
    ("reply", "target"),
    [
        ("Happy to help. The limit is 500.", "Happy to help. The limit is 500."),
        ("I'm sorry to hear that. You get up to 500 a year.", "I'm sorry to hear that. The limit is 500."),
        ("Up to 500. Is there anything else I can help with?", None),
        ("Thank you.", "Thank you. The limit is 500."),
    ],
)
def test_a_reply_that_loses_facts_lends_only_its_courtesy(reply: str, target: str | None) -> None:
    expected = target or "The limit is 500. Is there anything else I can help with?"
    assert wording_target(reply, "The limit is 500.") == expected


def test_openers_are_the_courtesy_said_more_than_once() -> None:
    """Each agent of the corpus says "Happy to help." first; that is the one opener to learn."""
    assert openers_of(exchanges_of(corpus())) == {"en": ("Happy to help.",)}
    assert openers_of(exchanges_of(corpus(answers=1))) == {"en": ()}


def maker_and_trainer(
    folder: Path | None, *, run: str = "r", tokens: int = 3_000
) -> tuple[SampleMaker, Trainer]:
    torch.set_num_threads(1)
    exchanges = exchanges_of(corpus())
    tokenizer = fit_tokenizer([exchange.answer for exchange in exchanges], vocabulary=320)
    pad, end = token_id(tokenizer, "<|pad|>"), token_id(tokenizer, "<|end|>")
    vocabulary = tokenizer.get_vocab_size()
    model = build_compact(TINY, vocabulary=vocabulary, dropout=0.0, pad=pad, end=end, seed=1)
    schedule = Schedule(train_tokens=tokens, batch_tokens=512, dropout=0.0, checkpoint_every=2)
    maker = SampleMaker(tokenizer, positions=96, prior_share=0.2, wording_share=0.2, seed=1)
    return maker, Trainer(model, schedule, seed=1, pad=pad, device="cpu", checkpoint=folder, run=run)


class Interrupted(Exception):
    """The power went out."""


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    exchanges = exchanges_of(corpus())
    steps: list[Step] = []

    def interrupt(step: Step) -> None:
        if step.number == 5:
            raise Interrupted

    maker, whole = maker_and_trainer(None)
    expected = whole.train(partial(maker.epoch, exchanges), lambda step: None)
    maker, first = maker_and_trainer(tmp_path)
    with pytest.raises(Interrupted):
        first.train(partial(maker.epoch, exchanges), interrupt)
    maker, second = maker_and_trainer(tmp_path)
    resumed = second.train(partial(maker.epoch, exchanges), steps.append)
    assert steps[0].number == 5  # the checkpoint was written at step 4
    assert (resumed.number, resumed.tokens) == (expected.number, expected.tokens)
    assert resumed.loss == pytest.approx(expected.loss, abs=1e-5)


def test_a_checkpoint_of_another_run_is_ignored(tmp_path: Path) -> None:
    exchanges = exchanges_of(corpus())
    for run in ("one", "other"):
        steps: list[Step] = []
        maker, trainer = maker_and_trainer(tmp_path, run=run)
        trainer.train(partial(maker.epoch, exchanges), steps.append)
        assert steps[0].number == 1


def test_the_loss_is_of_the_reply_alone_and_padding_does_not_count() -> None:
    model = build_compact(TINY, vocabulary=50, dropout=0.0, pad=0, end=1, seed=2).eval()
    short, long = Sample((5, 6, 7), (8, 1)), Sample((9, 10), (11, 12, 13, 14, 1))
    with torch.no_grad():
        together = reply_loss(model, [short, long], pad=0, device="cpu")
        apart = torch.cat([reply_loss(model, [sample], pad=0, device="cpu") for sample in (short, long)])
        logits = model(torch.tensor([[5, 6, 7, 8]])).logits[0, 2:].log_softmax(-1)
    assert together.shape == (7,)
    assert torch.allclose(together, apart, atol=1e-5)
    assert torch.allclose(together[:2], -torch.stack([logits[0, 8], logits[1, 1]]), atol=1e-5)


def test_training_and_serving_write_a_dialogue_down_alike(tmp_path: Path) -> None:
    train_responses(context(tmp_path / "part", corpus()), recipe=RECIPE)
    generator = Generator.load(tmp_path / "part")
    exchange = Exchange(Prompt((Line("customer", "牙科限额"),), "zh"), "a", "牙科限额为100英镑。", "g")
    maker = SampleMaker(generator.model._tokenizer, positions=96, prior_share=0.0, wording_share=0.0, seed=0)
    sample = maker.choosing(exchange)
    [served] = generator.likelihoods(exchange.dialogue, [exchange.answer])
    logits, _ = generator.model.run(
        np.array([[*sample.prompt, *sample.reply]], np.int64), generator.model.empty(1)
    )
    shifted = logits[0] - np.log(np.exp(logits[0]).sum(-1, keepdims=True))
    first = len(sample.prompt) - 1
    expected = np.mean([shifted[first + i, token] for i, token in enumerate(sample.reply)])
    assert served == pytest.approx(float(expected), abs=0.05)  # int8 scales its activations by the pass


def small_base(folder: Path) -> str:
    """A Llama with grouped-query attention and a tokenizer of its own, saved as any base from a hub is."""
    tokenizer = fit_tokenizer([exchange.answer for exchange in exchanges_of(corpus())], vocabulary=320)
    fast: Any = PreTrainedTokenizerFast
    fast(tokenizer_object=tokenizer, eos_token="<|end|>").save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("adapters", [False, True])
def test_another_base_goes_through_the_same_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, adapters: bool
) -> None:
    if adapters:
        monkeypatch.setattr(respond_model, "LORA_FROM_PARAMETERS", 0)
    recipe = recipe_for(small_base(tmp_path / "base"))
    recipe = replace(recipe, trial=RECIPE.trial, schedule=replace(recipe.schedule, train_tokens=2_000))
    result = train_responses(context(tmp_path / "part", corpus()), recipe=recipe)
    assert result is not None
    graph = Generator.load(tmp_path / "part").settings.graph
    assert (graph.layers, graph.kv_heads, graph.head_width, graph.positions) == (2, 2, 8, 128)
