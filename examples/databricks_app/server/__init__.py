"""A data application on a Databricks workspace."""
