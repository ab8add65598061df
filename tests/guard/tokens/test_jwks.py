import json

import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.tokens.access_tokens import AccessTokens, generate_key, unsafe_shared_key
from vallum.guard.tokens.jwks import PATH, answer_jwks
from vallum.guard.tokens.refresh_cookie import RefreshCookie

KEY, OLD = generate_key(key_id="new"), generate_key("RS256", key_id="old")
TOKENS = AccessTokens(key=KEY, keys=[OLD.public()], issuer="https://id.example", audience="api")


def test_the_document_holds_public_keys_only() -> None:
    answer = answer_jwks(TOKENS)
    keys = json.loads(answer.body)["keys"]
    assert [(key["kid"], key["alg"], key["use"]) for key in keys] == [("new", "ES256", "sig"), ("old", "RS256", "sig")]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for key in keys for name in key}
    headers = dict(answer.headers)
    assert headers["content-type"] == "application/jwk-set+json"
    assert headers["cache-control"] == "public, max-age=300"
    assert PATH == "/.well-known/jwks.json"


@pytest.mark.parametrize("seconds", [-1, 301])
def test_a_document_does_not_stay_fresh_longer_than_a_key_is_announced(seconds: int) -> None:
    with pytest.raises(ConfigError) as caught:
        answer_jwks(TOKENS, fresh_seconds=seconds)
    assert caught.value.code == "jwks-fresh"


def test_a_shared_key_is_never_published() -> None:
    shared = unsafe_shared_key(Secret(bytes(range(32))), key_id="s")
    with pytest.raises(ConfigError) as caught:
        answer_jwks(AccessTokens(key=shared, issuer="https://id.example", audience="api"))
    assert caught.value.code == "shared-key"


def test_the_refresh_cookie_goes_to_its_path_only() -> None:
    cookie = RefreshCookie()
    assert cookie.name == "__Secure-refresh"
    assert cookie.set("abc-_1", 604_800.0) == (
        "__Secure-refresh=abc-_1; Path=/token/refresh; Max-Age=604800; HttpOnly; Secure; SameSite=Strict"
    )
    assert cookie.clear() == "__Secure-refresh=; Path=/token/refresh; Max-Age=0; HttpOnly; Secure; SameSite=Strict"
    plain = RefreshCookie(unsafe_plain_http=True)
    assert plain.set("a", 1) == "refresh=a; Path=/token/refresh; Max-Age=1; HttpOnly; SameSite=Strict"


@pytest.mark.parametrize("path", ["", "/", "refresh", "/a;b", "/a b", "/a\n"])
def test_another_path_is_refused(path: str) -> None:
    with pytest.raises(ConfigError):
        RefreshCookie(path=path)


@pytest.mark.parametrize("value", ["", "a;b", "a b", "a\r\nSet-Cookie: x"])
def test_a_value_that_leaves_the_cookie_is_refused(value: str) -> None:
    with pytest.raises(ConfigError):
        RefreshCookie().set(value, 1)
