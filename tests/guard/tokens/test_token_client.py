import httpx2
import pytest

from vallum.base.errors import ConfigError, UsageError
from vallum.guard.tokens.token_client import BoundToken

API = "https://api.example"


def build(sent: list[httpx2.Request], moved: str = "", **options: object) -> httpx2.Client:
    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        if moved and request.url.path == "/orders":
            return httpx2.Response(307, headers={"location": moved})
        return httpx2.Response(200)

    return httpx2.Client(
        auth=BoundToken(API, lambda: "t1"), transport=httpx2.MockTransport(answer), follow_redirects=True
    )


def headers(sent: list[httpx2.Request]) -> list[tuple[str, str | None]]:
    return [(str(request.url), request.headers.get("authorization")) for request in sent]


@pytest.mark.parametrize("address", [f"{API}/orders", "https://API.example:443/orders"])
def test_the_token_goes_to_its_api(address: str) -> None:
    sent: list[httpx2.Request] = []
    build(sent).get(address)
    assert sent[0].headers["authorization"] == "Bearer t1"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/orders",
        "http://api.example/orders",
        "https://api.example:444/orders",
        "https://api.example.evil.example/",
        "https://api.example@evil.example/",
    ],
)
def test_it_goes_nowhere_else(address: str) -> None:
    sent: list[httpx2.Request] = []
    with pytest.raises(UsageError) as caught:
        build(sent).get(address)
    assert caught.value.code == "token-elsewhere"
    assert not sent


@pytest.mark.parametrize("moved", ["https://evil.example/x", "http://api.example/x", "https://api.example:444/x"])
def test_a_redirect_to_another_origin_loses_it(moved: str) -> None:
    sent: list[httpx2.Request] = []
    build(sent, moved).get(f"{API}/orders")
    assert headers(sent) == [(f"{API}/orders", "Bearer t1"), (moved, None)]


def test_a_redirect_within_the_api_keeps_it() -> None:
    sent: list[httpx2.Request] = []
    build(sent, "/other").get(f"{API}/orders")
    assert headers(sent)[1] == (f"{API}/other", "Bearer t1")


def test_a_token_in_the_address_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        build([]).get(f"{API}/orders?access_token=t1")
    assert caught.value.code == "token-in-address"


@pytest.mark.parametrize("origin", ["", "api.example", "ftp://api.example", "http://api.example", "https://"])
def test_an_origin_is_named_with_tls(origin: str) -> None:
    with pytest.raises(ConfigError):
        BoundToken(origin, lambda: "t1")


def test_a_developers_machine_may_do_without_tls() -> None:
    bound = BoundToken("http://localhost:8000", lambda: "t1", unsafe_plain_http=True)
    request = httpx2.Request("GET", "http://localhost:8000/a")
    next(bound.auth_flow(request))
    assert request.headers["authorization"] == "Bearer t1"
