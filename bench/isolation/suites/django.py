"""pytest-django brings the fixtures."""
