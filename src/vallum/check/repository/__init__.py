"""Secrets in a git repository: what is staged, what the whole history holds, and the files that must stay out of it."""
