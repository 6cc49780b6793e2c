"""Keeps the event log, inbox, outbox, claims, answers and users in SQL."""
