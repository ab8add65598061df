"""The JWKS endpoint: the public keys of an issuer, as others fetch them (RFC 7517, section 5, and RFC 8414)."""

import json
from typing import Final, NamedTuple

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.keyring import LEAD
from vallum.guard.tokens.access_tokens import AccessTokens

PATH: Final = "/.well-known/jwks.json"


class JwksAnswer(NamedTuple):
    """What the endpoint sends, with status 200, to anybody."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


def answer_jwks(tokens: AccessTokens, *, fresh_seconds: int = LEAD) -> JwksAnswer:
    """Return the key document and its headers.

    Others may keep it for `fresh_seconds`, at most the 300 s that a new key is published before it signs; then nobody
    meets a token whose key she does not know. Raises `ConfigError` above, and for shared keys.
    """
    if not 0 <= fresh_seconds <= LEAD:
        raise ConfigError(f"key documents stay fresh for {LEAD} s at most.", code="jwks-fresh")
    body = json.dumps(tokens.export_keys(), separators=(",", ":")).encode()
    return JwksAnswer(
        body,
        (
            ("content-type", "application/jwk-set+json"),
            ("cache-control", f"public, max-age={fresh_seconds}"),
            ("x-content-type-options", "nosniff"),
        ),
    )
