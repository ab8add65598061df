"""Claims about output."""
