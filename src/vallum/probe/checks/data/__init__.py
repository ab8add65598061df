"""Claims about data."""
