"""JSON Web Tokens, taken apart and put together again to see what an app accepts (RFC 7515)."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
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
    signed = f"{_encode(_dump(header))}.{_encode(_dump(payload))}"
    if key is None:
        return f"{signed}."
    return f"{signed}.{_encode(hmac.digest(key, signed.encode(), hashlib.sha256))}"


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
