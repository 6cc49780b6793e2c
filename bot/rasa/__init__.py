"""Rasa's HTTP interface, for programs that were written against a Rasa server."""
