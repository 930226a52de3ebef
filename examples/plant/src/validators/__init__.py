"""What callers may say, and the rules that need to look at other entities."""
