"""E-mail addresses read in linear time, with one key under which an account is found (CWE-20, RFC 5321, ASVS 2.2.1).

    address = parse_email(form.email)
    send_proof(address.text)                 # exactly what the user wrote
    accounts.find_email(address.key)         # equal for addresses that reach the same mailbox in practice

Whether the address is the user's own is not seen here: that takes a mail and its link.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError

KEEPS: Final = ("email-validation",)
LONGEST_ADDRESS: Final = 254
LONGEST_LOCAL: Final = 64
LONGEST_LABEL: Final = 63
_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address in its two parts, as written."""

    local: str
    domain: str

    @property
    def text(self) -> str:
        """The address as it was written: mail goes there and nowhere else."""
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """The address in small letters, for a unique column. Dots and `+` tags stay: not every server ignores them."""
        return self.text.lower()


def parse_email(text: str, *, domains: Collection[str] = ()) -> EmailAddress:
    """Return the parts of an address of at most 254 characters, its local part at most 64.

    The local part is a dot-atom of ASCII; the domain has two or more labels of letters, digits and inner hyphens.
    International domains are taken in their ASCII form (`xn--`), so that no two addresses look alike to the software
    and differ, or the reverse. With `domains`, the domain must equal one of them. Raises `InputRefusedError` (400)
    that does not repeat the address.
    """
    if isinstance(domains, str):
        raise ConfigError("domains must be a set.", hint='Write {"example.org"}.', code="email-domains")
    if len(text) > LONGEST_ADDRESS:
        raise _refuse(f"has more than {LONGEST_ADDRESS} characters")
    if not text.isascii():
        raise _refuse("has characters beyond ASCII; write an international domain as xn--")
    local, at, domain = text.partition("@")
    if not at or "@" in domain:
        raise _refuse("needs one @")
    if not 1 <= len(local) <= LONGEST_LOCAL or not all(_ATOM.fullmatch(atom) for atom in local.split(".")):
        raise _refuse("has no valid name before the @")
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(_is_label(label) for label in labels):
        raise _refuse("has no valid domain after the @")
    if domains and domain.lower() not in {allowed.lower() for allowed in domains}:
        raise _refuse("has a domain that is not accepted")
    return EmailAddress(local, domain)


def _is_label(label: str) -> bool:
    return len(label) <= LONGEST_LABEL and _LABEL.fullmatch(label) is not None


def _refuse(what: str) -> InputRefusedError:
    return InputRefusedError(f"the e-mail address {what}.", code="input-email")
