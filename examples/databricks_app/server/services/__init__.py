"""What the application does; knows nothing of HTTP but the refusals."""
