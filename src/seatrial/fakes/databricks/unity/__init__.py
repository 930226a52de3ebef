"""Unity Catalog: catalogs, schemas and tables, and who may do what with them."""
