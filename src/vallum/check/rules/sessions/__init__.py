"""Rules of the area sessions."""
