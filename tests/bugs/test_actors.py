"""Who makes the request: never a field of it, never somebody whose standing has ended."""

from typing import Any

import pytest
from fastapi import FastAPI

from vallum.base.errors import ConfigError, VallumError
from vallum.guard import BearerPolicy, Guard, current_actor, signed_in
from vallum.guard.actor import Actor
from vallum.guard.authorization.api_keys import ApiKeys, KeyPolicy
from vallum.guard.data.queries import IdentifierRefusedError, Identifiers
from vallum.guard.input.loaders import load_json
from vallum.guard.input.models import InputRefusedError
from vallum.guard.input.request_model import PRIVILEGED, RequestModel
from vallum.stores.memory.api_keys import MemoryApiKeys

CLAIMS = ("userId", "user_id", "account_id", "actor_id", "actor", "user", "id", "sub", "owner", "login")


def test_bug_01_cve_2025_61928_an_id_in_a_request_is_nobody(site: Any) -> None:
    ada = site.add(roles=("editor",))
    told = dict.fromkeys(CLAIMS, ada.id)
    headers = {"x-user-id": ada.id, "x-forwarded-user": ada.id, "remote-user": ada.id}
    closed = site.closed_routes()
    assert len(closed) >= 10
    for method, path in closed:
        body: dict[str, Any] = {} if method == "GET" else {"json": told}
        answer = site.visit()(method, path, params=told, headers=headers, **body)
        assert answer.status_code == 401, (method, path)
    for method, path in closed:
        if method != "GET":
            assert site.visit()(method, path, data=told).status_code == 401, (method, path)


def test_bug_01_cve_2025_61928_an_api_key_route_takes_nobody_from_the_body(policy: Any, browse: Any) -> None:
    keys = ApiKeys(MemoryApiKeys(), KeyPolicy(prefix="notes", scopes=frozenset({"notes:read"})))
    app = FastAPI(openapi_url=None)

    @app.post("/keys")
    @signed_in
    async def mine() -> str:
        return current_actor().id

    Guard(app, policy=policy(bearer=BearerPolicy(verify=keys.verify)))
    told = dict.fromkeys(CLAIMS, "ada")
    assert browse(app)("POST", "/keys", json=told, params=told).status_code == 401
    issued = keys.issue("eve", name="backup", scopes={"notes:read"})
    headers = {"authorization": f"Bearer {issued.key.reveal()}"}
    answer = browse(app)("POST", "/keys", json=told, headers=headers, own=False)
    assert answer.json() == f"key:{issued.record.id}"


def test_bug_01_cve_2025_61928_no_request_model_builds_an_actor() -> None:
    with pytest.raises(VallumError) as caught:
        Actor(object(), "ada", frozenset(), frozenset())
    assert caught.value.code == "actor-forged"


def test_bug_23_cve_2026_40172_privileged_fields_of_a_request_set_nothing(site: Any) -> None:
    eve = site.visit()
    raised = dict.fromkeys((*PRIVILEGED, "email_proved", "is_active", "epoch", "version"), "editor")
    site.send(eve, "/register", **{**raised, "email": "eve@example.org", "password": site.password})
    if not site.kit.mails:  # refusing unknown fields would do as well
        site.send(eve, "/register", email="eve@example.org", password=site.password)
    token = site.kit.last_token()
    assert site.send(eve, "/register/confirm", token=token, password=site.password, roles="editor").status_code == 200
    user = site.log_in(eve, "eve").json()["user"]
    assert (user["roles"], user["login"]) == ([], "eve@example.org")
    assert eve("GET", "/write").status_code == 403
    for path in ("/password", "/email/change"):
        fields = {"password": site.password, "new_password": "nine green crayons", "email": "eva@example.org"}
        site.send(eve, path, **{**raised, **fields})
    assert site.kit.parts.desk.accounts.find(user["id"]).roles == ()


@pytest.mark.parametrize("name", sorted(PRIVILEGED))
def test_bug_23_cve_2026_40172_a_patch_model_cannot_even_name_a_privileged_field(name: str) -> None:
    with pytest.raises(ConfigError):
        type("Patch", (RequestModel,), {"__annotations__": {name: str}})


