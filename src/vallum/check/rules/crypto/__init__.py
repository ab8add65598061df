"""Rules of the area crypto."""
