"""The guard: build it right without thinking about it. `Guard(app)` turns everything on."""

from vallum.guard.actor import Actor
from vallum.guard.authentication.bearer import BearerPolicy, Identity
from vallum.guard.authorization.access import (
    ASSETS,
    PUBLIC,
    SIGNED_IN,
    accepts_body,
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
from vallum.guard.policy import Environment, GuardPolicy, read_environment
from vallum.guard.sessions.signing import renew_session, sign_in, sign_out

__all__ = [
    "ASSETS",
    "PUBLIC",
    "SIGNED_IN",
    "Actor",
    "BearerPolicy",
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
    "limited",
    "permission",
    "public",
    "read_environment",
    "renew_session",
    "requires",
    "sends_csp",
    "sign_in",
    "sign_out",
    "signed_in",
]
