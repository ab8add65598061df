"""What Python's own types and functions do to values."""
