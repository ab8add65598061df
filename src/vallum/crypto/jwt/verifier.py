"""Check a token's signature by the key that its id names, and by that key's one algorithm (RFC 8725, section 3.1).

A token that this library has issued begins with one of a few segments, one for each key. Such a segment is looked up
and never parsed, so nothing in it can be a surprise. Any other header is read strictly.
"""

from binascii import a2b_base64
from collections.abc import Callable, Iterable
from json import JSONDecoder
from json.scanner import make_scanner
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import (
    LAST,
    LONGEST_TOKEN,
    PADDING,
    PLAIN,
    TokenRefusedError,
    read_object,
    refuse_constant,
    split_token,
    turn_plain,
    write_segment,
)
from vallum.crypto.jwt.keys import SigningKey, VerifyingKey

# What we wrote ourselves has no member twice, and an issuer that cheats could as well write what it likes.
_make_scanner: Any = make_scanner
_scan_own: Final[Callable[[str, int], tuple[Any, int]]] = _make_scanner(JSONDecoder(parse_constant=refuse_constant))
_KNOWN: Final = frozenset({"alg", "kid", "typ"})


def write_head(key: SigningKey | VerifyingKey, token_type: str) -> str:
    """Return the header segment of every token of this key and `typ`."""
    return write_segment({"alg": key.algorithm, "kid": key.key_id, "typ": token_type})


class Verifier:
    """A fixed set of keys, each with one algorithm. The header of a token chooses among them and nothing else.

    A header with any other member than `alg`, `kid` and `typ` is refused: `jwk`, `jku`, `x5u` and `x5c` would bring a
    key along, and whatever `crit` names would have to be understood.
    """

    def __init__(self, keys: Iterable[VerifyingKey]) -> None:
        """Raise `ConfigError` for no key, one id twice, or shared and public keys together."""
        listed = list(keys)
        self._keys = {key.key_id: key for key in listed}
        if not listed or len(self._keys) < len(listed):
            raise ConfigError("a verifier needs at least one key, and each with its own id.", code="verifier-keys")
        if len({key.algorithm == "HS256" for key in listed}) > 1:
            raise ConfigError("a verifier takes shared keys or public keys, never both.", code="mixed-keys")
        # By type of token, which the application names: a handful at most.
        self._heads: dict[str, dict[bytes, VerifyingKey]] = {}

    def verify(self, token: str, *, token_type: str) -> dict[str, Any]:
        """Return the claims of a token with a good signature and this `typ`; their content is not checked yet.

        Raises `TokenRefusedError`.
        """
        own = self._heads.get(token_type) or self._write_heads(token_type)
        try:
            # One stretch without calls: this is what every request of an API pays.
            text = token.encode("ascii") if len(token) <= LONGEST_TOKEN else b""
            head, body, ending = text.translate(PLAIN).split(b".")
            if (key := own.get(head)) is None:
                return self._read_other(token, token_type)
            payload = a2b_base64(body + PADDING[len(body) & 3], strict_mode=True)
            rest = len(ending) & 3
            if not ending or ending[-1] not in LAST[rest]:
                raise TokenRefusedError("malformed")
            if not key.check(text[: -1 - len(ending)], a2b_base64(ending + PADDING[rest], strict_mode=True)):
                raise TokenRefusedError("signature")
            content = payload.decode("utf-8")
            claims, end = _scan_own(content, 0)
        except (ValueError, RecursionError, StopIteration):
            raise TokenRefusedError("malformed") from None
        if end != len(content) or type(claims) is not dict:
            raise TokenRefusedError("malformed")
        return claims

    def _read_other(self, token: str, token_type: str) -> dict[str, Any]:
        compact = split_token(token)
        if not self._choose_key(compact.header).check(compact.signed, compact.signature):
            raise TokenRefusedError("signature")
        if _read_type(compact.header) != token_type.lower():
            raise TokenRefusedError("type")
        return read_object(compact.payload)

    def _write_heads(self, token_type: str) -> dict[bytes, VerifyingKey]:
        heads = {turn_plain(write_head(key, token_type)): key for key in self._keys.values()}
        self._heads[token_type] = heads
        return heads

    def _choose_key(self, header: dict[str, Any]) -> VerifyingKey:
        if header.keys() - _KNOWN:
            raise TokenRefusedError("header")
        key_id = header.get("kid")
        if key_id is None and len(self._keys) == 1:
            (key_id,) = self._keys
        if not isinstance(key_id, str) or key_id not in self._keys:
            raise TokenRefusedError("unknown-key")
        key = self._keys[key_id]
        if header.get("alg") != key.algorithm:
            raise TokenRefusedError("algorithm")
        return key


def _read_type(header: dict[str, Any]) -> str:
    # RFC 7515, section 4.1.9: "application/" may be left out; media types ignore letter case.
    name = header.get("typ")
    return name.lower().removeprefix("application/") if isinstance(name, str) else ""
