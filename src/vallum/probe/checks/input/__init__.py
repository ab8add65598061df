"""Claims about input."""
