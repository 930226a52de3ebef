"""A fake of any REST service: routes, collections, an OpenAPI document, webhooks."""
