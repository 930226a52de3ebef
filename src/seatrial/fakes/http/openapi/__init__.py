"""An OpenAPI document that requests to a fake, and its answers, are held against."""
