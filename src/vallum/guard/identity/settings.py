"""`Identity`: all that an app says about its accounts; everything has a safe default.

Guard(app, identity=Identity(database="sqlite:///notes.sqlite", mailer=SmtpMailer(...), site="Notes"))
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.authentication.lifecycle.letters import Letters
from vallum.guard.authentication.lockout import LockoutPolicy
from vallum.guard.authentication.mail.message import Mailer
from vallum.guard.identity.standing import QUARTER, SECONDS
from vallum.stores.accounts import AccountRecord, AccountStore
from vallum.stores.sessions import Json

if TYPE_CHECKING:
    from vallum.crypto.jwt.keys import SigningKey
    from vallum.guard.authentication.jobs import Jobs
    from vallum.guard.authentication.password_policy import PasswordPolicy
    from vallum.guard.authentication.passwords import PasswordHasher
    from vallum.guard.oauth.provider import Provider
    from vallum.guard.oauth.transport import HttpSender

_PREFIX: Final = re.compile(r"(?:/[a-z0-9-]+)+")
_MOST_RECENT: Final = 3600
_SHORTEST: Final = 32
_NO_SOURCES: Final[Mapping[str, Callable[[str], Json]]] = MappingProxyType({})


def _hash_passwords() -> "PasswordHasher":
    from vallum.guard.authentication.passwords import PasswordHasher  # noqa: PLC0415 - only for an app with accounts

    return PasswordHasher()


def _work_behind() -> "Jobs":
    from vallum.guard.authentication.jobs import BackgroundJobs  # noqa: PLC0415 - only for an app with accounts

    return BackgroundJobs()


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Settings of accounts. Secrets, origin, clock and randomness are those of the guard's policy.

    `database`: "sqlite:///file" or "postgresql://..."; "" keeps all in memory, which production refuses. `mailer` sends
    the mails; None keeps them in memory (`mailbox`), which production refuses. `site`: the name of the site, which no
    password may be made of. `prefix`: where the endpoints stand. `home`: where a form leads after a login. `accounts`:
    a store of your own in the place of the database's table. `token_key` signs access tokens; None derives an Ed25519
    key from each secret of the policy, so that they rotate with them. `standing_seconds`: how late a change of an
    account reaches its sessions at the latest. `recent_seconds`: how long a login is recent. `password_policy`:
    other lengths, or another list of breached passwords, such as `HibpRange`. `jobs` run after the answer.

    `needs_factor`: who must show a second factor; who has one must anyway. Who must and has none gets a code by mail.
    `factor_secrets`, newest first, seal what authenticator apps share: another secret than the policy's, since an old
    one must stay as long as an app that was enrolled under it; production refuses none. `device_notice`: mail the owner
    at a login from a browser that is new. `open_registration`: whether a stranger can make an account; without, hosts
    invite. `admin_permission`: who may invite, disable, enable, unlock and delete accounts and set roles, by endpoints;
    "" is nobody. `exports` and `erasers`: what the app keeps of an account, for its export and its end. `providers`:
    others to sign in with; `sender` asks them. Raises `ConfigError`.
    """

    database: str = field(default="", repr=False)
    mailer: Mailer | None = None
    site: str = ""
    prefix: str = "/account"
    home: str = "/"
    audience: str = ""
    accounts: AccountStore | None = None
    token_key: "SigningKey | None" = field(default=None, repr=False)
    passwords: "PasswordHasher" = field(default_factory=_hash_passwords)
    password_policy: "PasswordPolicy | None" = None
    letters: Letters = field(default_factory=Letters)
    lockout: LockoutPolicy = field(default_factory=LockoutPolicy)
    standing_seconds: float = SECONDS
    recent_seconds: int = QUARTER
    needs_factor: Callable[[AccountRecord], bool] | None = None
    factor_secrets: tuple[Secret[str], ...] = field(default=(), repr=False)
    device_notice: bool = True
    open_registration: bool = True
    admin_permission: str = ""
    exports: Mapping[str, Callable[[str], Json]] = field(default_factory=lambda: _NO_SOURCES)
    erasers: tuple[Callable[[str], object], ...] = ()
    providers: "tuple[Provider, ...]" = ()
    sender: "HttpSender | None" = None
    jobs: "Jobs" = field(default_factory=_work_behind)

    def __post_init__(self) -> None:
        """Refuse paths that lead elsewhere, and a login that stays recent for long."""
        if not _PREFIX.fullmatch(self.prefix) or not self.home.startswith("/") or self.home.startswith("//"):
            raise ConfigError(
                "identity: prefix and home are local paths.",
                hint='Leave them out for "/account" and "/".',
                code="paths",
            )
        if not 0 < self.recent_seconds <= _MOST_RECENT:
            raise ConfigError(
                "identity: a login is recent for an hour at most.",
                hint="Leave recent_seconds out.",
                code="recent-login",
            )
        if any(len(one) < _SHORTEST for one in self.factor_secrets):
            raise ConfigError(
                f"identity: factor_secrets are a tuple of secrets of {_SHORTEST} characters or more.",
                hint='Write factor_secrets=read_session_secrets("FACTOR_SECRET").',
                code="weak-secret",
            )
