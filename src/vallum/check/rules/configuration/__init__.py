"""Rules of the area configuration."""
