"""What isolation costs, against what Python projects use for it today, in one run on equal terms."""
