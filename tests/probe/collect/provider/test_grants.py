"""The provider that the probe plays: right in every part, and wrong in the one that is asked for."""

import base64
import hashlib
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vallum.probe.collect.provider.grants import CLIENT, Desk
from vallum.probe.exchange import Consent

ISSUER = "http://localhost:1"
BACK = "https://app.example/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": CLIENT,
    "redirect_uri": BACK,
    "scope": "openid",
    "state": "st",
    "nonce": "no",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def desk():
    return Desk(issuer=ISSUER)


def basic(desk, secret=None):
    return "Basic " + base64.b64encode(f"{CLIENT}:{secret or desk.secret}".encode()).decode()


def come_back(desk, asked=ASKED, **wanted):
    address = desk.consent(Consent(trial="t", url=f"{ISSUER}/authorize?{urlencode(asked)}", **wanted))
    return dict(parse_qsl(urlsplit(address).query))


def redeem(desk, code, authorization=None, /, **changes):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    reply = desk.redeem({**form, **changes}, basic(desk) if authorization is None else authorization, {})
    return reply.status, json.loads(reply.body) if reply.media_type == "application/json" else reply.body


def read(desk, token):
    keys = KeySet.import_key_set(desk.keys.jwks())
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


def tokens_of(desk, **wanted):
    return redeem(desk, come_back(desk, **wanted)["code"])[1]


def test_honest_sign_in_brings_a_whole_id_token(desk):
    back = come_back(desk, subject="ann", email="ann@example.org", verified=False)
    assert (back["state"], back["iss"]) == ("st", ISSUER)
    status, tokens = redeem(desk, back["code"])
    claims = read(desk, tokens["id_token"])
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", 300)
    assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (ISSUER, CLIENT, "ann", "no")
    assert (claims["email"], claims["email_verified"]) == ("ann@example.org", False)
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    told = json.loads(desk.describe(f"Bearer {tokens['access_token']}").body)
    assert told["sub"] == "ann"


@pytest.mark.parametrize(
    ("fault", "claim", "value"),
    [
        ("iss", "iss", "https://stranger.example"),
        ("aud", "aud", "https://stranger.example"),
        ("azp", "azp", "https://stranger.example"),
        ("nonce", "nonce", "A" * 43),
        ("no-nonce", "nonce", None),
        ("at-hash", "at_hash", "A" * 22),
    ],
)
def test_fault_is_in_one_claim(desk, fault, claim, value):
    assert read(desk, tokens_of(desk, fault=fault)["id_token"]).get(claim) == value


def test_expired_token_has_expired(desk):
    claims = read(desk, tokens_of(desk, fault="expired")["id_token"])
    assert claims["exp"] < read(desk, tokens_of(desk)["id_token"])["iat"]


@pytest.mark.parametrize("fault", ["key", "none", "hmac"])
def test_signature_that_proves_nothing(desk, fault):
    with pytest.raises((JoseError, ValueError)):
        read(desk, tokens_of(desk, fault=fault)["id_token"])


def test_faulty_token_responses(desk):
    status, told = redeem(desk, come_back(desk, fault="status")["code"])
    assert (status, told["error"], "id_token" in told) == (400, "invalid_request", True)
    assert b"<!doctype html>" in redeem(desk, come_back(desk, fault="html")["code"])[1]
    assert "id_token" not in tokens_of(desk, fault="no-id-token")


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": f"{BACK}/more"}, {"code": "unknown"}],
)
def test_code_is_for_whoever_asked_for_it(desk, changes):
    status, told = redeem(desk, come_back(desk)["code"], **changes)
    assert (status, told) == (400, {"error": "invalid_grant"})


def test_code_works_once_and_may_be_brought_again(desk):
    code = come_back(desk)["code"]
    assert redeem(desk, code)[0] == 200
    assert come_back(desk, code=code)["code"] == code
    assert redeem(desk, code)[0] == 400


def test_verifier_is_refused_on_demand(desk):
    assert redeem(desk, come_back(desk, fault="verifier")["code"])[0] == 400


def test_plain_challenge_and_none_at_all(desk):
    plain = {**ASKED, "code_challenge": VERIFIER, "code_challenge_method": "plain"}
    assert redeem(desk, come_back(desk, plain)["code"])[0] == 200
    bare = {name: value for name, value in ASKED.items() if "challenge" not in name}
    assert redeem(desk, come_back(desk, bare)["code"], code_verifier="")[0] == 200


def test_client_proves_itself_by_header_or_body(desk):
    post = {"client_id": CLIENT, "client_secret": desk.secret}
    assert redeem(desk, come_back(desk)["code"], "", **post)[0] == 200
    assert desk.heard[-1]["way"] == "post"
    for wrong in (basic(desk, "guess"), "Basic !", "Basic " + base64.b64encode(b"other:x").decode()):
        assert redeem(desk, come_back(desk)["code"], wrong) == (401, {"error": "invalid_client"})
        assert desk.heard[-1]["outcome"] == "invalid_client"


def test_only_two_grants_are_known(desk):
    assert redeem(desk, "x", grant_type="password") == (400, {"error": "unsupported_grant_type"})


def test_parameters_of_the_callback_are_changed_or_left_out(desk):
    back = come_back(desk, changed={"state": None, "iss": "https://stranger.example", "error": "access_denied"})
    assert (back.get("state"), back["iss"], back["error"]) == (None, "https://stranger.example", "access_denied")


def test_refresh_tokens_rotate_until_the_grant_ends():
    desk = Desk(issuer=ISSUER)
    first = tokens_of(desk)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first}
    second = json.loads(desk.redeem(form, basic(desk), {}).body)["refresh_token"]
    assert second != first
    assert desk.redeem(form, basic(desk), {}).status == 400
    assert [told.get("newest") for told in desk.heard] == [None, True, False]
    desk.ended = True
    assert desk.redeem({**form, "refresh_token": second}, basic(desk), {}).status == 400


def test_token_that_was_never_issued_describes_nobody(desk):
    assert desk.describe("Bearer guess").status == 401


def test_secret_is_in_no_representation(desk):
    assert desk.secret not in repr(desk)
