"""A multi-tenant API of AI agents."""
