"""The letters that accounts get. Each link begins with the configured origin and counts once."""

from vallum.guard.logging.events import Level

from . import logbook, mail, people, proofs
from .records import Account, Person
from .settings import SETTINGS


def ask_confirmation(user_id: int, address: str) -> None:
    """Ask whoever reads the address to prove it."""
    secret = proofs.issue(proofs.CONFIRM, user_id, address)
    mail.send(address, "Confirm your address", f"Open this page: {SETTINGS.origin}/confirm?token={secret}")


def tell_known(address: str) -> None:
    """Somebody registered with the address of an account."""
    mail.send(address, "You have an account", f"Log in, or choose a new password: {SETTINGS.origin}/forgot")


def tell_taken(address: str) -> None:
    """Somebody registered with a user name that is not free."""
    mail.send(address, "Choose another user name", f"That one is not free: {SETTINGS.origin}/register")


def send_reset(address: str) -> None:
    """A link for a new password, if an account uses the address."""
    account = people.find_by_email(address)
    if account is None or not account.email_verified:
        logbook.note("reset-for-unknown-address", Level.INFO)
        return
    secret = proofs.issue(proofs.RESET, account.id, address)
    mail.send(address, "Your new password", f"Choose a new password: {SETTINGS.origin}/reset?token={secret}")


def tell_changed(address: str) -> None:
    """The password was changed: whoever did not do it wants to know."""
    mail.send(address, "Your password is changed", f"If it was not you: {SETTINGS.origin}/forgot")


def tell_locked(account: Account | None) -> None:
    """Wrong passwords in a row have locked the password for a while; a reset opens it."""
    person = people.get(account.id) if account else None
    if person:
        mail.send(person.email, "Your password is locked", f"If it was not you: {SETTINGS.origin}/forgot")


def move_address(person: Person, address: str) -> None:
    """The new address must be proven; the old one hears of it."""
    ask_confirmation(person.id, address)
    mail.send(person.email, "Your address will change", f"If it was not you: {SETTINGS.origin}/forgot")
