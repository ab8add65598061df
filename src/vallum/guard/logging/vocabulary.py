"""The security events that an application writes itself, as types: `note_event(PasswordChanged(account="7"))`.

Each has a name, a level and fields of its own; `words.WORDS` gives its word in the OWASP Logging Vocabulary. Failures
are warnings or louder (ASVS 16.3.1 to 16.3.3). The guard itself writes login-succeeded, logged-out, session-renewed,
login-failed, authorization-failed, rate-limited and its refusals. `account` is an id, never a name that somebody typed.
"""

from dataclasses import dataclass, fields
from typing import ClassVar, Final

from vallum.base.clock import SYSTEM_CLOCK
from vallum.guard.logging.context import CURRENT
from vallum.guard.logging.events import Event, Level, log_event

KEEPS: Final = ("security-events-logged",)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    """The base of all; its fields become the event's detail."""

    name: ClassVar[str]
    level: ClassVar[Level] = Level.INFO

    def detail(self) -> dict[str, str]:
        """The fields as text."""
        return {one.name: str(getattr(self, one.name)) for one in fields(self)}


def note_event(event: SecurityEvent) -> None:
    """Write `event`, with who, where and the request id when a request runs."""
    request = CURRENT.get(None)
    if request is not None:
        request.core.report(request, event.name, event.level, **event.detail())
    else:
        log_event(Event(name=event.name, level=event.level, at=SYSTEM_CLOCK(), detail=event.detail()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSucceeded(SecurityEvent):
    """Somebody proved who she is, outside of `sign_in`, which writes it itself."""

    name: ClassVar[str] = "login-succeeded"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailed(SecurityEvent):
    """A login failed; `LoginFailedError` and `note_failure` write it themselves."""

    name: ClassVar[str] = "login-failed"
    level: ClassVar[Level] = Level.WARNING
    account: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLocked(SecurityEvent):
    """An account is locked."""

    name: ClassVar[str] = "login-locked"
    level: ClassVar[Level] = Level.WARNING
    account: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(SecurityEvent):
    """A password was changed or reset."""

    name: ClassVar[str] = "password-changed"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChangeFailed(SecurityEvent):
    """Somebody could not prove that she may change it."""

    name: ClassVar[str] = "password-change-failed"
    level: ClassVar[Level] = Level.WARNING
    account: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(SecurityEvent):
    """The address of an account was changed, and the new one proved."""

    name: ClassVar[str] = "email-changed"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorChanged(SecurityEvent):
    """A second factor was added, removed or replaced: `change` says which."""

    name: ClassVar[str] = "second-factor-changed"
    account: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesChanged(SecurityEvent):
    """An account's roles or rights changed."""

    name: ClassVar[str] = "roles-changed"
    level: ClassVar[Level] = Level.WARNING
    account: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminActed(SecurityEvent):
    """An administrator did something that only administrators may."""

    name: ClassVar[str] = "admin-acted"
    level: ClassVar[Level] = Level.WARNING
    action: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(SecurityEvent):
    """A new account."""

    name: ClassVar[str] = "account-created"
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeleted(SecurityEvent):
    """An account is gone."""

    name: ClassVar[str] = "account-deleted"
    level: ClassVar[Level] = Level.WARNING
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationFailed(SecurityEvent):
    """The app's own check refused; the guard writes its own refusals."""

    name: ClassVar[str] = "authorization-failed"
    level: ClassVar[Level] = Level.WARNING
    needed: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRefused(SecurityEvent):
    """Somebody asked for an object of somebody else."""

    name: ClassVar[str] = "object-refused"
    level: ClassVar[Level] = Level.WARNING
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCreated(SecurityEvent):
    """A token was issued; `token` is its id, never the token."""

    name: ClassVar[str] = "token-created"
    account: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(SecurityEvent):
    """A token was revoked."""

    name: ClassVar[str] = "token-revoked"
    account: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReused(SecurityEvent):
    """A one-time token came a second time: it was stolen, or copied."""

    name: ClassVar[str] = "token-reused"
    level: ClassVar[Level] = Level.ERROR
    account: str
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFailed(SecurityEvent):
    """A signature or tag does not fit; `what` names the kind of message."""

    name: ClassVar[str] = "signature-failed"
    level: ClassVar[Level] = Level.WARNING
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimited(SecurityEvent):
    """A limit of the app's own was exceeded; the guard's limiter writes its own."""

    name: ClassVar[str] = "rate-limited"
    level: ClassVar[Level] = Level.WARNING
    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRefused(SecurityEvent):
    """Input that no honest client sends; `place` is the field's name, never its value."""

    name: ClassVar[str] = "input-refused"
    level: ClassVar[Level] = Level.WARNING
    place: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRefused(SecurityEvent):
    """A file was refused."""

    name: ClassVar[str] = "upload-refused"
    level: ClassVar[Level] = Level.WARNING
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRead(SecurityEvent):
    """A secret was read; `key` is its name in the store, `reader` the service or person."""

    name: ClassVar[str] = "key-read"
    key: str
    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReader(SecretRead):
    """A secret was read by somebody who never read it before."""

    name: ClassVar[str] = "key-read-first"
    level: ClassVar[Level] = Level.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryUsed(SecurityEvent):
    """A credential, record or address that nobody has a reason to touch was used."""

    name: ClassVar[str] = "canary-used"
    level: ClassVar[Level] = Level.ERROR
    canary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationWeakened(SecurityEvent):
    """A protection was switched off."""

    name: ClassVar[str] = "configuration-weakened"
    level: ClassVar[Level] = Level.WARNING
    setting: str
    reason: str
