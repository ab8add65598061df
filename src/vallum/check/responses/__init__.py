"""What the project sends with its responses: its applications, the headers they set, and their policies."""
