"""The compact form of a signed token (RFC 7515, section 7.1), read strictly: one way to write it and to read it."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from vallum.base.errors import RefusedError

LONGEST_TOKEN: Final = 8192
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+")


class TokenRefusedError(RefusedError):
    """A token that is not accepted. `reason` is for the log; a client hears the same for every reason."""

    code = "token-refused"
    status = 401

    def __init__(self, reason: str) -> None:
        """Keep the reason, a word of ours; nothing of the token stands in the message."""
        super().__init__(f"the token is refused: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Compact:
    """The parts of a token whose signature is still to be checked."""

    header: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes


def split_token(token: str) -> Compact:
    """Return the parts of a compact token. Raises `TokenRefusedError` for anything that is not exactly one."""
    parts = token.split(".") if len(token) <= LONGEST_TOKEN else []
    if len(parts) != 3:
        raise TokenRefusedError("malformed")
    header, payload, signature = (decode_segment(part) for part in parts)
    return Compact(read_object(header), payload, token.rpartition(".")[0].encode("ascii"), signature)


def join_token(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return what is to be signed: header and payload."""
    return ".".join(encode_segment(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))


def encode_segment(value: bytes) -> str:
    """Encode as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def decode_segment(segment: str) -> bytes:
    """Decode base64url without padding. A second way to write the same bytes is refused, so no token has a twin."""
    if not _SEGMENT.fullmatch(segment) or len(segment) % 4 == 1:
        raise TokenRefusedError("malformed")
    value = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if encode_segment(value) != segment:
        raise TokenRefusedError("malformed")
    return value


def read_object(text: bytes) -> dict[str, Any]:
    """Return one JSON object. A member that stands twice, NaN and Infinity are refused (RFC 7515, section 4)."""
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_build_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise TokenRefusedError("malformed") from None
    if not isinstance(value, dict):
        raise TokenRefusedError("malformed")
    return value


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        raise TokenRefusedError("malformed")
    return built


def _refuse_constant(_: str) -> NoReturn:
    raise TokenRefusedError("malformed")
