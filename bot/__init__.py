"""Holds conversations: channels in, replies out, every event on record."""
