"""Claims about logging."""
