"""Claims about authorization."""
