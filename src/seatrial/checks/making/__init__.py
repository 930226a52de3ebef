"""Rows out of nothing but the catalogue."""
