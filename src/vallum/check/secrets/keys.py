"""Private keys in PEM or OpenSSH form, in files and in literals (RFC 7468, RFC 5958)."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from vallum.findings.finding import Confidence

_BLOCK: Final = re.compile(
    r"-----BEGIN (?P<kind>(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----(?P<body>.*?)-----END (?P=kind)-----", re.DOTALL
)
_NOISE: Final = re.compile(r"\\[nrt]|[\"']\s*\+\s*[\"']|[\s\"',#\\]")
_MAGIC: Final = b"openssh-key-v1\0"


def find_keys(text: str) -> Iterator[tuple[int, int, Confidence]]:
    """Where each private key that can be parsed begins and ends; one that is encrypted is less certain."""
    if "PRIVATE KEY" not in text:
        return
    for match in _BLOCK.finditer(text):
        encrypted = "ENCRYPTED" in match["kind"] or "Proc-Type" in match["body"]
        if is_key(match["kind"], match["body"]):
            yield match.start(), match.end(), Confidence.MEDIUM if encrypted else Confidence.HIGH


def is_key(kind: str, body: str) -> bool:
    """Whether what stands between the two lines decodes to a key."""
    lines = re.split(r"\n|\\n", body)
    headers = [number for number, line in enumerate(lines) if re.match(r"\s*[\w-]+: ", line)]
    start = max(headers, default=-1) + 1
    content = _NOISE.sub("", "\n".join(lines[start:])).partition("=")[0]
    try:
        data = base64.b64decode(content + "=" * (-len(content) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False
    if "PGP" in kind:
        return len(data) > 100
    if kind.startswith("OPENSSH"):
        return data.startswith(_MAGIC)
    return _is_sequence(data) or ("Proc-Type" in body and len(data) > 64)


def _is_sequence(data: bytes) -> bool:
    """Whether the bytes are one DER sequence from end to end (X.690, 8.1.3)."""
    if len(data) < 40 or data[0] != 0x30:
        return False
    length, size = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, size = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    return length + size == len(data)
