"""Claims about sessions."""
