"""Claims about secrets."""
