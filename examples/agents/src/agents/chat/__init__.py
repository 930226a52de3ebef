"""Talking to the language model on a tenant's behalf."""
