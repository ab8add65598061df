"""Files of a project as text: what kind each is, and what could not be read."""
