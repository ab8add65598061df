"""What single blocks cost beside the library that each stands on: strict JSON, sealing of 1 KiB, a large upload.

usage: python benchmarks/blocks.py

CPU time, medians of blocks that take turns, so that a busy machine slows both alike; trust the ratios.
"""

import io
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vallum.crypto.seal.keys import SealingKey, generate_key
from vallum.crypto.seal.ring import SealRing
from vallum.guard.files.file_types import PDF
from vallum.guard.files.uploads import UploadPolicy, UploadStore
from vallum.guard.input.json_text import LoadLimits, parse_json

ROUNDS = 25
LIMITS = LoadLimits()
ORDERS = {
    "small": {"id": 7, "name": "Ada", "tags": ["a", "b"], "paid": True},
    "1 KiB": {"items": [{"sku": f"x-{number}", "count": number, "price": "9.90"} for number in range(20)]},
    "100 KiB": {"items": [{"sku": f"x-{number}", "count": number, "price": "9.90"} for number in range(2000)]},
}


class Upload(io.RawIOBase):
    """A PDF of so many bytes that nobody holds in memory."""

    def __init__(self, size: int) -> None:
        """Begin."""
        self.left = size
        self.head = b"%PDF-1.7\n"

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        wanted = min(self.left, size if size >= 0 else self.left)
        piece = self.head + bytes(max(wanted - len(self.head), 0)) if self.head else bytes(wanted)
        self.head = b""
        self.left -= len(piece)
        return piece


def compare(name: str, ours: Callable[[], object], theirs: Callable[[], object], aim: float) -> None:
    """Print microseconds of both, and the ratio beside the aim."""
    count = max(1, int(0.004 / max(time_of(theirs, 20), 1e-7)))
    pairs = [(time_of(ours, count), time_of(theirs, count)) for _ in range(ROUNDS)]
    mine, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(left / right for left, right in pairs)
    print(f"{name:28}{mine * 1e6:>10.2f}{plain * 1e6:>10.2f}{ratio:>8.2f}{aim:>8.2f}")


def time_of(act: Callable[[], object], count: int) -> float:
    """CPU seconds of one call."""
    begun = time.process_time()
    for _ in range(count):
        act()
    return (time.process_time() - begun) / count


def main() -> None:
    """All blocks."""
    print(f"{'block':28}{'us':>10}{'bare us':>10}{'ratio':>8}{'aim':>8}")
    for name, order in ORDERS.items():
        text = json.dumps(order).encode()
        compare(f"strict JSON, {name}", partial(parse_json, text, LIMITS), partial(json.loads, text), 1.5)
    key, plain, nonce = generate_key(), os.urandom(1024), os.urandom(12)
    ring, aead = SealRing([SealingKey(key)]), AESGCM(key.reveal())
    sealed, bare = ring.seal(plain, context="c:1"), aead.encrypt(nonce, plain, b"c:1")
    fresh = os.urandom
    compare("seal 1 KiB", lambda: ring.seal(plain, context="c:1"), lambda: aead.encrypt(fresh(12), plain, b"c:1"), 1.3)
    compare("open 1 KiB", lambda: ring.open(sealed, context="c:1"), lambda: aead.decrypt(nonce, bare, b"c:1"), 1.3)
    with tempfile.TemporaryDirectory() as folder:
        size = 100 * 1024 * 1024
        store = UploadStore(folder, UploadPolicy(types=(PDF,), most_bytes=size))
        store.receive(Upload(1024 * 1024), name="a.pdf")
        before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        store.receive(Upload(size), name="b.pdf")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"upload of 100 MiB: {time.process_time() - begun:.2f} CPU seconds, {grown:.1f} MiB more memory than 1 MiB"
        )


if __name__ == "__main__":
    main()
