"""Claims about configuration."""
