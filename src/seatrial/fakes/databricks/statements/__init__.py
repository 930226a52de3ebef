"""SQL warehouses and the execution of statements: submit, wait, poll, chunks, cancel."""
