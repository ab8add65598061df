"""Notes, broken on purpose: the application object is `app`. Never expose it; see README.md and FLAWS.md."""

from .app import app

__all__ = ["app"]
