"""Claims about authentication."""
