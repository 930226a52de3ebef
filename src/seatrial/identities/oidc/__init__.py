"""A local OpenID Connect issuer: keys that rotate, tokens, and the endpoints that clients ask."""
