"""Plain pytest: no fixture, no database."""
