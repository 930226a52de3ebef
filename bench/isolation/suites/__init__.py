"""The measured suites: one conftest for each technique, and the bodies of their tests."""
