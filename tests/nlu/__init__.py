"""Tests of the room nlu."""
