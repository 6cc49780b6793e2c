"""Reads and checks a bot's files, and compiles them into a corpus."""
