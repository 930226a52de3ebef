"""Embeddings without a model: nothing is downloaded, and the same text always gives the same vector."""
