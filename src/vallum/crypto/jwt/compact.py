"""The compact form of a signed token (RFC 7515, section 7.1), read strictly: one way to write it and to read it."""

import json
from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from vallum.base.errors import RefusedError

LONGEST_TOKEN: Final = 8192
# The letters of plain base64 and the padding become "!", which the decoder refuses.
PLAIN: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
PADDING: Final = (b"", b"", b"==", b"=")
# What the last letter may be, by the length modulo 4: it carries 6, none (no such length), 2 or 4 bits of the value.
LAST: Final = (frozenset(range(256)), frozenset[int](), frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
_SPACE: Final = " \t\r\n"


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


def write_segment(value: dict[str, Any]) -> str:
    """Return one object as a segment, in the one way that we write it."""
    return encode_segment(json.dumps(value, separators=(",", ":")).encode())


def encode_segment(value: bytes) -> str:
    """Encode as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def decode_segment(segment: str) -> bytes:
    """Decode base64url without padding. A second way to write the same bytes is refused, so no token has a twin.

    Raises `TokenRefusedError`.
    """
    if not segment.isascii():
        raise TokenRefusedError("malformed")
    return decode_plain(turn_plain(segment))


def turn_plain(segment: str) -> bytes:
    """Return base64url text with the letters of plain base64; what is not base64url turns into what no base64 has."""
    return segment.encode("ascii").translate(PLAIN)


def decode_plain(segment: bytes) -> bytes:
    """Decode what `turn_plain` returned. Raises `TokenRefusedError` for what is not the one way to write the bytes."""
    rest = len(segment) & 3
    if not segment or segment[-1] not in LAST[rest]:
        raise TokenRefusedError("malformed")
    try:
        return a2b_base64(segment + PADDING[rest], strict_mode=True)
    except Base64Error:
        raise TokenRefusedError("malformed") from None


def read_object(text: bytes) -> dict[str, Any]:
    """Return one JSON object. A member that stands twice, NaN and Infinity are refused (RFC 7515, section 4)."""
    try:
        content = text.decode("utf-8").strip(_SPACE)
        value, end = _DECODER.raw_decode(content)
    except (ValueError, RecursionError):
        raise TokenRefusedError("malformed") from None
    if end != len(content) or not isinstance(value, dict):
        raise TokenRefusedError("malformed")
    return value


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        raise TokenRefusedError("malformed")
    return built


def refuse_constant(_: str) -> NoReturn:
    """Refuse NaN and Infinity, which are not JSON."""
    raise TokenRefusedError("malformed")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_build_object, parse_constant=refuse_constant)
