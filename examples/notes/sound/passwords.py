"""Passwords: Argon2id by the guard's hasher, length instead of composition, one cost for known and unknown users."""

import asyncio
from typing import Final

from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.password_policy import PasswordPolicy
from vallum.guard.authentication.passwords import PasswordHasher

from . import letters, limits, people
from .records import Account
from .settings import SHORTEST_PASSWORD

HASHER: Final = PasswordHasher()
LONGEST: Final = 256
TOO_WEAK: Final = "A password has at least 15 characters, and is not one that everybody tries."
POLICY: Final = PasswordPolicy(shortest=SHORTEST_PASSWORD, site=("notes", "example"))


def is_weak(password: str, username: str) -> bool:
    """Tell whether a new password is too short, leaked, or made of the names of the user and the site."""
    return POLICY.judge(password, (username,)) is not None


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
    subject = str(account.id) if account else f"name:{username.lower()}"
    locked = await asyncio.to_thread(limits.LOCKOUT.is_locked, subject)
    check = await HASHER.check_async(password, account.password if account else None)
    if not check and await asyncio.to_thread(limits.LOCKOUT.note_failure, subject):
        letters.tell_locked(account)
    if account is None:
        raise LoginFailedError(LoginFailure.UNKNOWN_ACCOUNT)
    if locked:
        raise LoginFailedError(LoginFailure.LOCKED)
    if not check:
        raise LoginFailedError(LoginFailure.MISMATCH)
    await asyncio.to_thread(limits.LOCKOUT.note_success, subject)
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
