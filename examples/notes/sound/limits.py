"""How often: all routes together, attempts at a password, and letters to one address."""

from typing import Final

from vallum.guard import RateLimitPolicy
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.http.rate_limit import Limiter
from vallum.stores.limits import LimitStore
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits

from .settings import SETTINGS


def open_store() -> LimitStore:
    """What `VALLUM_LIMITS` names; else in production a file that all workers share."""
    given = SETTINGS.guard.rate_limits
    if given is not None and given.store is not None:
        return given.store
    return SqliteLimits(SETTINGS.data / "limits.sqlite3") if SETTINGS.guard.is_production else MemoryLimits()


STORE: Final = open_store()
SHARED_ADDRESS: Final = not SETTINGS.guard.is_production
"""On a developer's machine everybody, and `vallum audit` as all of them, comes from the same address."""
POLICY: Final = RateLimitPolicy(
    account="6000/minute" if SHARED_ADDRESS else "120/minute",
    address="60000/minute" if SHARED_ADDRESS else "600/minute",
    store=STORE,
)
ADDRESS: Final = "1000/15 minutes" if SHARED_ADDRESS else "20/15 minutes"
LOGIN: Final = LoginLimits(address=ADDRESS)
"""5 attempts at an account's password and 20 from one address in a quarter of an hour, by page and by API together."""
LOCKOUT: Final = Lockout(STORE)
"""10 wrong passwords in a row lock an account's password for a quarter of an hour, then longer; a reset opens it."""
CHANGES: Final = LoginLimits("current-password")
"""The same for whoever sits at a signed-in browser and guesses the current password."""
LETTERS: Final = Limiter("5/hour", name="letters")
"""To one address, whether an account has it or not."""
