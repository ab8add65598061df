"""JSON Web Tokens, taken apart and put together again to see what an app accepts (RFC 7515)."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

TOKEN: Final = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*")
"""A compact JWS whose header and payload are JSON objects."""


def find_token(text: str) -> str:
    """The first JSON Web Token in a text; empty when there is none."""
    found = TOKEN.search(text)
    return found[0] if found else ""


def read_header(token: str) -> Mapping[str, Any] | None:
    """The header; None when the token is not one."""
    return _read_part(token, 0)


def read_payload(token: str) -> Mapping[str, Any] | None:
    """The claims, unverified; None when the token is not one."""
    return _read_part(token, 1)


def build_token(header: Mapping[str, Any], payload: Mapping[str, Any], key: bytes | None = None) -> str:
    """A token with this header, signed with HMAC-SHA-256 under `key`, or without any signature."""
    return seal_token(header, payload, lambda signed: b"" if key is None else hmac.digest(key, signed, hashlib.sha256))


def seal_token(header: Mapping[str, Any], payload: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token with this header, and the signature that `sign` makes of what is signed."""
    signed = f"{_encode(_dump(header))}.{_encode(_dump(payload))}"
    return f"{signed}.{_encode(sign(signed.encode()))}"


def read_signature(token: str) -> tuple[bytes, bytes]:
    """What is signed, and the signature; empty when it cannot be read."""
    signed, _, signature = token.rpartition(".")
    try:
        return signed.encode(), base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except (ValueError, binascii.Error):
        return signed.encode(), b""


def flip_signature(token: str) -> str:
    """The same token with the first bits of its signature changed."""
    head, _, signature = token.rpartition(".")
    first = "B" if signature[:1] == "A" else "A"
    return f"{head}.{first}{signature[1:]}"


def _read_part(token: str, index: int) -> Mapping[str, Any] | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(parts[index] + "=" * (-len(parts[index]) % 4)))
    except (ValueError, binascii.Error):
        return None
    return value if isinstance(value, dict) else None


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
