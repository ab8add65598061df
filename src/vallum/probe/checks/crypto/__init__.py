"""Claims about crypto."""
