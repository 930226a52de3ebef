"""Model serving: endpoints, their descriptions, and what their models answer."""
