"""Mail over SMTP with TLS (RFC 8314). Needs `vallum[identity]`."""

import asyncio
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.authentication.mail.message import Mail, MailError

SUBMISSIONS: Final = 465
"""The port on which TLS begins with the connection (RFC 8314, section 3.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """Sends each mail from `sender` through the server at `host`; `timeout` in seconds is for each step.

    Port 465 speaks TLS from the first byte, any other demands STARTTLS before the password goes out; the certificate is
    always checked. `unsafe_plain` is for a server of your own on this machine.
    """

    host: str
    sender: str
    port: int = SUBMISSIONS
    user: str = ""
    password: Secret[str] | None = None
    timeout: float = 10
    unsafe_plain: bool = False

    def __post_init__(self) -> None:
        """Raise `ConfigError` for a password that would cross in clear, and for half a login."""
        if bool(self.user) is not (self.password is not None):
            raise ConfigError("SMTP needs a user and a password, or neither.", code="smtp-login")
        if self.unsafe_plain and self.password is not None:
            raise ConfigError(
                "a password for SMTP must not cross in clear.", hint="Leave unsafe_plain out.", code="smtp-clear"
            )

    def send(self, mail: Mail) -> None:
        """Hand `mail` to the server. Raises `MailError` when it does not take it."""
        client, message = _load_client(), mail.build(self.sender)
        settings: dict[str, Any] = {"hostname": self.host, "port": self.port, "timeout": self.timeout}
        if self.password is not None:
            settings |= {"username": self.user, "password": self.password.reveal()}
        implicit = not self.unsafe_plain and self.port == SUBMISSIONS
        settings |= {"use_tls": implicit, "start_tls": not self.unsafe_plain and not implicit}
        try:
            asyncio.run(client.send(message, **settings))
        except (client.SMTPException, OSError) as error:
            # What the server says may repeat the address: it is not told.
            raise MailError(f"the mail server did not take a mail: {type(error).__name__}.") from None


def _load_client() -> Any:
    try:
        return import_module("aiosmtplib")
    except ImportError:
        raise ConfigError(
            "mail over SMTP needs the package aiosmtplib.",
            hint='Install it: pip install "vallum[identity]".',
            code="extra-missing",
        ) from None
