"""The HTTP surface; thin: what it says is decided in core, validators and security."""
