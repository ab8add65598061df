"""Files that hold secrets, told by their names."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

NAMES: Final = (".env", "server.pem", "server.key", "service-account.json", "credentials.json")
"""A name of each sort that an ignore file must leave out."""
PATTERNS: Final = {"server.pem": "*.pem", "server.key": "*.key"}
"""The pattern that leaves out one of `NAMES`, where it is not the name itself."""
SAMPLE: Final = re.compile(r"example|sample|template|dist|default|public|\bca\b|chain|cert\b|test|fake", re.IGNORECASE)
SECRET_JSON: Final = re.compile(r"(?:^|/)(?:service[-_]account[\w-]*|credentials|client_secrets?)\.json$")
ENVIRONMENT: Final = re.compile(r"(?:^|/)(?:\.env(?:\.\w+)*|[\w-]+\.env)$")
KEY: Final = re.compile(r"(?:^|/)(?:[^/]+\.(?:pem|key|p12|pfx|jks|keystore)|id_(?:rsa|dsa|ecdsa|ed25519))$")


def leaves_out(lines: Iterable[str], file: str) -> bool:
    """Whether the patterns of an ignore file leave out a file, by the last that matches."""
    ignored = False
    for line in lines:
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            wanted = pattern.lstrip("!").removeprefix("**/").strip("/")
            if fnmatchcase(file, wanted) or fnmatchcase(f"./{file}", wanted):
                ignored = not pattern.startswith("!")
    return ignored


def is_secret_name(path: str) -> bool:
    """Whether a file of this name holds secrets, as far as a name tells: `.env.example` and `ca.pem` do not."""
    name = path.rpartition("/")[2]
    return not SAMPLE.search(name) and any(kind.search(path) for kind in (ENVIRONMENT, SECRET_JSON, KEY))
