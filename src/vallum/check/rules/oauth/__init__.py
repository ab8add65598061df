"""Rules of the area oauth."""
