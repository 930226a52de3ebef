"""Measuring what tenants use, and reading it back."""
