"""Stores in the memory of one process: for development and tests, gone at a restart."""

from vallum.stores.memory.sessions import PURGE_EVERY, MemorySessions

__all__ = ["PURGE_EVERY", "MemorySessions"]
