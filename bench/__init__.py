"""The figures of RESULTS.md: `python -m bench` measures all of them in one run."""
