"""Notes on Vallum's guard: the application object is `app`. README.md tells what keeps it safe."""

from .app import app

__all__ = ["app"]
