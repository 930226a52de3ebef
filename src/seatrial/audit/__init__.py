"""The rules that turn a run red: skips nobody declared, tests that assert nothing, runs without a test."""
