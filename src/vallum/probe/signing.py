"""A start of the app under signing keys that the probe has chosen, so that it can sign tokens as the app does."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vallum.probe.bearer import Carried
from vallum.probe.check import Wanted
from vallum.probe.exchange import Exchange, Launch
from vallum.probe.issuing import issue_token
from vallum.probe.read.token import read_header, read_signature, seal_token
from vallum.probe.starting import START, TRIAL, read_names
from vallum.probe.surface import Surface

KEYED: Final = "keyed"
_OF_TOKENS: Final = re.compile(r"(?i)JWT|TOKEN|SIGN|PRIVATE_?KEY")
_OF_APPS: Final = re.compile(r"(?i)SECRET")
_NO_KEY: Final = re.compile(r"(?i)PASSWORD|CLIENT|_FILE$|URL|EXPIRE|MINUTES|SECONDS|DAYS|LIFE|TTL|ALG|PATH|NAME|ISSUER")
_HASHES: Final[Mapping[str, str]] = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
UNSIGNED: Final = "its tokens could not be signed: no variable that sets their key was found to take one from the probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs tokens as the app does that took its key from the probe."""

    genuine: Carried
    """A token that the app issued under that key, and the route that it opens."""
    sign: Callable[[bytes], bytes] = field(repr=False)

    def seal(self, payload: Mapping[str, Any], **header: Any) -> str:
        """A token with this payload, and the header of the genuine one but for what is named; None takes away."""
        told = {**(read_header(self.genuine.token) or {}), **header}
        return seal_token({name: value for name, value in told.items() if value is not None}, payload, self.sign)


def open_signer(surface: Surface) -> Generator[Wanted, Exchange, Signer | None]:
    """Start the app under keys of our own, and log in to it; None where it takes none, or there are no JWTs.

    The trial `KEYED` is shared by all claims that ask for it.
    """
    if not surface.startable:
        return None
    known = yield Launch(trial=TRIAL, label=START, shared=True)
    environment = _choose(surface, read_names(known))
    if not known.answer.status or not environment:
        return None
    started = yield Launch(trial=KEYED, environment=environment, shared=True, label="start under known keys")
    if not started.answer.status:
        return None
    genuine = yield from issue_token(surface, KEYED)
    sign = next(_fitting(genuine.token, surface), None) if genuine else None
    return Signer(genuine=genuine, sign=sign) if genuine and sign else None


def _choose(surface: Surface, names: tuple[str, ...]) -> Mapping[str, str]:
    """The variables that set the key of tokens, else those that set the app's one secret, with ours."""
    fitting = [name for name in (*names, *surface.drawn) if not _NO_KEY.search(name)]
    chosen = [name for name in fitting if _OF_TOKENS.search(name)] or [n for n in fitting if _OF_APPS.search(n)]
    return {name: _fill(surface.drawn.get(name, "{secret}"), surface) for name in chosen}


def _fill(pattern: str, surface: Surface) -> str:
    pem = _private(surface).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    words = {
        "{private_key}": base64.b64encode(pem).decode(),
        "{key}": base64.b64encode(_seed(surface)).decode(),
        "{secret}": _text(surface),
    }
    for word, value in words.items():
        pattern = pattern.replace(word, value)
    return pattern


def _seed(surface: Surface) -> bytes:
    """The same for all claims of one run; it protects nothing but a start that nobody else can reach."""
    return hashlib.sha256(f"vallum trial {surface.mark}".encode()).digest()


def _text(surface: Surface) -> str:
    return base64.urlsafe_b64encode(_seed(surface)).rstrip(b"=").decode()


def _private(surface: Surface) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_seed(surface))


def _fitting(token: str, surface: Surface) -> Iterator[Callable[[bytes], bytes]]:
    """The ways to sign that give the token's own signature."""
    algorithm = str((read_header(token) or {}).get("alg", ""))
    signed, signature = read_signature(token)
    private = _private(surface)
    if algorithm in ("EdDSA", "Ed25519"):
        try:
            private.public_key().verify(signature, signed)
        except InvalidSignature:
            return
        yield private.sign
    for key in _shared_keys(surface) if algorithm in _HASHES else ():
        sign = _hmac(key, _HASHES[algorithm])
        if hmac.compare_digest(sign(signed), signature):
            yield sign


def _hmac(key: bytes, name: str) -> Callable[[bytes], bytes]:
    return lambda signed: hmac.digest(key, signed, name)


def _shared_keys(surface: Surface) -> Iterator[bytes]:
    """What the app may have made of the text that it was given: taken as it is, or decoded."""
    text, coded = _text(surface), base64.b64encode(_seed(surface)).decode()
    yield from (text.encode(), coded.encode(), _seed(surface), _fill("{private_key}", surface).encode())
    for known in (text + "=", coded):
        try:
            yield base64.b64decode(known)
        except binascii.Error:
            continue
