"""Webhooks with signatures: sent as an external service sends them, received as one receives them."""
