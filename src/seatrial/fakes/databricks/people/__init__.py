"""Who there is in the workspace, with which tokens, and how a request is known to be theirs."""
