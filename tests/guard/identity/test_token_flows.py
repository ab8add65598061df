"""Tokens for programs: issued, used, refreshed, revoked, and ended with the account."""

from typing import Any

import jwt
import pytest

PASSWORD = "seven blue pencils"


def ask(program: Any, path: str, token: str = "", **fields: str) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return program("POST", f"/account{path}", json=fields, headers=headers, own=False)


@pytest.fixture
def ada(build: Any, browse: Any) -> Any:
    app, kit = build()
    account = kit.add_account("ada@example.org", password=PASSWORD, roles=("editor",))
    return kit, account, browse(app)


def me(program: Any, token: str) -> Any:
    return program("GET", "/me", headers={"authorization": f"Bearer {token}"})


def test_a_token_opens_what_its_account_may(ada: Any) -> None:
    kit, account, program = ada
    pair = ask(program, "/token", login="ada@example.org", password=PASSWORD).json()
    assert me(program, pair["access_token"]).json() == {"id": account.id, "roles": ["editor"]}
    assert me(program, pair["access_token"][:-4] + "AAAA").status_code == 401
    erased = program("POST", "/erase", headers={"authorization": f"Bearer {pair['access_token']}"}, own=False)
    assert erased.status_code == 403
    kit.parts.care.set_roles(account.id, ())
    assert me(program, pair["access_token"]).status_code == 401


def test_refresh_works_once_and_reuse_ends_the_family(ada: Any, ticking: Any) -> None:
    _, _, program = ada
    first = ask(program, "/token", login="ada@example.org", password=PASSWORD).json()
    ticking.move(60)
    second = ask(program, "/token/refresh", refresh_token=first["refresh_token"]).json()
    assert me(program, second["access_token"]).status_code == 200
    ticking.move(60)
    assert ask(program, "/token/refresh", refresh_token=first["refresh_token"]).status_code == 401
    assert ask(program, "/token/refresh", refresh_token=second["refresh_token"]).status_code == 401
    assert me(program, second["access_token"]).status_code == 401


def test_revoking_ends_the_login_and_says_nothing(ada: Any) -> None:
    _, _, program = ada
    pair = ask(program, "/token", login="ada@example.org", password=PASSWORD).json()
    answers = [ask(program, "/token/revoke", refresh_token=one) for one in (pair["refresh_token"], "nobody's")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert me(program, pair["access_token"]).status_code == 401


def test_a_token_issues_tokens_for_its_own_account(ada: Any) -> None:
    _, account, program = ada
    pair = ask(program, "/token", login="ada@example.org", password=PASSWORD).json()
    more = ask(program, "/token/session", pair["access_token"]).json()
    assert me(program, more["access_token"]).json()["id"] == account.id
    for path in ("/login/again", "/sessions/end-others"):
        assert ask(program, path, pair["access_token"], password=PASSWORD).status_code == 401


def test_others_verify_tokens_by_the_published_keys(ada: Any) -> None:
    _, account, program = ada
    token = ask(program, "/token", login="ada@example.org", password=PASSWORD).json()["access_token"]
    published = program("GET", "/.well-known/jwks.json")
    assert published.json() == program("GET", "/account/jwks.json").json()
    assert "max-age" in published.headers["cache-control"]
    key = jwt.PyJWKSet.from_dict(published.json()).keys[0]
    unread = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}  # the clock of the test stands
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience="http://localhost:8000", options=unread)
    assert claims["sub"] == account.id
