"""What debug pages of the frameworks look like."""

from typing import Final

SIGNS: Final = (
    ("Werkzeug Debugger", "the Werkzeug debugger"),
    ("__debugger__", "the Werkzeug debugger"),
    ("You're seeing this error because you have <code>DEBUG = True</code>", "Django's debug page"),
    ("Using the URLconf defined in", "Django's debug page"),
    ("Traceback (most recent call last)", "a Python traceback"),
    ("<h1>500 Server Error</h1>", "Starlette's debug page"),
    ("Request information</h2>", "Django's debug page"),
)


def find_debugger(text: str) -> tuple[str, str] | None:
    """The first sign in a page and the name of what it belongs to; None when there is none."""
    return next((sign for sign in SIGNS if sign[0] in text), None)
