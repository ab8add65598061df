"""Signed checkpoints: whoever may write the table still cannot forge the trail, for he has no key."""

import hmac
from typing import Any, Final, Protocol

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.stores.trail.entry import canonical

_PURPOSE: Final = "vallum trail checkpoint 1"
_SHORTEST: Final = 32


class Verifier(Protocol):
    """Checks signatures of checkpoints."""

    @property
    def algorithm(self) -> str:
        """The name that stands beside the signature."""

    def accepts(self, message: bytes, signature: str) -> bool:
        """Tell whether `signature` fits."""


class Signer(Verifier, Protocol):
    """Makes them as well."""

    def sign(self, message: bytes) -> str:
        """The signature, in hexadecimal digits."""


class HmacSigner:
    """HMAC-SHA-256 with a secret of at least 32 characters: whoever verifies could also sign."""

    algorithm: Final = "hmac-sha256"

    def __init__(self, secret: Secret[str]) -> None:
        """Keep the secret. Raises `ConfigError` for a short one."""
        if len(secret) < _SHORTEST:
            raise ConfigError(
                f"the trail's secret has {len(secret)} characters, at least {_SHORTEST} are needed.",
                hint="Make one with `openssl rand -base64 48`.",
                code="trail-secret-short",
            )
        self._secret = secret

    def sign(self, message: bytes) -> str:
        """The signature, in hexadecimal digits."""
        return hmac.digest(self._secret.reveal().encode(), message, "sha256").hex()

    def accepts(self, message: bytes, signature: str) -> bool:
        """Tell whether `signature` fits, in constant time."""
        return hmac.compare_digest(self.sign(message).encode(), signature.encode())


class Ed25519Verifier:
    """Ed25519 (RFC 8032) with a public key: an auditor can verify and nobody who verifies can sign."""

    algorithm: Final = "ed25519"

    def __init__(self, public_pem: str) -> None:
        """Read the key. Raises `ConfigError`."""
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - 7 MiB

        self._public = _checked(load_pem_public_key, public_pem.encode(), "Ed25519PublicKey")

    def accepts(self, message: bytes, signature: str) -> bool:
        """Tell whether `signature` fits."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as above

        try:
            self._public.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Ed25519Signer:
    """Ed25519 with the private key, as PEM in a `Secret`."""

    algorithm: Final = "ed25519"

    def __init__(self, private_pem: Secret[str]) -> None:
        """Read the key. Raises `ConfigError`."""
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - 7 MiB

        pem = private_pem.reveal().encode()
        self._private = _checked(lambda data: load_pem_private_key(data, None), pem, "Ed25519PrivateKey")

    @property
    def public_pem(self) -> str:
        """The public key, for `Ed25519Verifier` and `vallum trail verify --public-key`."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

        form = serialization.PublicFormat.SubjectPublicKeyInfo
        shown: bytes = self._private.public_key().public_bytes(serialization.Encoding.PEM, form)
        return shown.decode("ascii")

    def sign(self, message: bytes) -> str:
        """The signature, in hexadecimal digits."""
        made: bytes = self._private.sign(message)
        return made.hex()

    def accepts(self, message: bytes, signature: str) -> bool:
        """Tell whether `signature` fits."""
        return Ed25519Verifier(self.public_pem).accepts(message, signature)


def checkpoint_message(seq: int, row_hash: str, at: str) -> bytes:
    """What is signed: that entry `seq` had that hash at that time."""
    return canonical({"purpose": _PURPOSE, "seq": seq, "hash": row_hash, "at": at}).encode("ascii")


def _checked(load: Any, pem: bytes, kind: str) -> Any:
    try:
        key = load(pem)
    except (ValueError, TypeError):
        key = None
    if kind not in type(key).__name__:
        raise ConfigError(
            f"the trail's key is not an {kind} in PEM form without a passphrase.",
            hint="Make one with `openssl genpkey -algorithm ed25519`.",
            code="trail-key-unclear",
        )
    return key
