"""Rasa's HTTP interface, against a whole server but for its models."""
