"""Claims about errors."""
