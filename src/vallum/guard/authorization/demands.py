"""What sensitive routes ask beyond a permission: roles read afresh, a recent proof, a network, a record of each action.

    GuardPolicy(fresh_roles=roles_of, ...)            # account id to its roles now, from the store; None: no account

    @administers("users:manage", networks=("10.0.0.0/8",))
    def disable_user(request): ...

    paths={"/admin/*": administration("users:manage")}

The actor comes from the session or a verified token and from nowhere else; where roles are read afresh a right that was
withdrawn ends with it at once. Source: ASVS 8.2.1, 8.2.2, 8.3.2, 8.4.2; RFC 9470 for the age of a proof.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.authorization.access import Access, Demands, Handler, grant_access, permission
from vallum.guard.errors.refusal import FORBIDDEN, Refusal
from vallum.guard.exchange import Exchange, current
from vallum.guard.logging.events import Level

KEEPS: Final = ("server-side-authorization", "admin-protected")

TEN_MINUTES: Final = 600
STEP_UP: Final = Refusal(403, "step-up-required", "Prove again who you are.")
PROVED: Final = "vallum_proved"
"""The key of the session under which the time of the proof stands."""


def requires_fresh(*names: str) -> Callable[[Handler], Handler]:
    """Let in the actors whose roles, as `GuardPolicy.fresh_roles` tells them now, grant every permission in `names`."""
    return grant_access(permission(*names).demanding(Demands(fresh=True)))


def administration(
    *names: str, proof_age: float = TEN_MINUTES, networks: Iterable[str] = (), unsafe_any_age: bool = False
) -> Access:
    """The access of administrative routes, for the table of paths.

    Roles are read afresh and grant every permission in `names`; the actor has proved a second factor at most
    `proof_age` seconds ago (`note_proof`); her address is in one of `networks`, if any is given; and each action that
    is let in is the event `admin-acted`. Raises `ConfigError` for what is no network and for an age that is none.
    """
    if proof_age <= 0:
        raise ConfigError("administration: proof_age is no time.", hint="Leave it out for 600 s.", code="proof-age")
    return permission(*names).demanding(
        Demands(
            fresh=True,
            proof_age=None if unsafe_any_age else proof_age,
            networks=tuple(map(_read_network, networks)),
            audited=True,
        )
    )


def administers(
    *names: str, proof_age: float = TEN_MINUTES, networks: Iterable[str] = (), unsafe_any_age: bool = False
) -> Callable[[Handler], Handler]:
    """Declare an administrative handler: what `administration` says."""
    return grant_access(administration(*names, proof_age=proof_age, networks=networks, unsafe_any_age=unsafe_any_age))


def note_proof() -> None:
    """Note in the session that its actor has proved her second factor just now. Call it after the proof, and only then.

    Raises `VallumError` when nobody is signed in by a session.
    """
    exchange = current()
    session = exchange.session
    if session is None:
        raise VallumError("there is no session to note a proof in.", hint="Call sign_in first.", code="no-session")
    session.put(PROVED, exchange.core.clock())


def check_demands(core: Any, exchange: Exchange, access: Access, demands: Demands) -> Refusal | None:
    """Decide what `access` demands of the signed-in actor. For the core; what raises here refuses the request."""
    if demands.networks and not _is_inside(exchange.client, demands.networks):
        core.report(exchange, "network-refused", needed=" ".join(map(str, demands.networks)))
        return FORBIDDEN
    if demands.fresh and not core.refresh_actor(exchange):
        core.report(exchange, "account-gone")
        return FORBIDDEN
    actor = exchange.actor
    granted = actor is not None and (access.permissions <= actor.permissions or core.permissions_off)
    if not granted:
        core.report(exchange, "authorization-failed", needed=" ".join(sorted(access.permissions)))
        return FORBIDDEN
    if demands.proof_age is not None and not 0 <= core.clock() - _proved_at(exchange) <= demands.proof_age:
        core.report(exchange, "step-up-required", Level.INFO)
        return STEP_UP
    if demands.audited:
        action = f"{exchange.method} {exchange.route or exchange.path}"
        core.report(exchange, "admin-acted", action=action, subject=exchange.path)
    return None


def _proved_at(exchange: Exchange) -> float:
    """When a second factor was proved: noted in the session, or told by a token whose `amr` names more than one."""
    noted: object = exchange.record.data.get(PROVED) if exchange.record is not None else None
    if exchange.by_bearer:
        told = exchange.claims
        claims = told if isinstance(told, Mapping) else getattr(told, "extra", {})
        methods = claims.get("amr")
        is_strong = isinstance(methods, list | tuple) and ("mfa" in methods or len(set(methods)) > 1)
        noted = claims.get("auth_time") if is_strong else None
    return float(noted) if isinstance(noted, int | float) and not isinstance(noted, bool) else float("-inf")


def _is_inside(client: str, networks: Iterable[Any]) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in networks)


def _read_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        hint = 'Write an address or a network, like "10.0.0.0/24".'
        raise ConfigError(f"administration: {text!r} is no network.", hint=hint, code="network-unclear") from None
