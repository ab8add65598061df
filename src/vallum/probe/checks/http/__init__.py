"""Claims about http."""
