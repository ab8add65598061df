import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.crypto.jwt.claims import Claims, ClaimsPolicy
from vallum.crypto.jwt.compact import TokenRefusedError, split_token
from vallum.crypto.jwt.issuer import Issuer
from vallum.crypto.jwt.keys import generate_key

NOW = 1_800_000_000.0
KEY = generate_key()
POLICY = ClaimsPolicy(
    issuer="https://id.example", audience="api", token_type="at+jwt", token_use="access", clock=lambda: NOW
)
GOOD: dict[str, Any] = {
    "iss": "https://id.example",
    "sub": "u1",
    "aud": "api",
    "iat": NOW - 10,
    "nbf": NOW - 10,
    "exp": NOW + 890,
    "jti": "j1",
    "token_use": "access",
    "scope": "read",
}


def refuse(reason: str, **changes: Any) -> None:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not Ellipsis}
    with pytest.raises(TokenRefusedError) as caught:
        POLICY.check(claims)
    assert caught.value.reason == reason


def test_good_claims_are_returned() -> None:
    claims = POLICY.check({**GOOD, "aud": ["other", "api"]})
    said = {**GOOD, "aud": ["other", "api"]}
    assert claims == Claims("u1", "https://id.example", ("other", "api"), NOW - 10, NOW + 890, "j1", said)
    assert claims.extra == {"scope": "read"}
    assert "read" not in repr(claims)


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "iat", "nbf", "exp", "jti"])
@pytest.mark.parametrize("value", [..., None, "", True, [], {}, [1], float("nan"), float("inf")], ids=repr)
def test_every_claim_is_required_in_its_type(name: str, value: Any) -> None:
    if (name, value) != ("aud", []):
        refuse(f"claim-{name}", **{name: value})
    else:
        refuse("audience", aud=[])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW - 30}, "expired"),
        ({"exp": NOW - 10**6, "iat": NOW - 10**6 - 1}, "expired"),
        ({"nbf": NOW + 31}, "not-yet-valid"),
        ({"iat": NOW + 31}, "not-yet-valid"),
        ({"exp": NOW + 3591}, "lifetime"),
        ({"exp": NOW + 10**9}, "lifetime"),
        ({"iat": NOW + 20, "exp": NOW + 20}, "lifetime"),
        ({"iss": "https://id.example/"}, "issuer"),
        ({"iss": "https://ID.example"}, "issuer"),
        ({"aud": "api2"}, "audience"),
        ({"aud": ["ap", "i"]}, "audience"),
        ({"aud": ["API"]}, "audience"),
        ({"token_use": "refresh"}, "type"),
        ({"token_use": ...}, "type"),
        ({"token_use": ["access"]}, "type"),
    ],
)
def test_what_is_wrong_is_refused(changes: dict[str, Any], reason: str) -> None:
    refuse(reason, **changes)


@pytest.mark.parametrize(
    "changes", [{"exp": NOW - 29, "iat": NOW - 900}, {"nbf": NOW + 30}, {"iat": NOW + 30}, {"exp": NOW + 3590}]
)
def test_the_leeway_and_the_longest_life_are_inclusive(changes: dict[str, Any]) -> None:
    assert POLICY.check({**GOOD, **changes}).subject == "u1"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": ""},
        {"audience": ""},
        {"token_type": ""},
        {"token_use": ""},
        {"leeway": 61},
        {"leeway": -1},
        {"longest_life": 3601},
        {"longest_life": 0},
    ],
)
def test_a_policy_is_checked_when_built(changes: dict[str, Any]) -> None:
    settings = {"issuer": "i", "audience": "a", "token_type": "t", "token_use": "u"}
    with pytest.raises(ConfigError) as caught:
        ClaimsPolicy(**{**settings, **changes})
    assert caught.value.code == "token-policy"


