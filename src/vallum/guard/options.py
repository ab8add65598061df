"""Parts of the core that only some policies need: each is imported with the first policy that does."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import Exchange
from vallum.guard.policy import GuardPolicy

if TYPE_CHECKING:
    from vallum.guard.http.blocking import BlockList

Step = Callable[[Exchange], Refusal | None]


def demand_https_of(policy: GuardPolicy) -> tuple[Step, ...]:
    """The step that asks for TLS, in production."""
    if not policy.is_production or policy.unsafe_plain_http:
        return ()
    from vallum.guard.http.transport import demand_https  # noqa: PLC0415 - needed in production only

    return (demand_https(policy.origins),)


def open_blocks(policy: GuardPolicy) -> "BlockList | None":
    """The list of who is blocked, if the policy blocks anybody."""
    if policy.blocking is None:
        return None
    from vallum.guard.http.blocking import BlockList  # noqa: PLC0415 - only where somebody may be blocked

    return BlockList(policy.blocking)


def find_login(policy: GuardPolicy) -> Step | None:
    """The step that leads browsers to the login page, if there is one."""
    if not policy.login:
        return None
    from vallum.guard.authentication.login_page import lead_in  # noqa: PLC0415 - only where there is a login page

    return lead_in(policy.login)


def find_hidden(policy: GuardPolicy) -> Callable[[str], bool] | None:
    """What tells the paths for debugging, which production does not serve publicly."""
    if not policy.is_production or policy.unsafe_debug_paths:
        return None
    from vallum.guard.authorization.debug_paths import is_debug_path  # noqa: PLC0415 - needed in production only

    return is_debug_path
