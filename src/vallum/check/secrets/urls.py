"""Passwords in connection strings: `postgresql+psycopg://user:password@host/name`."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from vallum.check.secrets.values import is_placeholder
from vallum.findings.finding import Confidence

_URL: Final = re.compile(
    r"(?<![\w+.-])(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{1,30})://(?P<user>[^\s:/@\"'<>{}$\\]{0,80}):"
    r"(?P<password>[^\s/@\"'<>\\]{3,200})@(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+|\{[\w.]+\}|\$\{?\w+\}?)"
)
_WORDS: Final = frozenset({
    "password", "passwd", "pass", "pwd", "pw", "secret", "user", "username", "mypassword", "mypass", "token", "port",
    "userpass", "pswd", "key", "apikey", "passw0rd", "credentials",
})  # fmt: skip
_MARKED: Final = re.compile(r"[{}$]|%[(s]|^\*+$|^\[|\]$|^:")
_INVENTED: Final = re.compile(r"(?:^|\.)(?:example(?:\.\w+)?|test|invalid|host|hostname|server|domain\.\w+)$")
_WEB: Final = frozenset({"http", "https", "ftp", "ws", "wss"})


def find_passwords(text: str) -> Iterator[tuple[int, int, Confidence]]:
    """Where the password of each connection string begins and ends."""
    if "://" not in text:
        return
    for match in _URL.finditer(text):
        confidence = _judge(match["scheme"].lower(), match["user"], match["password"], match["host"].lower())
        if confidence is not None:
            yield match.start("password"), match.end("password"), confidence


def _judge(scheme: str, user: str, password: str, host: str) -> Confidence | None:
    marked = _MARKED.search(password) or is_placeholder(password) or password.lower() in _WORDS
    if marked or _INVENTED.search(host):
        return None
    strong = any(map(str.isdigit, unquote(password)))
    if scheme.rpartition("+")[2] in _WEB and not (strong and len(password) >= 8):
        return None
    return Confidence.LOW if password == user else Confidence.HIGH
