"""Errors that reach a user: generic, with a request id, the same for every cause."""
