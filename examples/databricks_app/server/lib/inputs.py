"""Limits that several operations share."""

LARGEST_OFFSET = 2**63 - 1
"""What a bigint holds."""
