"""What the measured tests do; a suite is one of these and one conftest."""
