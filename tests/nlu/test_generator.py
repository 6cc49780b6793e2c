"""The served response model: its cache changes nothing, its scores are stable, its words come whole."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nlu.causal_model import MODEL_FILE, OutOfTime
from nlu.errors import PartUnreadable
from nlu.generator import SETTINGS_FILE, Choosing, Generator, Settings
from nlu.prompt import Dialogue, Line, join, render
from training.respond_data import Exchange, SampleMaker, fit_tokenizer, token_id
from training.respond_export import export_graph, graph_of, write_settings
from training.respond_model import Schedule, Shape, Trainer, build_compact

PAIRS = {
    "How do I claim?": "Send us the bill within 90 days.",
    "Where is my card?": "Your card is in the app under Cover.",
    "怎么理赔？": "请在90天内寄来账单。",
    "会员卡在哪里？": "会员卡在应用的保障页面。",
}
CHOOSING = Choosing(use=True, weight=1.0, prior=0.5, margin=0.2)


OPENERS = {"en": ("I am sorry to hear that.",), "zh": ("很抱歉。",)}
WOES = {"en": "I broke my leg.", "zh": "我摔断了腿。"}


def dialogue(text: str) -> Dialogue:
    return Dialogue((Line("customer", text),), "en" if text.isascii() else "zh")


def sad(text: str) -> Dialogue:
    asked = dialogue(text)
    return replace(asked, lines=(Line("customer", WOES[asked.language]), *asked.lines))


def comforted(asked: Dialogue, answer: str) -> str:
    return join(OPENERS[asked.language][0], answer)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A model of two layers that has learnt four answers by heart, exported in fp32."""
    torch.set_num_threads(1)
    exchanges = [Exchange(dialogue(q), q, a, q, reply=a) for q, a in PAIRS.items()]
    exchanges += [Exchange(sad(q), q, a, q, reply=comforted(sad(q), a)) for q, a in PAIRS.items()]
    texts = [exchange.reply or "" for exchange in exchanges]
    tokenizer = fit_tokenizer([*PAIRS, *WOES.values(), *texts], vocabulary=400)
    end, pad = token_id(tokenizer, "<|end|>"), token_id(tokenizer, "<|pad|>")
    model = build_compact(
        Shape(layers=2, width=64, heads=4, positions=192),
        vocabulary=tokenizer.get_vocab_size(),
        dropout=0.0,
        pad=pad,
        end=end,
        seed=3,
    )
    maker = SampleMaker(tokenizer, positions=192, prior_share=0.3, wording_share=0.0, seed=3)
    schedule = Schedule(train_tokens=30_000, learning_rate=4e-3, batch_tokens=512)
    trainer = Trainer(model, schedule, seed=3, pad=pad, device="cpu", checkpoint=None, run="test")
    trainer.train(lambda number: maker.epoch(exchanges, number), lambda step: None)
    folder = tmp_path_factory.mktemp("responses")
    settings = Settings(graph_of(model, end=end), CHOOSING, reword=True)
    export_graph(model, settings.graph, folder, quantise=False)
    write_settings(settings, tokenizer, folder)
    return model.eval(), folder


@pytest.fixture(scope="module")
def generator(trained: tuple[Any, Path]) -> Generator:
    return Generator.load(trained[1])


def reference(model: Any, generator: Generator, prompt: str, text: str) -> float:
    """Mean log-probability by one full forward pass of the torch model, without any cache."""
    before = generator.model.encode(prompt)
    after = [*generator.model.encode(text), generator.settings.graph.end]
    with torch.no_grad():
        logits = model(torch.tensor([[*before, *after]])).logits[0].log_softmax(-1)
    rows = range(len(before) - 1, len(before) + len(after) - 1)
    return float(np.mean([float(logits[row, token]) for row, token in zip(rows, after, strict=True)]))


def test_scores_with_a_shared_cache_equal_full_forward_passes(
    trained: tuple[Any, Path], generator: Generator
) -> None:
    asked = dialogue("How do I claim?")
    answers = [*PAIRS.values(), "x"]
    expected = [reference(trained[0], generator, render(asked), answer) for answer in answers]
    assert generator.likelihoods(asked, answers) == pytest.approx(expected, abs=1e-4)


def test_decoding_with_a_cache_equals_greedy_decoding_without(
    trained: tuple[Any, Path], generator: Generator
) -> None:
    asked, answer = dialogue("会员卡在哪里？"), PAIRS["会员卡在哪里？"]
    ids = generator.model.encode(render(asked, source=answer))
    start = len(ids)
    while ids[-1] != generator.settings.graph.end and len(ids) < start + 60:
        with torch.no_grad():
            ids.append(int(trained[0](torch.tensor([ids])).logits[0, -1].argmax()))
    tokens = list(generator.model.continue_greedily(ids[:start], max_tokens=60))
    assert tokens == ids[start:]


@pytest.mark.parametrize(("question", "answer"), PAIRS.items())
def test_the_learnt_answer_scores_best_in_any_order(generator: Generator, question: str, answer: str) -> None:
    answers = list(PAIRS.values())
    forwards = generator.score(dialogue(question), answers)
    backwards = generator.score(dialogue(question), answers[::-1])
    assert answers[int(np.argmax(forwards))] == answer
    assert backwards[::-1] == pytest.approx(forwards, abs=1e-4)


