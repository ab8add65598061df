"""The step for programs: an Authorization header names the actor, instead of the session and its cookie (RFC 6750)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from vallum.guard.errors.refusal import UNAUTHENTICATED, Refusal

CHALLENGED: Final = Refusal(401, UNAUTHENTICATED.code, UNAUTHENTICATED.text, headers=[(b"www-authenticate", b"Bearer")])
"""For a request that names nobody: browsers show the page and leave the challenge alone, programs read the challenge.

It names no error, since nothing was sent that could be wrong (RFC 6750, section 3).
"""


class Caller(NamedTuple):
    """Whom a verified credential stands for; `claims` is whatever else it said, for handlers."""

    actor_id: str
    roles: tuple[str, ...] = ()
    claims: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerPolicy:
    """How the guard reads an Authorization header.

    `verify` gets the header's value and returns a `Caller`; it raises a `PublicError` to refuse with its answer, and
    whatever else it raises lets nobody in (503). Roles are best read from the store there, so that a role that was
    withdrawn stops at once. With `waits` False it runs on the event loop, which suits verifiers that do no I/O.

    A request with the header is judged by it alone: its cookies count for nothing, so it needs no CSRF token.
    """

    verify: Callable[[str], Caller]
    waits: bool = True