class Patch(RequestModel):
    """What a user may change of herself."""

    bio: str


def test_bug_23_cve_2026_40172_unknown_fields_are_refused() -> None:
    assert load_json(b'{"bio": "x"}', Patch).bio == "x"
    for extra in (b'"groups": ["admin"]', b'"__proto__": {}', b'"Roles": []'):
        with pytest.raises(InputRefusedError):
            load_json(b'{"bio": "x", ' + extra + b"}", Patch)


def test_bug_23_cve_2026_4636_the_session_says_whose_things_are_changed_not_the_body(site: Any) -> None:
    ada, eve = site.add("ada"), site.add("eve")
    browser = site.visit()
    assert site.log_in(browser, "eve").status_code == 200
    fields = {"password": site.password, "new_password": "nine green crayons", "login": ada.login, "id": ada.id}
    assert site.send(browser, "/password", **fields, user_id=ada.id, account_id=ada.id).status_code == 200
    accounts = site.kit.parts.desk.accounts
    assert accounts.find(ada.id) == ada
    assert accounts.find(eve.id).password != eve.password


@pytest.mark.parametrize("column", ["password", "password__startswith", "secret", "digest", "id; --", "email password"])
def test_bug_23_cve_2022_31177_a_column_that_is_not_listed_cannot_be_searched_by(column: str) -> None:
    with pytest.raises(IdentifierRefusedError):
        Identifiers("email", "created")[column]


def use_all(site: Any, browser: Any, held: dict[str, str]) -> dict[str, int]:
    """What each credential still opens: the status of its use."""
    bearer = {"authorization": f"Bearer {held['access']}"}
    stranger = site.visit
    return {
        "session": browser("GET", "/me").status_code,
        "access token": stranger()("GET", "/me", headers=bearer).status_code,
        "refresh token": stranger()(
            "POST", "/account/token/refresh", json={"refresh_token": held["refresh"]}
        ).status_code,
        "password": site.log_in(stranger()).status_code,
        "password for a token": stranger()(
            "POST", "/account/token", json={"login": "ada@example.org", "password": site.password}
        ).status_code,
        "reset link": site.send(
            stranger(), "/password/reset/confirm", token=held["reset"], new_password="nine green crayons"
        ).status_code,
    }


def test_bug_24_cve_2025_65431_every_live_credential_dies_with_the_account(site: Any, ticking: Any) -> None:
    ada, browser = site.add(), site.visit()
    assert site.log_in(browser).status_code == 200
    pair = site.send(browser, "/token/session").json()
    site.send(site.visit(), "/password/reset", email="ada@example.org")
    held = {"access": pair["access_token"], "refresh": pair["refresh_token"], "reset": site.kit.last_token()}
    headers = {"authorization": f"Bearer {held['access']}"}
    assert site.visit()("GET", "/me", headers=headers).status_code == browser("GET", "/me").status_code == 200
    site.kit.parts.care.disable(ada.id)
    ticking.move(5)
    assert use_all(site, browser, held) == {
        "session": 401,
        "access token": 401,
        "refresh token": 401,
        "password": 401,
        "password for a token": 401,
        "reset link": 400,
    }


def test_bug_24_cve_2025_65431_a_role_that_is_lost_is_lost_in_sessions_and_tokens(site: Any, ticking: Any) -> None:
    ada, browser = site.add(roles=("editor",)), site.visit()
    assert site.log_in(browser).status_code == 200
    bearer = {"authorization": f"Bearer {site.send(browser, '/token/session').json()['access_token']}"}
    assert browser("GET", "/write").status_code == site.visit()("GET", "/write", headers=bearer).status_code == 200
    site.kit.parts.care.set_roles(ada.id, ())
    ticking.move(5)
    assert browser("GET", "/write").status_code in {401, 403}
    assert site.visit()("GET", "/write", headers=bearer).status_code in {401, 403}
