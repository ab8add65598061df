"""An app started anew in a process of its own: other variables, another clock, stores that fail."""
