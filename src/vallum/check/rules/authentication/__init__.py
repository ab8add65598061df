"""Rules of the area authentication."""
