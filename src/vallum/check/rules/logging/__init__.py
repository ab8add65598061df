"""Rules of the area logging."""
