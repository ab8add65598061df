"""Rules of the area authorization."""
