"""What the mails say. Replace any: `Letters({**LETTERS, "password-reset": ("Neues Passwort", "...{link}")})`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.authentication.mail.message import Mail

_NOT_YOU: Final = "\n\nIf this was not you, reset your password at {origin} and tell us."
_IGNORE: Final = "\n\nIf you did not ask for this, ignore this mail: nothing changes."
LETTERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "registration": ("Confirm your account", "Open this link to confirm your address:\n\n{link}" + _IGNORE),
        "registration-known": (
            "You have an account",
            (
                "Somebody, perhaps you, tried to register at {origin} with this address. You have an account already; "
                "if the password is lost, reset it there."
            ),
        ),
        "email-proof": ("Confirm your address", "Open this link to confirm your address:\n\n{link}" + _IGNORE),
        "email-change": ("Confirm your new address", "Open this link to use this address:\n\n{link}" + _IGNORE),
        "email-change-known": (
            "This address is in use",
            "Somebody, perhaps you, wanted to use this address at {origin} for an account. Another account has it.",
        ),
        "email-change-asked": (
            "A new address was asked for",
            "A change of the address of your account was begun." + _NOT_YOU,
        ),
        "email-changed": ("Your address was changed", "Your account has another address now." + _NOT_YOU),
        "password-reset": ("Reset your password", "Open this link to choose a new password:\n\n{link}" + _IGNORE),
        "password-reset-unknown": (
            "No account to reset",
            (
                "Somebody, perhaps you, wanted to reset the password of an account at {origin} with this address. "
                "There is no account that can be reset."
            ),
        ),
        "password-changed": ("Your password was changed", "The password of your account was changed." + _NOT_YOU),
        "new-device": (
            "A new browser logged in",
            "Somebody logged in to your account with a browser that was not known before." + _NOT_YOU,
        ),
        "sign-in-linked": ("A sign-in was linked", "Your account can be entered by another provider now." + _NOT_YOU),
        "sign-in-unlinked": ("A sign-in was removed", "A provider no longer opens your account." + _NOT_YOU),
        "account-locked": (
            "Too many failed logins",
            (
                "Somebody failed to log in to your account several times, so its password is locked for a while. If "
                "you do not want to wait, reset it at {origin}. Where you are signed in, you stay so."
            ),
        ),
        "account-disabled": ("Your account was disabled", "Your account at {origin} was disabled."),
        "account-enabled": ("Your account was enabled", "Your account at {origin} can be used again."),
        "account-deleted": ("Your account was deleted", "Your account at {origin} and its data were deleted."),
        "roles-changed": ("Your rights were changed", "The rights of your account at {origin} were changed."),
        "factor-added": ("A second factor was added", "Your account has a new second factor." + _NOT_YOU),
        "factor-removed": ("A second factor was removed", "A second factor of your account was removed." + _NOT_YOU),
        "recovery-codes-new": (
            "You have new recovery codes",
            "The recovery codes of your account were replaced; the old ones are void." + _NOT_YOU,
        ),
        "recovery-code-used": (
            "A recovery code was used",
            "A recovery code of your account was used instead of the second factor." + _NOT_YOU,
        ),
        "login-code": (
            "Your code: {code}",
            "The code is {code}. Enter it at {origin} and nowhere else, and tell it to nobody." + _IGNORE,
        ),
        "factor-lost": (
            "Your second factor was reported lost",
            (
                "Somebody who knows your password says that the second factor of your account is lost. From tomorrow "
                "on this link removes it:\n\n{link}\n\nIf this was not you, log in at {origin} with your second "
                "factor, which voids the link, and change your password."
            ),
        ),
        "invitation": ("You are invited", "Open this link to join {origin}:\n\n{link}" + _IGNORE),
        "invitation-known": ("You are invited", "You were invited to {origin}, where you have an account already."),
    }
)


@dataclass(frozen=True, slots=True)
class Letters:
    """Subject and text for each mail; `{link}`, `{code}` and `{origin}` are filled in.

    Raises `ConfigError` for a mail or a mark that is missing.
    """

    texts: Mapping[str, tuple[str, str]] = field(default_factory=lambda: LETTERS)

    def __post_init__(self) -> None:
        """Refuse a set that lacks a mail or a link."""
        for name, (_, text) in LETTERS.items():
            needed = [mark for mark in ("{link}", "{code}") if mark in text]
            if name not in self.texts or any(mark not in self.texts[name][1] for mark in needed):
                raise ConfigError(f"the mail {name!r} is missing or has no {' '.join(needed)}.", code="letters")

    def write(self, name: str, to: str, *, origin: str, link: str = "", code: str = "") -> Mail:
        """The mail `name` to an address."""
        subject, text = self.texts[name]
        filled = text.replace("{origin}", origin).replace("{link}", link).replace("{code}", code)
        return Mail(to=to, subject=subject.replace("{code}", code), text=filled + "\n")
