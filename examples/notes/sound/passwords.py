"""Passwords: Argon2id by the guard's hasher, length instead of composition, one cost for known and unknown users."""

from typing import Final

from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.passwords import PasswordHasher

from . import limits, people
from .records import Account
from .settings import SHORTEST_PASSWORD

HASHER: Final = PasswordHasher()
LONGEST: Final = 256
TOO_WEAK: Final = "A password has at least 15 characters, and is not one that everybody tries."
COMMON: Final = ("password", "123456789", "qwertyuiop", "letmein", "iloveyou", "administrator", "passw0rd")
FEWEST_DIFFERENT: Final = 5


def is_weak(password: str, username: str) -> bool:
    """Tell whether a new password is too short, or made of what everybody tries (NIST SP 800-63B-4)."""
    lowered = password.lower()
    rest = lowered
    for word in (*COMMON, username.lower(), "notes"):
        rest = rest.replace(word, "") if word else rest
    return len(password) < SHORTEST_PASSWORD or len(set(lowered)) < FEWEST_DIFFERENT or len(rest) < FEWEST_DIFFERENT


async def log_in(username: str, password: str) -> Account:
    """The account of a correct login; attempts are counted before any work. Raises `LoginFailedError`, and 429.

    Who knows the password has mistyped it: her account begins anew, the address that she came from does not.
    """
    await limits.LOGIN.take(username)
    account = await authenticate(username, password)
    await limits.LOGIN.reset(username)
    return account


async def authenticate(username: str, password: str) -> Account:
    """The account of a correct login. Raises `LoginFailedError`, after the same work whatever the reason."""
    account = people.find_account(username)
    check = await HASHER.check_async(password, account.password if account else None)
    if account is None:
        raise LoginFailedError(LoginFailure.UNKNOWN_ACCOUNT)
    if not check:
        raise LoginFailedError(LoginFailure.MISMATCH)
    if not account.is_active:
        raise LoginFailedError(LoginFailure.DISABLED)
    if not account.email_verified:
        raise LoginFailedError(LoginFailure.UNVERIFIED)
    if check.replacement:
        people.replace_hash(account, check.replacement)
    return account


async def confirms(user_id: int, password: str) -> bool:
    """Tell whether this is the current password of a person who is signed in already."""
    account = people.get_account(user_id)
    return bool(await HASHER.check_async(password, account.password if account else None))
