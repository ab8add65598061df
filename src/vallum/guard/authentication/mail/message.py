"""What is sent, and who sends it."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Protocol

from vallum.base.errors import VallumError
from vallum.guard.authentication.names import NameRefusedError, canonical_email


class MailError(VallumError):
    """A mail that cannot be sent; the address and the text are never shown."""

    code = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one address, in plain text: no picture and no tracking link has to be loaded to read it."""

    to: str
    subject: str
    text: str = field(repr=False)

    def build(self, sender: str) -> EmailMessage:
        """Return the message to send from `sender`. Raises `MailError` for what would add a header or an addressee."""
        try:
            addressee = canonical_email(self.to)
        except NameRefusedError:
            raise MailError("a mail goes to exactly one address.") from None
        message = EmailMessage(policy=SMTP)
        try:
            message["From"] = sender
            message["To"] = addressee
            message["Subject"] = self.subject
        except ValueError:
            raise MailError("a header of a mail must not hold a line break.") from None
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot answers it
        message.set_content(self.text)
        return message


class Mailer(Protocol):
    """Sends mail. It may wait, for the flows call it from a queue; it raises when the mail was not taken over."""

    def send(self, mail: Mail) -> None:
        """Hand `mail` over for delivery."""
