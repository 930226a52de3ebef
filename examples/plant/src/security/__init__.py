"""Who may see and change what, and the log of what was changed."""
