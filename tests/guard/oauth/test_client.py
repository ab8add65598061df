"""The flow against the small issuer of conftest.py, tampered with at each step; the real one has its own file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.errors.public import NotFoundError
from vallum.guard.oauth.refusals import ProviderDownError, SignInRefusedError
from vallum.guard.oauth.transport import HttpReply
from vallum.stores.memory.proofs import MemoryProofs
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.sqlite import SqliteDatabase


def asked(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_a_sign_in_proves_issuer_and_subject(kit: Any):
    arrival = kit.arrive()
    assert (arrival.identity.issuer, arrival.identity.subject) == ("https://id.example", "ada")
    assert arrival.tokens.access_token.reveal() == "access-1"
    assert "access-1" not in repr(arrival)
    assert kit.issuer.paths() == ["/.well-known/openid-configuration", "/token", "/jwks"]


def test_the_request_asks_for_a_code_with_all_bindings_new_each_time(kit: Any):
    first, second = asked(kit.client.begin("fake").url), asked(kit.client.begin("fake").url)
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["scope"] == "openid profile"
    assert first["redirect_uri"] == "https://app.example/login/fake/callback"
    assert {len(first[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


def test_the_secret_is_in_the_header_of_the_token_request_alone(kit: Any):
    departure = kit.client.begin("fake")
    kit.client.finish("fake", kit.issuer.authorize(departure.url), browser=departure.browser)
    (request,) = [request for request in kit.issuer.seen if request.url.endswith("/token")]
    assert request.headers["authorization"].startswith("Basic ")
    assert "client_secret" not in request.form
    assert "Basic" not in repr(request)
    assert "secret" not in departure.url


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("", "state-missing"),
        ("code=code-0", "state-missing"),
        ("code=code-0&state=" + "x" * 43, "state-unknown"),
        ("code=code-0&state=a&state=b", "callback-malformed"),
        ("code=code-0&id_token=x", "callback-tokens"),
        ("code=%ff&state=a", "callback-malformed"),
    ],
)
def test_a_callback_that_we_did_not_cause_asks_the_issuer_nothing(kit: Any, query: str, cause: str):
    browser = kit.client.begin("fake").browser
    asked_before = len(kit.issuer.seen)
    for act in (kit.client.look, kit.client.finish):
        assert kit.cause(lambda act=act: act("fake", query, browser=browser)).startswith(cause)
    assert len(kit.issuer.seen) == asked_before


@pytest.mark.parametrize(
    ("browser", "cause"), [("", "cookie-missing"), ("y" * 43, "state-browser"), ("y", "cookie-malformed")]
)
def test_another_browser_is_refused_and_uses_nothing_up(kit: Any, browser: str, cause: str):
    departure = kit.client.begin("fake")
    query = kit.issuer.authorize(departure.url)
    for act in (kit.client.look, kit.client.finish):
        assert kit.cause(lambda act=act: act("fake", query, browser=browser)).startswith(cause)
    assert kit.client.finish("fake", query, browser=departure.browser).identity.subject == "ada"


def test_a_state_works_once_and_looking_does_not_use_it_up(kit: Any):
    departure = kit.client.begin("fake")
    query = kit.issuer.authorize(departure.url)
    kit.client.look("fake", query, browser=departure.browser)
    kit.client.look("fake", query, browser=departure.browser)
    kit.client.finish("fake", query, browser=departure.browser)
    assert kit.cause(lambda: kit.client.look("fake", query, browser=departure.browser)).startswith("state-unknown")
    assert kit.cause(lambda: kit.client.finish("fake", query, browser=departure.browser)).startswith("state-unknown")
    assert kit.issuer.paths().count("/token") == 1


def test_a_state_lives_ten_minutes(kit: Any):
    departure = kit.client.begin("fake")
    query = kit.issuer.authorize(departure.url)
    kit.clock.now += 600
    assert kit.cause(lambda: kit.client.finish("fake", query, browser=departure.browser)).startswith("state-unknown")


def test_two_tabs_of_one_browser_do_not_collide(kit: Any):
    first = kit.client.begin("fake")
    second = kit.client.begin("fake", browser=first.browser)
    assert first.browser == second.browser
    for departure in (first, second):
        query = kit.issuer.authorize(departure.url)
        assert kit.client.finish("fake", query, browser=second.browser).identity.subject == "ada"


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_of_50_parallel_callbacks_one_wins(kit: Any, kind: str, tmp_path: Path):
    store: Any = MemoryProofs() if kind == "memory" else SqlProofs(SqliteDatabase(tmp_path / "proofs.sqlite"))
    client = kit.build(store=store)
    departure = client.begin("fake")
    query = kit.issuer.authorize(departure.url)

    def finish(_: int) -> str:
        try:
            return str(client.finish("fake", query, browser=departure.browser).identity.subject)
        except SignInRefusedError as error:
            return error.cause.partition(":")[0]

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(finish, range(50)))
    assert sorted(outcomes) == ["ada"] + ["state-unknown"] * 49
    assert kit.issuer.paths().count("/token") == 1


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"code": "stolen"}, "token-endpoint: invalid_grant"),
        ({"code": ""}, "code-missing"),
        ({"code": "c" * 5000}, "code-missing"),
        ({"iss": "https://evil.example"}, "issuer-mixed-up"),
        ({"iss": "https://id.example/"}, "issuer-mixed-up"),
        ({"error": "access_denied"}, "provider-refused: 'access_denied'"),
    ],
)
def test_a_tampered_answer_is_refused(kit: Any, changed: dict[str, str], cause: str):
    assert kit.cause(lambda: kit.arrive(**changed)).startswith(cause)


def test_a_missing_issuer_is_refused_where_the_provider_always_names_it(kit: Any):
    def finish() -> Any:
        departure = kit.client.begin("fake")
        query = dict(parse_qsl(kit.issuer.authorize(departure.url)))
        del query["iss"]
        return kit.client.finish("fake", urlencode(query), browser=departure.browser)

    assert kit.cause(finish).startswith("issuer-missing")
    kit.issuer.metadata["authorization_response_iss_parameter_supported"] = False
    kit.client = kit.build()
    assert finish().identity.subject == "ada"


def test_a_code_of_one_issuer_is_not_carried_to_another(kit: Any):
    """The mix-up attack: the browser comes back to the callback of the other provider (RFC 9700, section 4.4)."""
    other = kit.provider(name="other", issuer="https://other.example")
    client = kit.build(providers=[kit.provider(), other])
    departure = client.begin("fake")
    query = kit.issuer.authorize(departure.url)
    for act in (client.look, client.finish):
        refused = kit.cause(lambda act=act: act("other", query, browser=departure.browser))
        assert refused.startswith("state-provider")
    assert "/token" not in kit.issuer.paths()


@pytest.mark.parametrize("name", ["code_challenge", "nonce", "redirect_uri"])
def test_an_exchanged_binding_in_the_address_is_noticed(kit: Any, name: str):
    """Somebody changes the authorization address on its way: verifier, nonce or redirect URI no longer fit."""
    departure = kit.client.begin("fake")
    changed = urlencode(asked(departure.url) | {name: "x" * 43})
    query = kit.issuer.authorize(f"https://id.example/authorize?{changed}")
    cause = kit.cause(lambda: kit.client.finish("fake", query, browser=departure.browser))
    assert cause == ("id-token: nonce" if name == "nonce" else "token-endpoint: invalid_grant")


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"access_token": None}, "token-endpoint: no access token"),
        ({"access_token": "a b"}, "token-endpoint: no access token"),
        ({"token_type": "mac"}, "token-endpoint: another type"),
        ({"token_type": None}, "token-endpoint: another type"),
        ({"id_token": ""}, "id-token: missing"),
        ({"id_token": 7}, "token-endpoint: a token that is none"),
        ({"refresh_token": ["x"]}, "token-endpoint: a token that is none"),
        ({"error": "Bad verification code\n"}, "token-endpoint: status 200"),
        ({"access_token": "swapped"}, "id-token: at_hash"),
    ],
)
def test_a_token_answer_that_lacks_something_is_refused(kit: Any, changed: dict[str, Any], cause: str):
    kit.issuer.answer = lambda answer: answer | changed
    assert kit.cause(kit.arrive).startswith(cause)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HttpReply(status=200, content_type="text/html", body=b"<h1>"), ProviderDownError),
        (HttpReply(status=200, content_type="application/json", body=b'{"a":1,"a":2}'), ProviderDownError),
        (HttpReply(status=503), ProviderDownError),
        (HttpReply(status=429), ProviderDownError),
        (HttpReply(status=302), SignInRefusedError),
        (HttpReply(status=400, content_type="application/json", body=b"{}"), SignInRefusedError),
    ],
)
def test_an_answer_that_is_none_signs_nobody_in(kit: Any, answer: HttpReply, error: type[Exception]):
    kit.issuer.instead["/token"] = answer
    with pytest.raises(error):
        kit.arrive()


@pytest.mark.parametrize("told", ["60", 60, None, -1, True, "many", 10**13])
def test_the_life_of_a_token_is_read_with_care(kit: Any, told: Any):
    kit.issuer.answer = lambda answer: answer | {"expires_in": told}
    assert kit.arrive().tokens.expires_in == (60 if str(told) == "60" else None)


def test_unknown_providers_are_not_found(kit: Any):
    with pytest.raises(NotFoundError):
        kit.client.begin("unknown")


@pytest.mark.parametrize("same", ["name", "issuer"])
def test_providers_are_told_apart(kit: Any, same: str):
    other = {"name": "other", "issuer": "https://other.example"}
    del other[same]
    with pytest.raises(ConfigError, match="own name and issuer"):
        kit.build(providers=[kit.provider(), kit.provider(**other)])
    with pytest.raises(ConfigError):
        kit.build(providers=[])


def test_state_lives_no_longer_than_it_may(kit: Any):
    with pytest.raises(ConfigError, match="10 minutes"):
        type(kit.client.transactions)(store=kit.proofs, seconds=601)
    twice = type(kit.client.transactions)(store=kit.proofs, randomness=lambda n: b"x" * n)
    twice.begin("fake")
    assert kit.cause(lambda: twice.begin("fake")).startswith("state-collision")
