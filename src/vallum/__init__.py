"""Vallum: the secure-coding checklist as software."""

__version__ = "0.1.0"
