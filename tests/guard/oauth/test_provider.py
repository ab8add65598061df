"""Discovery and the presets: nothing is accepted that another issuer says, or that is not https."""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.oauth.provider import Endpoints, Provider
from vallum.guard.oauth.provider_presets import MICROSOFT_PERSONAL, apple, github, gitlab, google, microsoft
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.transport import HttpReply

SECRET = Secret("a-client-secret-of-the-tests")
PEM = Secret(ECKey.generate_key("P-256").as_pem(private=True).decode())


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": "https://id.example/"},
        {"issuer": None},
        {"token_endpoint": "http://id.example/token"},
        {"token_endpoint": ""},
        {"token_endpoint": 7},
        {"jwks_uri": "file:///etc/passwd"},
        {"end_session_endpoint": "javascript:alert(1)"},
        {"response_types_supported": ["id_token"]},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": "S256"},
    ],
)
def test_bad_metadata_is_an_outage(kit: Any, metadata: dict[str, Any]):
    kit.issuer.metadata = metadata
    with pytest.raises(ProviderDownError):
        kit.client.begin("fake")


def test_no_metadata_is_an_outage(kit: Any):
    kit.issuer.instead["/.well-known/openid-configuration"] = HttpReply(status=404)
    with pytest.raises(ProviderDownError):
        kit.client.begin("fake")


def test_optional_endpoints_may_be_missing(kit: Any):
    kit.issuer.metadata = {"end_session_endpoint": None, "revocation_endpoint": ""}
    endpoints = kit.provider().discover(kit.issuer)
    assert (endpoints.end_session, endpoints.revocation) == ("", "")


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "Fake"},
        {"name": "a/b"},
        {"client_id": ""},
        {"issuer": "http://id.example"},
        {"issuer": "https://id.example?x=1"},
        {"scopes": ("profile",)},
        {"profile": "https://id.example/me"},
        {"profile": "https://id.example/me", "scopes": ()},
        {"extra": {"state": "fixed"}},
        {"extra": {"redirect_uri": "https://evil.example"}},
        {"endpoints": Endpoints(authorization="https://id.example/a", token="https://id.example/t")},
        {
            "endpoints": Endpoints(
                authorization="http://id.example/a", token="https://id.example/t", jwks="https://x.y/"
            )
        },
    ],
)
def test_settings_that_cannot_be_secure_are_refused(kit: Any, settings: dict[str, Any]):
    with pytest.raises(ConfigError):
        kit.provider(**settings)


@pytest.mark.parametrize(
    ("provider", "issuer"),
    [
        (google("id", SECRET), "https://accounts.google.com"),
        (gitlab("id", SECRET), "https://gitlab.com"),
        (gitlab("id", SECRET, issuer="https://git.example"), "https://git.example"),
        (github("id", SECRET), "https://github.com"),
        (apple("id", team_id="T", key_id="K", pem=PEM), "https://appleid.apple.com"),
        (
            microsoft("id", SECRET, tenant=MICROSOFT_PERSONAL),
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_presets_name_one_issuer_and_hide_their_secret(provider: Provider, issuer: str):
    assert provider.issuer == issuer
    assert provider.is_openid is (provider.name != "github")
    assert SECRET.reveal() not in repr(provider)
    assert "email" not in provider.scopes


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "contoso.onmicrosoft.com", ""])
def test_any_tenant_is_no_tenant(tenant: str):
    with pytest.raises(ConfigError, match="tenant"):
        microsoft("id", SECRET, tenant=tenant)


def sign_in_at_github(kit: Any, me: HttpReply) -> Any:
    kit.issuer.issuer = "https://github.com"
    kit.issuer.instead = {
        "/login/oauth/access_token": HttpReply(
            status=200, content_type="application/json", body=b'{"access_token":"a","token_type":"bearer","scope":""}'
        ),
        "/user": me,
    }
    client = kit.build(providers=[github("id", SECRET)])
    departure = client.begin("github")
    assert departure.url.startswith("https://github.com/login/oauth/authorize?response_type=code&client_id=id&")
    assert "scope" not in departure.url
    assert "nonce" not in departure.url
    query = departure.url.partition("state=")[2].partition("&")[0]
    return client.finish("github", f"code=c&state={query}", browser=departure.browser)


def test_github_names_somebody_by_number(kit: Any):
    me = HttpReply(status=200, content_type="application/json", body=b'{"id":17,"login":"ada","email":"a@example.org"}')
    identity = sign_in_at_github(kit, me).identity
    assert (identity.issuer, identity.subject, identity.name) == ("https://github.com", "17", "ada")
    assert identity.email == ""
    assert kit.issuer.seen[-1].headers["authorization"] == "Bearer a"
    assert "Bearer" not in repr(kit.issuer.seen[-1])


@pytest.mark.parametrize("body", [b"{}", b'{"id":"17"}', b'{"id":true}', b'{"id":0}'])
def test_github_without_a_number_signs_nobody_in(kit: Any, body: bytes):
    me = HttpReply(status=200, content_type="application/json", body=body)
    assert kit.cause(lambda: sign_in_at_github(kit, me)) == "profile: no id"


def test_github_that_does_not_answer_is_an_outage(kit: Any):
    with pytest.raises(ProviderDownError):
        sign_in_at_github(kit, HttpReply(status=401))
