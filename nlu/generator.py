"""Serves the response model: scores stored answers given a dialogue, and words a reply around one.

Knows prompts, and what training measured the model to be good for. Does not check facts (the caller verifies
a wording before it is said), and knows no store, no channel and no torch.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nlu import prompt
from nlu.causal_model import CausalModel, Graph, OutOfTime
from nlu.errors import PartUnreadable
from nlu.prompt import Dialogue

FORMAT = 1
SETTINGS_FILE = "generator.json"

_PRIORS_KEPT = 4096
_LEAD = 6  # tokens of the answer that show whether it follows an opener naturally


@dataclass(frozen=True, slots=True)
class Choosing:
    """How the model's scores and retrieval's are put together, and whether that was measured to pay.

    Among the candidates whose retrieval score is within `margin` of the best, the one with the greatest
    `score + weight * (log p(answer | dialogue) - prior * log p(answer)) / tokens` is taken.
    """

    use: bool
    weight: float
    prior: float
    margin: float


@dataclass(frozen=True, slots=True)
class Settings:
    """The contents of `generator.json`: the graph's shape, and what training decided.

    `reword` tells whether wordings were measured to pay. With `openers` (per language) a wording is one of
    them, or none, before the answer as it stands; without any it is written freely, token by token.
    """

    graph: Graph
    choosing: Choosing
    reword: bool
    openers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Settings":
        """Raises PartUnreadable for another format."""
        if data.get("format") != FORMAT:
            raise PartUnreadable(
                f"{SETTINGS_FILE} has format {data.get('format')!r}, not {FORMAT}; train anew."
            )
        try:
            return Settings(
                graph=Graph(**data["graph"]),
                choosing=Choosing(**data["choosing"]),
                reword=bool(data["reword"]),
                openers={language: tuple(many) for language, many in data["openers"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise PartUnreadable(f"{SETTINGS_FILE} is incomplete ({error}); train anew.") from error


class Generator:
    """The response model and its settings.

    Safe to share between threads: nothing changes but the table of priors, under a lock. A call computes for
    tens of milliseconds and blocks, so an asynchronous caller runs it on an executor of one thread, which
    also keeps two calls from fighting for the same core.
    """

    def __init__(self, model: CausalModel, settings: Settings) -> None:
        self.settings = settings
        self.model = model
        self._priors: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    @staticmethod
    def load(folder: Path, *, threads: int = 1) -> "Generator":
        """Open the part's folder. Raises PartUnreadable when it is not one this version reads."""
        try:
            data = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PartUnreadable(
                f"{folder} holds no readable {SETTINGS_FILE} ({error}); train anew."
            ) from error
        settings = Settings.from_json(data)
        return Generator(CausalModel.load(folder, settings.graph, threads=threads), settings)

    # --- choosing ------------------------------------------------------------------------------------------

    def pick(
        self, dialogue: Dialogue, candidates: Sequence[tuple[str, float]], *, seconds: float = 1.0
    ) -> int:
        """The index of the answer to give among `candidates` (text, retrieval score), best score first.

        Returns 0, retrieval's own choice, when choosing was not measured to pay, when nothing else comes
        near, or when time runs out.
        """
        choosing = self.settings.choosing
        near = [i for i, (_, score) in enumerate(candidates) if score >= candidates[0][1] - choosing.margin]
        if not choosing.use or len(near) < 2:
            return 0
        try:
            scores = self.score(dialogue, [candidates[i][0] for i in near], seconds=seconds)
        except OutOfTime:
            return 0
        totals = [candidates[i][1] + choosing.weight * score for i, score in zip(near, scores, strict=True)]
        return near[int(np.argmax(totals))]

    def score(self, dialogue: Dialogue, candidates: Sequence[str], *, seconds: float = 1.0) -> list[float]:
        """How well each candidate answers: log p(answer | dialogue) - prior * log p(answer), nats per token.

        The prompt runs once and its cache is shared by all candidates, which run as one batch. The second
        term keeps answers that suit everything from winning everywhere (Li et al. 2016, maximum mutual
        information). Raises OutOfTime.
        """
        deadline = time.monotonic() + seconds
        given = self.likelihoods(dialogue, candidates, deadline=deadline)
        weight = self.settings.choosing.prior
        if weight == 0.0:
            return given
        prior = self._prior(dialogue.language, candidates, deadline=deadline)
        return [
            likelihood - weight * unconditional
            for likelihood, unconditional in zip(given, prior, strict=True)
        ]

    def likelihoods(
        self, dialogue: Dialogue, candidates: Sequence[str], *, deadline: float | None = None
    ) -> list[float]:
        """Mean log-probability per token of each candidate (its end included) after the dialogue, in nats.

        Raises OutOfTime once the monotonic clock has passed `deadline`.
        """
        if not candidates:
            return []
        graph = self.settings.graph
        replies = [
            [*self.model.encode(prompt.plain(text))[: graph.positions // 2 - 1], graph.end]
            for text in candidates
        ]
        room = graph.positions - max(map(len, replies))
        ids = prompt.fit(self.model.encode(prompt.render(dialogue)), room)
        totals = self.model.log_probabilities(ids, replies, deadline=deadline)
        return [total / len(reply) for total, reply in zip(totals, replies, strict=True)]

    def _prior(self, language: str, candidates: Sequence[str], *, deadline: float) -> list[float]:
        """Likelihoods with nothing said before. Stored answers come again, so they are remembered."""
        with self._lock:
            found = {
                text: self._priors[language, text] for text in candidates if (language, text) in self._priors
            }
        fresh: dict[str, float] = {}
        for text in dict.fromkeys(candidates):
            if text not in found:
                # alone: int8 scales its activations by the batch, so a prior must not depend on its
                # neighbours
                fresh[text] = self.likelihoods(Dialogue((), language), [text], deadline=deadline)[0]
        with self._lock:
            if len(self._priors) + len(fresh) > _PRIORS_KEPT:
                self._priors.clear()
            self._priors.update({(language, text): value for text, value in fresh.items()})
        found |= fresh
        return [found[text] for text in candidates]

    # --- wording --------------------------------------------------------------------------------------------

    def reword(
        self, dialogue: Dialogue, template: str, *, max_tokens: int = 200, seconds: float = 2.0
    ) -> str | None:
        """A wording of `template` that fits the dialogue, not yet verified; None when it found no end.

        The same dialogue gives the same words. Raises OutOfTime.
        """
        if self.settings.openers:
            return prompt.join(self._opener(dialogue, template, seconds=seconds), template)
        ids = list(self._free(dialogue, template, max_tokens=max_tokens, seconds=seconds))
        if not ids or ids[-1] != self.settings.graph.end:
            return None
        return self.model.decode(ids[:-1]).strip() or None

    def _opener(self, dialogue: Dialogue, template: str, *, seconds: float) -> str:
        """The likeliest opener if an opener is likelier than none, else nothing.

        All openers together are weighed against none: each alone would lose, for they share what is likely.
        """
        openers = self.settings.openers.get(dialogue.language, ())
        if not openers:
            return ""
        texts = [self.model.encode(prompt.plain(template))[:_LEAD]]
        for opener in openers:
            length = len(self.model.encode(opener)) + _LEAD
            texts.append(self.model.encode(prompt.join(opener, prompt.plain(template)))[:length])
        if not texts[0]:
            return ""
        ids = self._word_prompt(dialogue, template, room=self.settings.graph.positions - max(map(len, texts)))
        none, *some = self.model.log_probabilities(ids, texts, deadline=time.monotonic() + seconds)
        return openers[int(np.argmax(some))] if np.logaddexp.reduce(some) > none else ""

    def _free(self, dialogue: Dialogue, template: str, *, max_tokens: int, seconds: float) -> Iterator[int]:
        most = min(max_tokens, self.settings.graph.positions // 2)
        ids = self._word_prompt(dialogue, template, room=self.settings.graph.positions - most)
        return self.model.continue_greedily(ids, max_tokens=most, deadline=time.monotonic() + seconds)

    def _word_prompt(self, dialogue: Dialogue, template: str, *, room: int) -> list[int]:
        return prompt.fit(self.model.encode(prompt.render(dialogue, source=template)), room)
