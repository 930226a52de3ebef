"""What a tenant can switch on to change how the model is asked."""
