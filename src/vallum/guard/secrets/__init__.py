"""Secrets: where they are read from, how they are judged, and that they never show."""
