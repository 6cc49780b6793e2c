"""The table of parts a bundle is made of, in the order they are trained.

Knows names and functions; each function makes one folder out of a TrainContext.
"""

from training.answers import train_answers
from training.context import PartTrainer
from training.entities import train_entities
from training.next_action import train_stories
from training.recipes import train_intents
from training.respond import train_responses
from training.risk import train_risk
from training.sentiment import train_sentiment
from training.triage import train_triage

PARTS: dict[str, PartTrainer] = {
    "intents": train_intents,
    "entities": train_entities,
    "answers": train_answers,
    "sentiment": train_sentiment,
    "stories": train_stories,
    "risk": train_risk,
    "medical": train_triage,
    "responses": train_responses,
}

ON_ENCODER = ("intents", "entities", "answers", "sentiment", "stories", "medical")
"""Parts that read the encoder's vectors and so stand or fall with the base model."""
