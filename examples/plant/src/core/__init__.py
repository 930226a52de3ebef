"""Connections, transactions, and what is done with entities in them."""
