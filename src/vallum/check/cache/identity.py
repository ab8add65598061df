"""Which Vallum answers: a digest of its own sources, of the interpreter, and of what it leans on."""

import sys
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Final

import vallum

_FLOORS: Final = ("base", "catalogue", "findings", "check")
"""The check imports nothing but these."""
_SUFFIXES: Final = frozenset({".py", ".toml"})
_LEANS_ON: Final = ("packaging", "pyyaml")


@cache
def own_digest() -> str:
    """A digest that changes with every edit of the check, with Python and with the packages that it reads by.

    Empty where Vallum's sources cannot be read: then nothing is to be remembered.
    """
    home = Path(vallum.__file__).parent
    told = sha256(f"{vallum.__version__} {sys.version} {[_version(name) for name in _LEANS_ON]}".encode())
    found = 0
    for path in sorted(path for floor in _FLOORS for path in (home / floor).rglob("*") if path.suffix in _SUFFIXES):
        try:
            content = path.read_bytes()
        except OSError:
            return ""
        told.update(f"\0{path.relative_to(home).as_posix()}\0{len(content)}\0".encode())
        told.update(content)
        found += 1
    return told.hexdigest() if found else ""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
