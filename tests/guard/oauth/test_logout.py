"""Logout at the provider, and by the provider."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import ECKey

from vallum.base.errors import ConfigError
from vallum.guard.oauth.logout import EVENT, BackChannelLogout, leave_provider
from vallum.stores.links import LinkRecord
from vallum.stores.memory.links import MemoryLinks
from vallum.stores.memory.sessions import MemorySessions
from vallum.stores.sessions import SessionRecord

NOW = 1_800_000_000
GOOD = {"jti": "1", "events": {EVENT: {}}}


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def logout(kit: Any, ended: list[str]) -> BackChannelLogout:
    links, sessions = MemoryLinks(), MemorySessions()
    links.link(LinkRecord(issuer="https://id.example", subject="ada", account_id="account-1", created=NOW))
    for number, actor in enumerate(["account-1", "account-1", "account-2"]):
        sessions.create(
            SessionRecord(
                digest=bytes([number]) * 32,
                actor_id=actor,
                roles=(),
                created=NOW,
                seen=NOW,
                idle_seconds=600,
                deadline=NOW + 600,
                address="",
                agent="",
                data={},
            )
        )
    return BackChannelLogout(
        client=kit.client, links=links, sessions=sessions, proofs=kit.proofs, also_end=ended.append, clock=kit.clock
    )


def logout_token(kit: Any, **claims: Any) -> str:
    kit.issuer.header = {"typ": "logout+jwt"} | kit.issuer.header
    return str(kit.issuer.sign(GOOD | claims))


def test_all_sessions_of_the_subject_end(kit: Any, logout: BackChannelLogout, ended: list[str]):
    assert logout.accept("fake", logout_token(kit)) == "account-1"
    assert list(logout.sessions.list_actor("account-1", NOW)) == []
    assert len(list(logout.sessions.list_actor("account-2", NOW))) == 1
    assert ended == ["account-1"]


def test_a_logout_token_works_once(kit: Any, logout: BackChannelLogout, ended: list[str]):
    token = logout_token(kit)
    logout.accept("fake", token)
    assert kit.cause(lambda: logout.accept("fake", token)) == "logout-token: used already"
    assert ended == ["account-1"]


def test_a_subject_without_an_account_ends_nothing(kit: Any, logout: BackChannelLogout, ended: list[str]):
    assert logout.accept("fake", logout_token(kit, sub="nobody")) is None
    assert ended == []


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"events": None}, "logout-token: events"),
        ({"events": [EVENT]}, "logout-token: events"),
        ({"events": {EVENT: True}}, "logout-token: events"),
        ({"events": {"another": {}}}, "logout-token: events"),
        ({"nonce": "x"}, "logout-token: nonce"),
        ({"jti": None}, "logout-token: jti"),
        ({"jti": "x" * 256}, "logout-token: jti"),
        ({"iat": NOW - 181}, "logout-token: iat"),
        ({"sub": None, "sid": "1"}, "id-token: sub"),
        ({"iss": "https://evil.example"}, "id-token: iss"),
        ({"aud": "another"}, "id-token: aud"),
        ({"exp": NOW - 61}, "id-token: exp"),
    ],
)
def test_other_tokens_end_nothing(
    kit: Any, logout: BackChannelLogout, ended: list[str], claims: dict[str, Any], cause: str
):
    assert kit.cause(lambda: logout.accept("fake", logout_token(kit, **claims))) == cause
    assert ended == []


def test_forged_tokens_end_nothing(kit: Any, logout: BackChannelLogout, ended: list[str], signer: Any):
    foreign = ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256"})
    kit.issuer.forged = lambda claims: signer(foreign, claims, {"typ": "logout+jwt"})
    assert kit.cause(lambda: logout.accept("fake", logout_token(kit))) == "id-token: signature"
    kit.issuer.forged, kit.issuer.header = None, {"typ": "at+jwt"}
    assert kit.cause(lambda: logout.accept("fake", logout_token(kit))) == "id-token: typ"
    assert ended == []


def test_a_logout_token_is_no_id_token(kit: Any):
    kit.issuer.header = {"typ": "logout+jwt"}
    assert kit.cause(kit.arrive) == "id-token: typ"


def test_leaving_names_us_and_a_place_of_ours(kit: Any):
    address = leave_provider(kit.client, "fake", back="/bye", id_token="the.id.token")
    assert address is not None
    assert dict(parse_qsl(urlsplit(address).query)) == {
        "client_id": "notes-client",
        "id_token_hint": "the.id.token",
        "post_logout_redirect_uri": "https://app.example/bye",
    }
    assert "app.example%2F" in str(leave_provider(kit.client, "fake", back="/"))
    with pytest.raises(ConfigError):
        leave_provider(kit.client, "fake", back="//evil.example")


def test_some_providers_have_no_logout(kit: Any):
    kit.issuer.metadata = {"end_session_endpoint": None}
    assert leave_provider(kit.client, "fake") is None
