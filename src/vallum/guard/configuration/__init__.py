"""Settings and the start-up check."""
