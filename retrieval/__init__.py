"""Finds the stored answer nearest to a text: encoder, vector index, lexical index."""
