"""Understands text: intents, entities, language, red flags, and the bundles that hold the models."""
