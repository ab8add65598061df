"""The provider's door on this machine."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from vallum.probe.collect.provider.server import LoopbackProvider


@pytest.fixture(scope="module")
def provider():
    served = LoopbackProvider()
    yield served
    served.close()


@pytest.fixture
def ask(provider):
    connection = HTTPConnection("127.0.0.1", urlsplit(provider.desk.issuer).port, timeout=5)

    def send(method, path, body=None):
        connection.request(method, path, body, {"content-type": "application/x-www-form-urlencoded"} if body else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    yield send
    connection.close()


def test_it_publishes_what_discovery_asks_for(provider, ask):
    status, told = ask("GET", "/.well-known/openid-configuration")
    assert (status, told["issuer"]) == (200, provider.desk.issuer)
    assert all(told[name].startswith(f"{told['issuer']}/") for name in ("token_endpoint", "jwks_uri"))
    assert ask("GET", "/jwks")[1]["keys"][0]["alg"] == "RS256"


def test_it_answers_token_requests_and_remembers_them_once(provider, ask):
    assert ask("POST", "/token?client_secret=x", "grant_type=authorization_code&code=x")[0] == 401
    (request,) = provider.recall()["requests"]
    assert (request["grant"], request["way"], request["in_query"]) == ("authorization_code", "none", ["client_secret"])
    assert provider.recall()["requests"] == []


def test_other_paths_and_methods_are_not_found(ask):
    assert [ask("GET", "/token")[0], ask("GET", "/authorize")[0], ask("GET", "/userinfo")[0]] == [404, 404, 401]


def test_variables_are_filled_in(provider):
    filled = provider.fill("{issuer}/userinfo {client_id} {client_secret}").split()
    assert filled == [f"{provider.desk.issuer}/userinfo", "vallum-trial", provider.desk.secret]


def test_its_clock_follows_and_its_grants_end(provider):
    provider.advance(60.0)
    provider.recall(end=True)
    assert (provider.desk.shift, provider.desk.ended) == (60.0, True)
