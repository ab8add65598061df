"""Tell a secret from a sample value, a word or a repeated character."""

import re
from typing import Final

_SAMPLE: Final = re.compile(
    r"<.*>|\{.*\}|\$\{?\w+\}?|%\w+%|\*+|x+|\.+|-+|0+"
    r"|(?:your|my|the|a|some|super|top|very|dev|test|demo|example|sample|dummy|fake|placeholder|insert|enter)"
    r"(?:[-_ ][a-z]+)+[-_ \d]*"
    r"|.*(?:change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this)|change[-_ ]?in[-_ ]?production|fill[-_ ]?me).*"
    r"|django-insecure-.*|.*(?:super|not[-_ ]?(?:so|very|a)|top)[-_ ]?secret.*",
    re.IGNORECASE | re.DOTALL,
)
_KNOWN: Final = frozenset(
    value.lower()
    for value in (
        # Words and defaults of products.
        *[
            "secret",
            "password",
            "passwd",
            "admin",
            "default",
            "root",
            "test",
            "dev",
            "development",
            "production",
            "postgres",
            "mysql",
            "guest",
            "demo",
        ],
        *[
            "insecure",
            "letmein",
            "qwerty",
            "changeme",
            "placeholder",
            "example",
            "none",
            "null",
            "true",
            "todo",
            "secret_key",
            "secret-key",
        ],
        "keyboard cat",
        "shhhhh",
        "supersecret",
        "AllYourBase",
        "123456",
        "12345678",
        "1234567890",
        # Superset (CVE-2023-27524), FastAPI's and Flask's documentation, jwt.io.
        "\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h",
        "thisISaSECRET_1234",
        "TEST_NON_DEV_SECRET",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        '_5#y2L"F4Q8z\\n\\xec]/',
        "a-string-secret-at-least-256-bits-long",
        "your-256-bit-secret",
    )
)
_LONG: Final = 16
_FEWEST_DIFFERENT: Final = 8


def judge_value(value: str, *, min_length: int) -> str:
    """Return what is wrong with a value, in words that do not show it; empty when nothing is."""
    if not value.strip():
        return "is empty"
    if value != value.strip() or not value.isprintable():
        return "has spaces around it or control characters in it"
    if value.lower() in _KNOWN or _SAMPLE.fullmatch(value):
        return "is a sample value that everybody knows"
    if len(value) < min_length:
        return f"has {len(value)} characters, at least {min_length} are needed"
    if len(value) >= _LONG and len(set(value)) < _FEWEST_DIFFERENT:
        return "repeats a few characters"
    return ""