def issued(issuer: Issuer, *arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    compact = split_token(issuer.issue(*arguments))
    return compact.header, json.loads(compact.payload)


def test_a_token_lives_for_15_minutes_and_claims_everything() -> None:
    header, claims = issued(
        Issuer(key=KEY, policy=POLICY, randomness=bytes), "u1", {"roles": ["editor"], "scope": "notes:read"}
    )
    assert header == {"alg": "ES256", "kid": KEY.key_id, "typ": "at+jwt"}
    assert claims == {
        "iss": "https://id.example",
        "sub": "u1",
        "aud": "api",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 900,
        "jti": "A" * 22,
        "token_use": "access",
        "roles": ["editor"],
        "scope": "notes:read",
    }
    assert POLICY.check(claims).extra == {"roles": ["editor"], "scope": "notes:read"}
    assert (
        issued(Issuer(key=KEY, policy=POLICY), "u1")[1]["jti"] != issued(Issuer(key=KEY, policy=POLICY), "u1")[1]["jti"]
    )


@given(life=st.integers(1, 3600), subject=st.text("abcdef0123456789-", min_size=1, max_size=36))
def test_what_is_issued_is_accepted(life: int, subject: str) -> None:
    claims = issued(Issuer(key=KEY, policy=POLICY, life=life), subject)[1]
    assert POLICY.check(claims).subject == subject


@pytest.mark.parametrize("life", [0, -1, 3601])
def test_a_life_of_more_than_an_hour_is_refused(life: int) -> None:
    with pytest.raises(ConfigError):
        Issuer(key=KEY, policy=POLICY, life=life)


@pytest.mark.parametrize("name", ["password", "email", "name", "iss", "sub", "aud", "exp", "jti", "token_use", "Scope"])
def test_only_listed_claims_can_be_added(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Issuer(key=KEY, policy=POLICY).issue("u1", {name: "x"})
    assert caught.value.code == "claim-not-allowed"


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "token_use", "epoch", "sid", "cnf"])
def test_no_list_lets_a_caller_write_a_registered_claim(name: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        Issuer(key=KEY, policy=POLICY, allowed_claims=("scope", name))
    assert caught.value.code == "claim-registered"


@pytest.mark.parametrize(
    "value",
    [
        "alice@example.org",
        ["reader", "alice@example.org"],
        {"of": {"alice@example.org": 1}},
        "card 4111 1111 1111 1111",
        "4111-1111-1111-1111",
        4111111111111111,
        [5555555555554444],
        {"paid": {6011111111111117: "yes"}},
        378282246310005.0,
        "-----BEGIN PRIVATE KEY-----",
        "sk_live_" + "a" * 24,
        "ghp_" + "a" * 36,
        "AKIA" + "A" * 16,
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x",
        "10.1.2.3",
        "at 192.168.0.1",
        "172.16.9.9",
    ],
)
def test_a_claim_that_a_reader_must_not_see_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Issuer(key=KEY, policy=POLICY).issue("u1", {"scope": value})
    assert caught.value.code == "claim-sensitive"
    assert "alice" not in str(caught.value)


@pytest.mark.parametrize("subject", ["", "alice@example.org"])
def test_a_subject_is_an_opaque_id(subject: str) -> None:
    with pytest.raises(ConfigError):
        Issuer(key=KEY, policy=POLICY).issue(subject)


@pytest.mark.parametrize(
    "value",
    [
        "notes:read notes:write",
        ["admin"],
        "v10.1.2",
        "172.32.0.1x",
        1_800_000_000_000,
        1.25,
        True,
        "a@b",
        None,
        "1.10.2.3.4",
    ],
)
def test_ordinary_scopes_and_roles_are_accepted(value: Any) -> None:
    assert Issuer(key=KEY, policy=POLICY).issue("204128310292283392", {"scope": value})


PERSONAL = [
    *("password", "userPassword", "email", "e_mail", "phone", "given_name", "name", "ssn", "card_number", "api_key"),
    *("client_secret", "mfa_seed", "otp", "birthdate", "home_address", "refresh_token", "iban"),
]


@pytest.mark.parametrize("name", PERSONAL)
def test_a_list_names_no_secret_and_no_person(name: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        Issuer(key=KEY, policy=POLICY, allowed_claims=("scope", name))
    assert caught.value.code == "claim-sensitive"
    unsafe = Issuer(key=KEY, policy=POLICY, unsafe_claims=(name,))
    assert issued(unsafe, "u1", {name: "alice@example.org"})[1][name] == "alice@example.org"
    with pytest.raises(ConfigError):
        unsafe.issue("u1", {"scope": "alice@example.org"})


@pytest.mark.parametrize("name", ["scope", "roles", "ward", "tenant", "family", "shipping", "plan", "token_use_count"])
def test_ordinary_names_are_taken(name: str) -> None:
    assert issued(Issuer(key=KEY, policy=POLICY, allowed_claims=(name,)), "u1", {name: "x"})[1][name] == "x"


def test_epoch_session_and_key_are_the_issuers_own_claims() -> None:
    issuer = Issuer(key=KEY, policy=POLICY)
    claims = json.loads(split_token(issuer.issue("u1", epoch=3, session="s1", key_thumbprint="k1")).payload)
    assert (claims["epoch"], claims["sid"], claims["cnf"]) == (3, "s1", {"jkt": "k1"})
    checked = POLICY.check(claims)
    assert (checked.epoch, checked.session, checked.key_thumbprint, checked.extra) == (3, "s1", "k1", {})
    assert POLICY.check({**GOOD}).epoch is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"epoch": -1}, "claim-epoch"),
        ({"epoch": True}, "claim-epoch"),
        ({"epoch": "1"}, "claim-epoch"),
        ({"epoch": 1.5}, "claim-epoch"),
        ({"sid": ""}, "claim-sid"),
        ({"sid": 1}, "claim-sid"),
        ({"sid": None}, "claim-sid"),
        ({"cnf": "x"}, "claim-cnf"),
        ({"cnf": {}}, "claim-cnf"),
        ({"cnf": None}, "claim-cnf"),
        ({"cnf": {"x5t#S256": "a"}}, "claim-cnf"),
        ({"cnf": {"jkt": "a", "kid": "b"}}, "claim-cnf"),
        ({"cnf": {"jkt": ""}}, "claim-jkt"),
    ],
)
def test_bindings_that_are_not_understood_are_refused(changes: dict[str, Any], reason: str) -> None:
    refuse(reason, **changes)


@pytest.mark.parametrize("name", ["iss", "sub", "jti"])
@pytest.mark.parametrize("value", ["", 1, None, ["u1"], ...], ids=repr)
def test_whole_seconds_take_no_other_path(name: str, value: Any) -> None:
    whole = {"iat": int(NOW) - 10, "nbf": int(NOW) - 10, "exp": int(NOW) + 890}
    assert POLICY.check({**GOOD, **whole}).subject == "u1"
    refuse(f"claim-{name}", **{**whole, name: value})
