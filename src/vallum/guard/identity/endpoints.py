"""All endpoints of an `Identity`, for an adapter to serve."""

from vallum.guard.identity import (
    account_flows,
    factor_flows,
    factor_login_flows,
    lifecycle_flows,
    session_flows,
    token_flows,
)
from vallum.guard.identity.endpoint import Endpoint
from vallum.guard.identity.parts import IdentityParts


def list_endpoints(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """The endpoints, each path and method once."""
    return (
        *account_flows.list_flows(parts),
        *session_flows.list_flows(parts),
        *factor_login_flows.list_flows(parts),
        *factor_flows.list_flows(parts),
        *lifecycle_flows.list_flows(parts),
        *_list_providers(parts),
        *token_flows.list_flows(parts),
    )


def _list_providers(parts: IdentityParts) -> tuple[Endpoint, ...]:
    if parts.sign_ins is None:
        return ()
    from vallum.guard.identity import provider_flows  # noqa: PLC0415 - only for an app with providers

    return provider_flows.list_flows(parts, parts.sign_ins)


def path_of(parts: IdentityParts, endpoint: Endpoint) -> str:
    """Where the endpoint stands."""
    return endpoint.path if endpoint.rooted else parts.settings.prefix + endpoint.path
