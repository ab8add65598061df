"""Rules of the area output."""
