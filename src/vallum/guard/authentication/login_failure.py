"""The one answer to a failed login, whatever the cause; the cause goes to the security log only (ASVS 6.3.8)."""

from enum import Enum
from typing import ClassVar, Final

from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import current
from vallum.guard.logging.events import Level
from vallum.guard.logging.fingerprint import fingerprint_name

KEEPS: Final = ("login-generic-errors",)

INVALID_CREDENTIALS: Final = "Invalid credentials"
"""The only sentence that a failed login may show."""
_EVENT: Final = "login-failed"


class LoginFailure(Enum):
    """Why a login failed, for the log."""

    UNKNOWN_ACCOUNT = "unknown-account"
    MISMATCH = "wrong-password"
    WRONG_SECOND_FACTOR = "wrong-second-factor"
    LOCKED = "locked"
    DISABLED = "disabled"
    UNVERIFIED = "unverified"


class LoginFailedError(PublicError):
    """Raise it for every failed login: 401, the same body byte for byte and the same headers for all causes."""

    refusal: ClassVar[Refusal] = Refusal(401, "invalid-credentials", INVALID_CREDENTIALS, identified=False)
    level: ClassVar[Level] = Level.WARNING
    event: ClassVar[str] = _EVENT

    def __init__(self, cause: LoginFailure, *, account: str = "", typed_name: str = "") -> None:
        """Keep the cause for the log, and the account's id, or a keyed hash of the name when there is no account.

        People type passwords where the name belongs, so the name itself is not kept.
        """
        super().__init__(cause.value)
        self._account = account
        self._typed_name = typed_name

    @property
    def detail(self) -> dict[str, str]:
        """The cause, and whom it is about."""
        return _describe(self.cause, self._account, self._typed_name)


def note_failure(cause: LoginFailure, *, account: str = "", typed_name: str = "") -> str:
    """Log a failed login and return the sentence to show, for handlers that render their own form with status 401."""
    exchange = current()
    exchange.core.report(exchange, _EVENT, Level.WARNING, **_describe(cause.value, account, typed_name))
    return INVALID_CREDENTIALS


def _describe(cause: str, account: str, typed_name: str) -> dict[str, str]:
    account = account or fingerprint_name(typed_name, current().core.policy.secrets)
    return {"cause": cause} | ({"account": account} if account else {})
