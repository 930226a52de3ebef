"""A stand-in for a Databricks workspace."""
