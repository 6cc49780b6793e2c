"""Tests of reading, checking, importing and exporting a bot's files."""
