"""A Django application with the same twelve tables."""
