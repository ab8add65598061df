"""Rules of the area tokens."""
