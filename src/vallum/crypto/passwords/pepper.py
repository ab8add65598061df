"""A pepper: a secret outside the database that goes into every hash, so that a stolen table alone cannot be guessed at.

The password passes through HMAC-SHA-256 under the pepper before the slow hash (OWASP Password Storage Cheat Sheet,
"Peppering"), and the stored text names the pepper: `pepper$2026$$argon2id$...`. A new pepper is added in front and the
old ones stay until every hash has been replaced, which happens at the next login of each account.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.passwords.scheme import StoredHashError

SHORTEST_PEPPER: Final = 32
FLASK_SECURITY: Final = "flask-security"
"""The name that marks an imported hash of Flask-Security: `pepper$flask-security$$2b$12$...`."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_STORED: Final = re.compile(r"pepper\$([A-Za-z0-9_-]{1,32})\$(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Peppers:
    """Named peppers, the newest first: `Peppers({"2026": Secret(...), "2025": Secret(...)})`.

    `flask_security` is the SECURITY_PASSWORD_SALT of an app whose accounts were imported: Flask-Security mixes it in by
    an HMAC-SHA-512 of its own. Such hashes are checked, never made. Without `by_name` new hashes have no pepper.
    """

    by_name: Mapping[str, Secret[str]] = field(default_factory=dict, repr=False)
    flask_security: Secret[str] | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        """Raise `ConfigError` for no pepper, for a name that cannot be stored and for fewer than 32 characters."""
        named = all(_NAME.fullmatch(name) and name != FLASK_SECURITY for name in self.by_name)
        nothing = not self.by_name and not self.flask_security
        if nothing or not named or any(len(pepper) < SHORTEST_PEPPER for pepper in self.by_name.values()):
            raise ConfigError(
                f"peppers need short names and at least {SHORTEST_PEPPER} characters each.",
                hint='Write Peppers({"2026": Secret(...)}) with a value from vallum.guard.crypto.random.token().',
                code="weak-pepper",
            )

    @property
    def newest(self) -> str:
        """The name of the pepper for new hashes, "" for none."""
        return next(iter(self.by_name), "")

    def __contains__(self, name: str) -> bool:
        """Tell whether the pepper `name` is there."""
        return name in self.by_name or (name == FLASK_SECURITY and bool(self.flask_security))

    def season(self, password: bytes, name: str) -> bytes:
        """Return what the slow hash gets: 44 characters of base64, without NUL and within the 72 bytes of bcrypt.

        Those of Flask-Security have 88, so its bcrypt hashes cannot be checked and its Argon2 hashes can.
        """
        if name == FLASK_SECURITY and self.flask_security is not None:
            return b64encode(hmac.digest(self.flask_security.reveal().encode(), password, "sha512"))
        key = self.by_name[name].reveal().encode()
        return b64encode(hmac.digest(key, b"vallum password pepper\0" + password, "sha256"))

    def write(self, stored: str) -> str:
        """Mark a hash as made with the newest pepper, if there is one."""
        return stored if not self.newest else f"pepper${self.newest}${stored}"


def split_pepper(stored: str) -> tuple[str, str]:
    """Split a stored hash into the name of its pepper, "" for none, and the hash itself."""
    found = _STORED.fullmatch(stored)
    return (found[1], found[2]) if found else ("", stored)


def apply_pepper(peppers: Peppers | None, name: str, password: bytes) -> bytes:
    """Return what the slow hash gets under the pepper `name`. Raises `StoredHashError` for one that is not there."""
    if not name:
        return password
    if peppers is None or name not in peppers:
        raise StoredHashError(
            f"a stored password hash was made with the pepper {name!r}, which is not there.",
            hint="Keep old peppers behind the newest until every hash was replaced.",
            code="pepper-missing",
        )
    return peppers.season(password, name)
