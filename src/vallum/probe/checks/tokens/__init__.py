"""Claims about tokens."""
