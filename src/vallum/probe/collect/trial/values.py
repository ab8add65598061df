"""Values for the variables of a trial: what is in braces is drawn anew for each start."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vallum.base.randomness import SYSTEM_RANDOMNESS, TOKEN_BYTES, token


def _private_key() -> str:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(pem).decode()


_DRAWN: Final[Mapping[str, Callable[[], str]]] = {
    "{secret}": token,
    "{key}": lambda: base64.b64encode(SYSTEM_RANDOMNESS(TOKEN_BYTES)).decode(),
    "{private_key}": _private_key,
}
WORDS: Final = ("{folder}", *_DRAWN)
"""A new folder; 256 random bits as text; 32 random bytes in base64; an Ed25519 key as PEM in base64."""


def fill_values(variables: Mapping[str, str | None], folder: str) -> dict[str, str | None]:
    """The variables with each word of `WORDS` replaced; None stays None."""
    filled: dict[str, str | None] = {}
    for name, value in variables.items():
        text = value
        if text is not None:
            text = text.replace("{folder}", str(Path(folder)))
            for word, draw in _DRAWN.items():
                text = text.replace(word, draw()) if word in text else text
        filled[name] = text
    return filled
