"""Providers that many use, with the least scopes; everything that they publish is read by discovery.

    google(client_id, SECRETS.google), microsoft(client_id, SECRETS.microsoft, tenant="..."), gitlab(...), github(...)

Any other OpenID provider is a `Provider` with its issuer. Sources: the providers' own documentation.
"""

import re
from typing import Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.oauth.client_secret import AppleSecret, SecretBasic, SecretPost
from vallum.guard.oauth.provider import Endpoints, Provider

_TENANT: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MICROSOFT_PERSONAL: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal Microsoft accounts."""


def google(client_id: str, secret: Secret[str], *, name: str = "google") -> Provider:
    """Google accounts."""
    return Provider(
        name=name, issuer="https://accounts.google.com", client_id=client_id, authentication=SecretBasic(secret)
    )


def microsoft(client_id: str, secret: Secret[str], *, tenant: str, name: str = "microsoft") -> Provider:
    """Accounts of one Entra tenant, by its id: with `common` any tenant's administrator could name any user."""
    if not _TENANT.fullmatch(tenant):
        raise ConfigError(
            "a tenant is its id of 32 hexadecimal digits in five groups.",
            hint="One provider for each tenant; MICROSOFT_PERSONAL is that of personal accounts.",
            code="oauth-tenant",
        )
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    return Provider(name=name, issuer=issuer, client_id=client_id, authentication=SecretPost(secret))


def gitlab(
    client_id: str, secret: Secret[str], *, issuer: str = "https://gitlab.com", name: str = "gitlab"
) -> Provider:
    """GitLab.com, or your own GitLab by its `issuer`."""
    return Provider(name=name, issuer=issuer, client_id=client_id, authentication=SecretBasic(secret))


def apple(client_id: str, *, team_id: str, key_id: str, pem: Secret[str], name: str = "apple") -> Provider:
    """Apple accounts: the subject alone, since name and address come only by a form that another site posts."""
    return Provider(
        name=name,
        issuer="https://appleid.apple.com",
        client_id=client_id,
        authentication=AppleSecret(pem, team_id, key_id),
        scopes=("openid",),
    )


def github(client_id: str, secret: Secret[str], *, name: str = "github") -> Provider:
    """GitHub, which has no ID tokens: the subject is the number that its API gives for the token of our own code.

    No scope is asked for, so the token can read public data and nothing else.
    """
    return Provider(
        name=name,
        issuer="https://github.com",
        client_id=client_id,
        authentication=SecretPost(secret),
        scopes=(),
        endpoints=Endpoints(
            authorization="https://github.com/login/oauth/authorize",
            token="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
        ),
        profile="https://api.github.com/user",
    )
