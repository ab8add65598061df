"""The gate under WSGI: once the route is known, read the session, decide, and only then run the handler."""

from collections.abc import Callable

from vallum.guard.authorization.access import CLOSED, Declaration
from vallum.guard.core import Core
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import Exchange
from vallum.guard.verdict import judge

BodyCheck = Callable[[Core, Exchange], Refusal | None]


def pass_gate(exchange: Exchange, declaration: Declaration, check: BodyCheck) -> Refusal | None:
    """Judge the request now that its route is known; `check` looks at the body, for a form's token.

    A refusal is noted in the exchange as well: the framework answers anything, the wrapper puts the whole in its place.
    """
    core: Core = exchange.core
    refusal = judge(core, exchange, declaration, core.want(exchange, declaration.access or CLOSED))
    if refusal is None:
        refusal = check(core, exchange)
    exchange.refusal = refusal
    return refusal
