"""Rules of the area input."""