def test_scores_are_the_same_each_time_and_from_a_fresh_load(
    trained: tuple[Any, Path], generator: Generator
) -> None:
    asked, answers = dialogue("Where is my card?"), list(PAIRS.values())
    first = generator.score(asked, answers)
    assert generator.score(asked, answers) == first
    assert Generator.load(trained[1]).score(asked, answers[:2] + answers[2:]) == first


def test_the_int8_graph_ranks_alike_and_is_smaller(trained: tuple[Any, Path], tmp_path: Path) -> None:
    model, folder = trained
    full = Generator.load(folder)
    export_graph(model, full.settings.graph, tmp_path, quantise=True)
    write_settings(full.settings, full.model._tokenizer, tmp_path)
    small = Generator.load(tmp_path)
    assert (tmp_path / MODEL_FILE).stat().st_size < 0.6 * (folder / MODEL_FILE).stat().st_size
    for question in PAIRS:
        answers = list(PAIRS.values())
        best = [int(np.argmax(g.likelihoods(dialogue(question), answers))) for g in (full, small)]
        assert best[0] == best[1]


def test_a_free_wording_is_made_of_whole_characters(generator: Generator) -> None:
    for question, answer in PAIRS.items():
        wording = generator.reword(dialogue(question), answer, max_tokens=80, seconds=60.0)
        assert wording and "\ufffd" not in wording


@pytest.mark.parametrize(("question", "answer"), PAIRS.items())
def test_with_openers_the_answer_stands_as_it_is_behind_the_fitting_one(
    generator: Generator, question: str, answer: str
) -> None:
    other = Generator(generator.model, replace(generator.settings, openers=OPENERS))
    assert other.reword(dialogue(question), answer, seconds=60.0) == answer
    assert other.reword(sad(question), answer, seconds=60.0) == comforted(sad(question), answer)


def test_a_language_without_openers_gets_the_answer_as_it_is(generator: Generator) -> None:
    other = Generator(generator.model, replace(generator.settings, openers=OPENERS))
    asked = replace(sad("How do I claim?"), language="fr")
    assert other.reword(asked, "Sous 90 jours.", seconds=60.0) == "Sous 90 jours."


def test_a_wording_that_finds_no_end_is_none(generator: Generator) -> None:
    asked, answer = next(iter(PAIRS.items()))
    assert generator.reword(dialogue(asked), answer, max_tokens=2, seconds=60.0) is None


def test_time_that_is_up_ends_the_work(generator: Generator) -> None:
    asked, answer = next(iter(PAIRS.items()))
    with pytest.raises(OutOfTime):
        generator.reword(dialogue(asked), answer, seconds=-1.0)
    with pytest.raises(OutOfTime):
        generator.score(dialogue(asked), [answer], seconds=-1.0)
    candidates = [(PAIRS["Where is my card?"], 0.9), (answer, 0.85)]
    assert generator.pick(dialogue(asked), candidates, seconds=-1.0) == 0


def picking(generator: Generator, choosing: Choosing, scores: Sequence[float]) -> int:
    other = Generator(generator.model, replace(generator.settings, choosing=choosing))
    candidates = list(zip([PAIRS["Where is my card?"], PAIRS["How do I claim?"]], scores, strict=True))
    return other.pick(dialogue("How do I claim?"), candidates, seconds=60.0)


def test_a_near_answer_that_fits_better_is_picked(generator: Generator) -> None:
    assert picking(generator, CHOOSING, (0.9, 0.85)) == 1


def test_retrieval_decides_when_choosing_does_not_pay_or_the_rest_is_far(generator: Generator) -> None:
    assert picking(generator, replace(CHOOSING, use=False), (0.9, 0.85)) == 0
    assert picking(generator, CHOOSING, (0.9, 0.5)) == 0


def test_a_dialogue_longer_than_the_model_is_cut_not_refused(generator: Generator) -> None:
    long = Dialogue((Line("customer", "very long " * 500), Line("customer", "How do I claim?")), "en")
    assert len(generator.score(long, ["Send it.", "very long " * 500])) == 2
    generator.reword(long, "very long " * 300, max_tokens=5, seconds=60.0)  # raises nothing


def test_a_folder_of_another_format_or_a_broken_file_is_refused(
    trained: tuple[Any, Path], tmp_path: Path
) -> None:
    with pytest.raises(PartUnreadable):
        Generator.load(tmp_path)
    data = json.loads((trained[1] / SETTINGS_FILE).read_text(encoding="utf-8"))
    with pytest.raises(PartUnreadable, match="format 99"):
        Settings.from_json({**data, "format": 99})


def test_one_call_does_not_take_the_time_of_another(generator: Generator) -> None:
    """The limit is of each call, not of the object."""
    asked, answers = dialogue("How do I claim?"), list(PAIRS.values())
    generator.score(asked, answers, seconds=30.0)
    time.sleep(0.01)
    assert generator.score(asked, answers, seconds=30.0)
