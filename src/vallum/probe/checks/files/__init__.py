"""Claims about files."""
