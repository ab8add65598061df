"""The guard: build it right without thinking about it. `Guard(app)` turns everything on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vallum.guard.actor import Actor
    from vallum.guard.authentication.bearer import BearerPolicy, Caller
    from vallum.guard.authorization.access import (
        ASSETS,
        PUBLIC,
        SIGNED_IN,
        accepts_body,
        debug_only,
        limited,
        permission,
        public,
        requires,
        sends_csp,
        signed_in,
    )
    from vallum.guard.entry import Guard
    from vallum.guard.errors.public import NotFoundError, PublicError
    from vallum.guard.errors.refusal import Refusal
    from vallum.guard.exchange import current, current_actor
    from vallum.guard.http.rate_policy import RateLimitPolicy
    from vallum.guard.identity.settings import Identity
    from vallum.guard.identity.users import current_user, maybe_user, needs_factor, recent_factor, recent_login
    from vallum.guard.policy import Environment, GuardPolicy, read_environment
    from vallum.guard.sessions.signing import renew_session, sign_in, sign_out
else:
    _HOMES = {
        "actor": ("Actor",),
        "authentication.bearer": ("BearerPolicy", "Caller"),
        "authorization.access": (
            "ASSETS",
            "PUBLIC",
            "SIGNED_IN",
            "accepts_body",
            "debug_only",
            "limited",
            "permission",
            "public",
            "requires",
            "sends_csp",
            "signed_in",
        ),
        "entry": ("Guard",),
        "errors.public": ("NotFoundError", "PublicError"),
        "errors.refusal": ("Refusal",),
        "exchange": ("current", "current_actor"),
        "http.rate_policy": ("RateLimitPolicy",),
        "identity.settings": ("Identity",),
        "identity.users": ("current_user", "maybe_user", "needs_factor", "recent_factor", "recent_login"),
        "policy": ("Environment", "GuardPolicy", "read_environment"),
        "sessions.signing": ("renew_session", "sign_in", "sign_out"),
    }
    _HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name: str) -> object:
        """Load what is asked for with its first use (PEP 562), so that importing the guard stays light."""
        from importlib import import_module  # noqa: PLC0415 - kept out of the names of this module

        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        return value


__all__ = [
    "ASSETS",
    "PUBLIC",
    "SIGNED_IN",
    "Actor",
    "BearerPolicy",
    "Caller",
    "Environment",
    "Guard",
    "GuardPolicy",
    "Identity",
    "NotFoundError",
    "PublicError",
    "RateLimitPolicy",
    "Refusal",
    "accepts_body",
    "current",
    "current_actor",
    "current_user",
    "debug_only",
    "limited",
    "maybe_user",
    "needs_factor",
    "permission",
    "public",
    "read_environment",
    "recent_factor",
    "recent_login",
    "renew_session",
    "requires",
    "sends_csp",
    "sign_in",
    "sign_out",
    "signed_in",
]
