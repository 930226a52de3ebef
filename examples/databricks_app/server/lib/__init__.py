"""What routers and services share: errors, sign-in, logs, metrics, workspace and database."""
