"""Rules of the area secrets."""
