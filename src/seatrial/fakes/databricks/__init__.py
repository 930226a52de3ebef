"""A Databricks workspace on a local port: people, Unity Catalog, SQL warehouses, model serving."""
