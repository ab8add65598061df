"""Check a token's signature by the key that its id names, and by that key's one algorithm (RFC 8725, section 3.1)."""

from collections.abc import Iterable
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.compact import TokenRefusedError, read_object, split_token
from vallum.crypto.jwt.keys import VerifyingKey

_KNOWN: Final = frozenset({"alg", "kid", "typ"})


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

    def verify(self, token: str, *, token_type: str) -> dict[str, Any]:
        """Return the claims of a token with a good signature and this `typ`; their content is not checked yet.

        Raises `TokenRefusedError`.
        """
        compact = split_token(token)
        key = self._choose_key(compact.header)
        if not key.verify(compact.signed, compact.signature):
            raise TokenRefusedError("signature")
        if _read_type(compact.header) != token_type.lower():
            raise TokenRefusedError("type")
        return read_object(compact.payload)

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
