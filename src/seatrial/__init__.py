"""seatrial: integration tests for Python backends, with the real parts."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
