"""PostgreSQL: servers, templates, isolation, and the choice between servers."""
