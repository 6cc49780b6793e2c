"""A bundle's models, loaded, and all that they say of a text.

Knows the models of nlu and retrieval and brings them together; knows no queue, no thread and no conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.dialogue.ports import ReadRequest
from bot.dialogue.reading import Entity, Likeness, Match, Reading, Request, Sentiment, Verdict
from bot.dialogue.selection import gathered, selected
from nlu.artifacts import Bundle, verify
from nlu.classifier import IntentClassifier, IntentPrediction
from nlu.clauses import clauses
from nlu.entities import EntityExtractor
from nlu.explain import Examples
from nlu.language import detect_language, words
from nlu.next_action import NextActionModel
from nlu.requests import RequestModel, parts_of
from nlu.sentiment import Feeling, SentimentModel
from nlu.system_entities import SystemEntities
from retrieval.encoder import Encoder, Tokens
from retrieval.index import AnswerIndex, Hit
from retrieval.paired import IntentEncoder, load_encoders

MATCHES = 5
ENOUGH_WORDS = 3
OWN_REQUEST = 0.8  # probability from which a clause counts as a request of its own


@dataclass(frozen=True, slots=True)
class Models:
    """A verified bundle, loaded. `classifier`, `entities` or `index` is None where the project has nothing
    for it, `sentiment` where the bundle is of before that part, `next_action` where there are no stories.
    """

    bundle: Bundle
    retrieval_encoder: Encoder
    intent_encoder: IntentEncoder
    classifier: IntentClassifier | None
    entities: EntityExtractor | None
    index: AnswerIndex | None
    sentiment: SentimentModel | None = None
    examples: Examples | None = None  # with the classifier
    requests: RequestModel | None = None  # where labels join intents
    next_action: NextActionModel | None = None

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Models:
        """Verify every byte, then load. Raises nlu.errors.BundleError and its kin; nothing unverified is
        opened.
        """
        bundle = verify(folder)
        intent_encoder, retrieval_encoder = load_encoders(folder, threads=threads)
        classifier = IntentClassifier.load(folder / "intents") if "intents" in bundle.parts else None
        return cls(
            bundle=bundle,
            retrieval_encoder=retrieval_encoder,
            intent_encoder=intent_encoder,
            classifier=classifier,
            entities=EntityExtractor.load(folder / "entities") if "entities" in bundle.parts else None,
            index=AnswerIndex.load(folder / "answers") if "answers" in bundle.parts else None,
            examples=Examples.load(folder / "intents", classifier.reference) if classifier else None,
            sentiment=SentimentModel.load(folder / "sentiment") if "sentiment" in bundle.parts else None,
            requests=RequestModel.load(folder / "intents") if classifier else None,
            next_action=NextActionModel.load(folder / "stories") if "stories" in bundle.parts else None,
        )


class Reader:
    """Reads texts, one a pass: matrix products round otherwise for several rows than for one, and a message's
    reading must not depend on its neighbours. Safe to use from one thread at a time.
    """

    def __init__(
        self, models: Models, languages: Sequence[str], system: SystemEntities, clock: Callable[[], float]
    ) -> None:
        self.models = models
        self._languages, self._system, self._clock = tuple(languages), system, clock

    def read(self, request: ReadRequest) -> Reading:
        """What the text means."""
        # A lone surrogate, which JSON may carry, is no text to a tokenizer; places stay as they were.
        request = replace(request, text=request.text.encode("utf-8", "replace").decode())
        models, texts = self.models, [request.text]
        vectors, (tokens,) = self._encode(texts)
        same = models.intent_encoder is models.retrieval_encoder
        intent_vectors = vectors if same else models.intent_encoder.encode_beside(vectors, texts)
        prediction = models.classifier.predict(intent_vectors, texts)[0] if models.classifier else None
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        hits = models.index.search(vectors, texts, top=MATCHES, today=today)[0] if models.index else []
        feeling = models.sentiment.read(vectors, texts)[0] if models.sentiment else None
        return replace(
            self._reading(request, prediction, hits, tokens),
            sentiment=_sentiment(feeling) if feeling else None,
            requests=self._requests(request.text, prediction, vectors),
            likenesses=self._likenesses(vectors[0]),
        )

    def _likenesses(self, vector: NDArray[np.float32]) -> tuple[Likeness, ...]:
        foreseer = self.models.next_action
        return tuple(Likeness(*found) for found in foreseer.words.like(vector)) if foreseer else ()

    def _requests(
        self, text: str, whole: IntentPrediction | None, vectors: NDArray[np.float32]
    ) -> tuple[Request, ...]:
        """The requests of a message that makes several: the likely ones, where examples of `a+b` taught what
        that looks like; else those of clauses that are each read as another intent, with one of which the
        whole agrees.
        """
        if whole is None or whole.out_of_scope:
            return ()
        intent, probability = whole.verdicts[0]
        parts = parts_of(intent)
        if self.models.requests:
            made = self.models.requests.read(vectors, [text])[0]
            if len(made) > 1:
                return tuple(Request(name, p, 0, len(text)) for name, p in made)
        if len(parts) > 1:
            return tuple(Request(part, probability, 0, len(text)) for part in parts)
        return () if self.models.requests else self._of_clauses(text, intent)

    def _of_clauses(self, text: str, intent: str) -> tuple[Request, ...]:
        places = clauses(text)
        if len(places) < 2:
            return ()
        found = self.predict([text[start:end] for start, end in places])[1]
        sure = {
            name: Request(name, p, start, end)
            for prediction, (start, end) in zip(found, places, strict=True)
            for name, p in prediction.verdicts[:1]
            if p >= OWN_REQUEST and not prediction.out_of_scope
        }
        return tuple(sure.values()) if len(sure) > 1 and intent in sure else ()

    def predict(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[IntentPrediction]]:
        """The vectors that intents are read by, and the intents; only where the bundle has a classifier."""
        assert self.models.classifier is not None
        vectors = self.models.intent_encoder.encode(texts)
        return vectors, self.models.classifier.predict(vectors, texts)

    def _encode(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], Sequence[Tokens | None]]:
        """Sentence vectors, and of the same pass the token vectors where a tagger waits for them."""
        encoder, entities = self.models.retrieval_encoder, self.models.entities
        waits = entities is not None and entities.reads_tokens
        return encoder.encode_tokens(texts) if waits else (encoder.encode(texts), [None] * len(texts))

    def _reading(
        self,
        request: ReadRequest,
        prediction: IntentPrediction | None,
        hits: Sequence[Hit],
        tokens: Tokens | None,
    ) -> Reading:
        language = self._language(request)
        found = self.models.entities.extract(request.text, tokens) if self.models.entities else ()
        verdicts = [Verdict(name, p) for name, p in prediction.verdicts] if prediction else []
        found = self._system.join(found, request.text, language=language, at=request.at or self._clock())
        return Reading(
            verdicts=gathered(verdicts),
            selected=selected(verdicts),
            prediction_set=prediction.prediction_set if prediction else (),
            out_of_scope=prediction.out_of_scope if prediction else False,
            guaranteed=prediction.guaranteed if prediction else False,
            sure=self._sure(prediction),
            entities=tuple(
                Entity(e.name, e.value, e.start, e.end, e.role, e.group, e.extractor, e.confidence, e.details)
                for e in found
            ),
            matches=tuple(self._match(hit, language) for hit in hits),
            language=language,
            bundle=self.models.bundle.id,
        )

    def _sure(self, prediction: IntentPrediction | None) -> bool | None:
        classifier = self.models.classifier
        return None if not prediction or not classifier or classifier.sure_from is None else prediction.sure

    def _language(self, request: ReadRequest) -> str:
        """The language of the text among the bot's; too few words ('OK', a number) leave the conversation's
        as it was.
        """
        spoken = request.language or self._languages[0]
        written = detect_language(request.text, self._languages, default=spoken)
        telling = written == "zh" or request.language is None or len(words(request.text)) >= ENOUGH_WORDS
        return written if telling else spoken

    def _match(self, hit: Hit, language: str) -> Match:
        assert self.models.index is not None
        answer = self.models.index.answer(hit.answer_id)
        spoken = language if language in answer.text else hit.language
        text = answer.text.get(spoken) or next(iter(answer.text.values()))
        asked = answer.questions.get(spoken) or next(iter(answer.questions.values()), ())
        known = any(hit.variant in questions for questions in answer.questions.values())
        question = hit.variant if known else next(iter(asked), "")  # the answer's own text may have matched
        source = str(answer.taken_from or "")
        return Match(hit.answer_id, hit.score, hit.variant, text, spoken, answer.vetted, question, source)


def _sentiment(feeling: Feeling) -> Sentiment:
    """Rounded: it goes on record with every message."""
    negative, neutral, positive = (round(share, 4) for share in feeling.polarity)
    return Sentiment(negative, neutral, positive, round(feeling.anger, 4))
