"""Build the shipped set of breached passwords from lists, one password a line.

usage: python tools/breached.py LIST... > src/vallum/guard/authentication/breached_list/passwords.bloom

Passwords of fewer than 12 characters are left out: the policy refuses them by their length.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vallum.crypto.passwords.bloom import build_bloom

SHORTEST: Final = 12
SIZE: Final = 2_621_440
HASHES: Final = 10


def main(names: list[str]) -> int:
    """Write the set to standard output."""
    sys.stdout.buffer.write(build_bloom(read_lists(names), size=SIZE, hashes=HASHES))
    return 0


def read_lists(names: list[str]) -> Iterator[str]:
    """Yield the long enough passwords; lines that are no UTF-8 are what a broken copy left, and are skipped."""
    for name in names:
        for line in Path(name).read_bytes().split(b"\n"):
            try:
                password = line.rstrip(b"\r").decode("utf-8")
            except UnicodeDecodeError:
                continue
            if len(password) >= SHORTEST:
                yield password


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
