"""The secret of sessions and forms: read once from outside the code, judged, rotated, and one key for each purpose.

    SECRETS = read_session_secrets("SESSION_SECRET")         # or one ConfigError that says what is wrong
    Guard(app, policy=GuardPolicy(secrets=SECRETS, ...))
    newest, *older = derive_keys(SECRETS, "unsubscribe links")

Sources: ASVS 11.2.1 and 13.3.1; HKDF: RFC 5869.
"""

import hmac
import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.secrets.judgement import judge_value
from vallum.guard.secrets.secret_file import SecretProblemError
from vallum.guard.secrets.sources import FromEnvironment

KEEPS: Final = ("session-secret",)

KEY_BYTES: Final = 32
_SHORTEST_BASE64: Final = 43
_SHORTEST_HEX: Final = 64
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_HINT: Final = "`openssl rand -base64 48` makes one."


def read_session_secrets(
    name: str = "SESSION_SECRET", *, environment: Mapping[str, str] = os.environ
) -> tuple[Secret[str], ...]:
    """The secrets in the variable `name`, or in the file that `name` + `_FILE` names: newest first, between spaces.

    To rotate, put a new one in front and take the last away a day later, when the sessions that it signed have ended.
    Each holds at least 32 random bytes: 43 characters of base64, 64 hexadecimal digits. Raises `ConfigError`, which
    never shows a value, for what is missing, short, repeated or a known sample.
    """
    try:
        found = (FromEnvironment(name).find(environment) or "").split()
    except SecretProblemError as problem:
        raise ConfigError(f"{name} {problem}.", code=problem.code) from None
    if not found:
        raise ConfigError(f"{name} is not set (nor {name}_FILE).", hint=_HINT, code="secret-absent")
    for place, value in enumerate(found, 1):
        if weakness := _judge(value):
            raise ConfigError(f"{name}: secret {place} {weakness}.", hint=_HINT, code="secret-weak")
    if len(set(found)) < len(found):
        raise ConfigError(f"{name} holds a secret twice.", hint="Keep each once, the newest first.", code="secret-weak")
    return tuple(map(Secret, found))


def derive_keys(secrets: Iterable[Secret[str]], purpose: str) -> tuple[bytes, ...]:
    """A key of 32 bytes from each of `secrets`, for `purpose` and no other: sign with the first, verify with all.

    Who learns the key of one purpose learns neither the secret nor the key of another. HKDF-SHA256 (RFC 5869) with an
    empty salt, whose info is the purpose. Raises `ConfigError` without a purpose or a secret.
    """
    keys = tuple(_derive(secret.reveal().encode(), purpose.encode()) for secret in secrets)
    if not purpose or not keys:
        raise ConfigError("derive_keys needs a secret and a purpose.", code="secret-purpose")
    return keys


def _derive(secret: bytes, purpose: bytes) -> bytes:
    extracted = hmac.digest(bytes(KEY_BYTES), secret, "sha256")
    return hmac.digest(extracted, purpose + b"\x01", "sha256")


def _judge(value: str) -> str:
    problem = judge_value(value, min_length=KEY_BYTES)
    shortest = _SHORTEST_HEX if _HEX.fullmatch(value) else _SHORTEST_BASE64
    if problem or len(value) >= shortest:
        return problem
    return f"has {len(value)} characters, {shortest} hold 32 random bytes"
