"""Notes on the guard, as an attacker knows it: what test_leaky_flaws.py does to the broken twin is refused here."""

import base64
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vallum.base.errors import ConfigError
from vallum.base.randomness import token
from vallum.guard.configuration.problem import StartupError

Join = Callable[[], Any]
EVIL = "https://evil.example"
ROOT = Path(__file__).parents[2]
HTML = {"Accept": "text/html"}
PAGES = ["/", "/login", "/api/health", "/nowhere", "/static/notes.css"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def encode(part: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_password_hashing_is_slow_and_salted(sound: ModuleType, join: Join):
    hashes = [sound.people.find_account(name).password for name in ("ann", "ben", join().username)]
    assert len({stored.split("$")[4] for stored in hashes}) == 3
    assert all(stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for stored in hashes)


def plain(page: str) -> str:
    """A page without what differs each time."""
    kept = [line for line in page.splitlines() if not any(word in line for word in ("csrf_token", "nonce", "Request "))]
    return "\n".join(kept)


def test_login_register_and_reset_do_not_tell_who_exists(sound: ModuleType, stranger):
    forms = [{"username": name, "password": "x"} for name in ("nobody", "ann")]
    answers = [stranger.submit("/login", data=form) for form in forms]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert plain(answers[0].text) == plain(answers[1].text)
    assert "Invalid credentials" in answers[0].text
    answers = [stranger.post("/api/token", json=form) for form in forms]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(401, "Invalid credentials")}
    answers = [stranger.submit("/forgot", data={"email": f"{name}@notes.example"}) for name in ("nobody", "ann")]
    assert answers[0].status_code == answers[1].status_code == 200
    assert plain(answers[0].text) == plain(answers[1].text)
    for name, email in (("ann", "new@people.example"), ("dora", "ann@notes.example"), ("dora", "dora@people.example")):
        answer = stranger.submit("/register", data={"username": name, "email": email, "password": "a fine password"})
        assert answer.headers["location"] == "/login?done=registered"
    assert [letter.subject for letter in list(sound.mail.OUTBOX)[-3:]] == [
        "Choose another user name",
        "You have an account",
        "Confirm your address",
    ]
    assert stranger.log_in("dora", "a fine password").status_code == 401


def test_password_reset_token_is_long_single_and_follows_no_host(sound: ModuleType, join: Join, stranger):
    client = join()
    form = {"email": f"{client.username}@people.example"}
    assert stranger.post("/forgot", data=form, headers={"Host": "evil.example"}).status_code == 400
    stranger.submit("/forgot", data=form)
    first = sound.mail.OUTBOX[-1].body
    assert "http://localhost:8000/reset?token=" in first
    stranger.submit("/forgot", data=form)
    old, new = (text.split("token=")[1] for text in (first, sound.mail.OUTBOX[-1].body))
    assert len(new) == 43
    assert stranger.submit("/reset", data={"token": old, "password": "taken over by it"}).status_code == 400
    assert stranger.submit("/reset", data={"token": new, "password": "too short"}).status_code == 400
    assert stranger.submit("/confirm", data={"token": new}).status_code == 400
    access = stranger.tokens(client)["access_token"]
    assert stranger.submit("/reset", data={"token": new, "password": "a new password of mine"}).status_code == 303
    assert client.get("/notes").status_code == 401
    assert stranger.get("/api/me", headers=bearer(access)).status_code == 401
    assert stranger.submit("/reset", data={"token": new, "password": "once more for luck"}).status_code == 400


def test_one_time_links_stand_in_no_page_and_in_no_log(sound: ModuleType, enter, stranger):
    stranger.submit("/forgot", data={"email": "ann@notes.example"})
    token = sound.mail.OUTBOX[-1].body.split("token=")[1]
    root = enter("root")
    assert token not in root.get("/admin/outbox").text
    assert token not in root.get("/admin/logs").text


def test_session_cookie_flags(join: Join, stranger):
    client = join()
    stranger.log_in(client.username, client.password)
    cookies = {cookie.name: cookie for cookie in stranger.cookies.jar}
    assert set(cookies) == {"__Host-session"}
    assert cookies["__Host-session"].secure
    assert cookies["__Host-session"].has_nonstandard_attr("HttpOnly")
    assert cookies["__Host-session"].get_nonstandard_attr("SameSite") == "Strict"


def test_session_rotation_and_logout(join: Join, stranger):
    person = join()
    stranger.cookies.set("__Host-session", "A" * 43, domain="testserver.local")
    stranger.log_in(person.username, person.password)
    assert stranger.cookies.get("__Host-session") != "A" * 43
    old = {"Cookie": f"__Host-session={person.cookies['__Host-session']}"}
    person.submit("/logout")
    person.cookies.clear()
    assert person.get("/notes", headers=old).status_code == 401


def test_csrf_foreign_forms_and_gets_change_nothing(join: Join):
    client = join()
    note = client.write_note("Target")
    token = client.get("/profile").text.split('name="csrf_token" value="')[1].split('"')[0]
    foreign = {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/profile", data={"bio": "forged", "csrf_token": token}, headers=foreign).status_code == 403
    own = {"Origin": "https://testserver"}
    assert client.post("/profile", data={"bio": "forged"}, headers=own).status_code == 403
    for path in (f"/notes/{note}/pin", f"/notes/{note}/link", "/logout"):
        assert client.get(path, headers=foreign).status_code == 405
    assert client.get("/api/me").json()["bio"] == ""
    assert client.get(f"/api/notes/{note}").json()["pinned"] is False


def test_jwt_algorithm_and_role_are_not_the_tokens_choice(sound: ModuleType, stranger):
    number = sound.people.find_named("ben").id
    for algorithm in ("none", "None", "HS256"):
        forged = f"{encode({'alg': algorithm, 'typ': 'at+jwt'})}.{encode({'sub': str(number), 'is_admin': True})}."
        assert stranger.get("/api/me", headers=bearer(forged)).status_code == 401
        assert stranger.get("/api/admin/stats", headers=bearer(forged)).status_code == 401


def test_jwt_payload_says_little_and_a_new_password_ends_it(join: Join, stranger):
    person = join()
    pair = stranger.tokens(person)
    claims = json.loads(base64.urlsafe_b64decode(pair["access_token"].split(".")[1] + "==="))
    assert set(claims) == {"iss", "aud", "sub", "iat", "nbf", "exp", "jti", "token_use", "family"}
    assert claims["exp"] - claims["iat"] == 900
    person.submit("/profile/password", data={"current": person.password, "password": "changed since then"})
    assert stranger.post("/api/token/refresh", json={"refresh_token": pair["refresh_token"]}).status_code == 401
    assert stranger.get("/api/me", headers=bearer(pair["access_token"])).status_code == 401


def test_a_refresh_token_that_comes_twice_ends_its_family(join: Join, stranger):
    first = stranger.tokens(join())
    again = {"refresh_token": first["refresh_token"]}
    second = stranger.post("/api/token/refresh", json=again).json()
    assert stranger.post("/api/token/refresh", json=again).status_code == 401
    assert stranger.post("/api/token/refresh", json={"refresh_token": second["refresh_token"]}).status_code == 401
    assert stranger.get("/api/me", headers=bearer(second["access_token"])).status_code == 401
    assert stranger.post("/api/token/refresh", json={"refresh_token": first["access_token"][:90]}).status_code == 401


def test_bearer_tokens_in_the_header_only_and_uniform_errors(join: Join, stranger):
    token = stranger.tokens(join())["access_token"]
    assert stranger.get("/api/me", params={"token": token, "access_token": token}).status_code == 401
    bad = [token[:-6] + "AAAAAA", "abc", token + ".x", stranger.tokens(join())["refresh_token"]]
    answers = [stranger.get("/api/me", headers=bearer(text)) for text in bad]
    assert {(a.status_code, a.json()["detail"], a.headers["www-authenticate"]) for a in answers} == {
        (401, "The access token is not valid.", 'Bearer error="invalid_token"')
    }


def test_fail_closed_when_it_cannot_be_told_whether_a_token_was_revoked(
    sound: ModuleType, join: Join, stranger, monkeypatch: pytest.MonkeyPatch
):
    head = stranger.bearer(join())

    def fail(*_: object) -> int:
        raise OSError("the disk is gone")

    monkeypatch.setattr(sound.database, "count", fail)
    assert stranger.get("/api/me", headers=head).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/api/admin/users", "/api/notes", "/notes/1", "/notes/1/files?name=recipe.txt", "/export", "/admin", "/profile"],
)
def test_authorize_every_endpoint(stranger, path: str):
    assert stranger.get(path).status_code == 401


@pytest.mark.parametrize("path", ["/debug/config", "/docs", "/redoc", "/openapi.json"])
def test_no_debug_endpoints(stranger, path: str):
    assert stranger.get(path).status_code == 404


def test_every_route_says_who_may_come_in(sound: ModuleType):
    assert sys.modules[f"{sound.__name__}.app"].GUARD.undeclared() == []


def test_server_side_authorization_nobody_gives_herself_rights(sound: ModuleType, join: Join):
    client = join()
    number = sound.people.find_named(client.username).id
    form = {"is_admin": "1", "is_active": "1"}
    assert client.submit(f"/admin/users/{number}", data=form).status_code == 403
    assert client.get("/admin").status_code == 403


def test_object_ownership_strangers_find_nothing(join: Join):
    owner, thief = join(), join()
    note = owner.write_note("Mine alone", "the text")
    owner.submit(f"/notes/{note}/files", files={"file": ("a.txt", b"the file", "text/plain")})
    number = owner.get(f"/notes/{note}").text.split('action="/files/')[1].split("/")[0]
    pages = ["", "/print", "/edit", "/delete", "/files?name=a.txt"]
    assert [thief.get(f"/notes/{note}{page}").status_code for page in pages] == [404] * 5
    for path in (f"/notes/{note}/delete", f"/notes/{note}/pin", f"/notes/{note}/link", f"/files/{number}/delete"):
        assert thief.submit(path).status_code == 404
    assert thief.submit(f"/notes/{note}", data={"title": "Taken"}).status_code == 404
    assert thief.submit(f"/notes/{note}/share", data={"username": thief.username}).status_code == 404
    form = {"files": {"file": ("b.txt", b"b", "text/plain")}}
    assert thief.submit(f"/notes/{note}/files", **form).status_code == 404
    head = thief.proof()
    assert thief.get(f"/api/notes/{note}").status_code == 404
    assert thief.put(f"/api/notes/{note}", json={"title": "Taken"}, headers=head).status_code == 404
    assert thief.delete(f"/api/notes/{note}", headers=head).status_code == 404
    assert owner.get(f"/api/notes/{note}").json()["title"] == "Mine alone"


def test_authenticated_encryption_of_private_notes(sound: ModuleType):
    vault = sound.vault.VAULT
    one, two = vault.lock("a" * 20, 1), vault.lock("a" * 20, 1)
    assert one != two
    for changed, place in ((one, 2), (one[:-1] + bytes([one[-1] ^ 1]), 1), (one[:-1], 1)):
        with pytest.raises(sys.modules["cryptography.exceptions"].InvalidTag):
            vault.unlock(changed, place)
    keys = [sound.settings.Secret(bytes([number]) * 32) for number in (7, 8)]
    old = sound.vault.Vault(keys[1:]).lock("kept", 3)
    assert sound.vault.Vault(keys).unlock(old, 3) == "kept"


def test_tls_verified_for_the_webhook(sound: ModuleType, join: Join, monkeypatch: pytest.MonkeyPatch):
    seen = {}

    class Refusing:
        def __init__(self, *_: object, context: ssl.SSLContext, **__: object) -> None:
            seen["mode"], seen["names"] = context.verify_mode, context.check_hostname

        def request(self, *_: object) -> None:
            raise OSError

        def close(self) -> None:
            seen["closed"] = True

    monkeypatch.setattr(sound.mail, "SETTINGS", replace(sound.mail.SETTINGS, webhook="https://hooks.notes.example/"))
    monkeypatch.setattr(sound.mail, "HTTPSConnection", Refusing)
    client, friend = join(), join()
    note = client.write_note("Told")
    assert client.submit(f"/notes/{note}/share", data={"username": friend.username}).status_code == 303
    assert seen == {"mode": ssl.CERT_REQUIRED, "names": True, "closed": True}
    assert "webhook-failed" in "".join(sound.logbook.RECENT)


def test_secrets_are_not_logged_and_lines_cannot_be_forged(enter, stranger):
    stranger.submit("/login", data={"username": "ann", "password": "canary-of-the-log"})
    stranger.submit("/login", data={"username": "ann\nforged line", "password": "canary-of-the-log"})
    page = enter("root").get("/admin/logs").text
    assert "login-failed" in page
    assert "canary-of-the-log" not in page
    assert "\nforged line" not in page


@pytest.mark.parametrize("path", PAGES)
def test_security_headers(stranger, path: str):
    headers = stranger.get(path).headers
    assert "'strict-dynamic'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-request-id"]
    assert headers["x-xss-protection"] == "0"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert not {"server", "x-powered-by"} & set(headers)


def test_cors_allowlist_shares_with_nobody(join: Join):
    client = join()
    assert "access-control-allow-origin" not in client.get("/api/notes", headers={"Origin": EVIL}).headers
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "DELETE"}
    assert "access-control-allow-origin" not in client.options("/api/notes/1", headers=asked).headers


def test_generic_errors_and_no_debugger(sound: ModuleType, join: Join, monkeypatch: pytest.MonkeyPatch):
    client = join()

    def fail(*_: object) -> None:
        raise RuntimeError("canary of the inside")

    monkeypatch.setattr(sound.notebook, "list_notes", fail)
    for headers in (HTML, {"Accept": "application/json"}):
        answer = client.get("/notes", headers=headers)
        assert answer.status_code == 500
        assert "canary" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["x-request-id"] in answer.text
    assert str(sound.settings.SETTINGS.uploads) not in client.get("/notes/1/files", params={"name": "none"}).text


def test_error_pages_tell_their_request_id(stranger):
    for path in ("/people/nobody", "/api/me", "/nowhere"):
        answer = stranger.get(path, headers=HTML)
        assert answer.headers["x-request-id"] in answer.text


def test_atomic_check_then_act_a_name_is_given_once(sound: ModuleType):
    made = [sound.people.add("twice", f"{number}@people.example", "x", "") for number in (1, 2)]
    assert made[0] is not None
    assert made[1] is None


START = """
from examples.notes.sound import app, people, settings
print(len(people.everybody()), app.debug, settings.SETTINGS.data)
"""


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("NOTES_", "VALLUM_"))}
    return subprocess.run(
        [sys.executable, "-c", START], env=bare | environment, capture_output=True, text=True, cwd=ROOT, timeout=60
    )


def test_secure_defaults_nobody_has_an_account():
    assert "NOTES_DB" in start().stderr
    count, debug, folder = start(VALLUM_ENV="development").stdout.split()
    assert (count, debug) == ("0", "False")
    assert not Path(folder).exists()


def test_production_starts_only_when_everything_is_there(tmp_path: Path):
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    given = {
        "VALLUM_ENV": "production",
        "NOTES_DB": str(tmp_path / "notes.sqlite3"),
        "NOTES_DATA_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "NOTES_TOKEN_KEY": base64.b64encode(pem).decode(),
    }
    refused = start(**given)
    assert refused.returncode != 0
    for name in ("VALLUM_SECRET", "VALLUM_ORIGINS", "VALLUM_SESSIONS", "NOTES_TRAIL_SECRET"):
        assert name in refused.stderr
    given |= {"VALLUM_SECRET": token(48), "VALLUM_ORIGINS": "https://notes.example", "NOTES_TRAIL_SECRET": token(48)}
    given["VALLUM_SESSIONS"] = str(tmp_path / "sessions.sqlite3")
    assert start(**given).stdout.split()[:2] == ["0", "False"]


def test_without_a_word_about_the_environment_it_is_production(sound: ModuleType):
    with pytest.raises(StartupError) as caught:
        sound.settings.read_settings({})
    codes = {problem.code for problem in caught.value.problems}
    assert codes >= {"secret-absent", "origins-empty", "store-not-shared", "setting-absent", "environment-unset"}


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"VALLUM_ENV": "production"}, "(?s)NOTES_DATA_KEYS.*NOTES_TOKEN_KEY.*NOTES_TRAIL_SECRET.*NOTES_DB"),
        ({"VALLUM_ENV": "prod"}, "VALLUM_ENV"),
        ({"NOTES_ANN_PASSWORD": "short"}, "NOTES_ANN_PASSWORD"),
        ({"NOTES_DATA_KEYS": "no base-64, but long enough to be one"}, "NOTES_DATA_KEYS"),
        ({"NOTES_DATA_KEYS": base64.b64encode(bytes(range(24))).decode()}, "32 bytes"),
    ],
)
def test_fail_securely_startup(sound: ModuleType, environment: dict[str, str], told: str):
    with pytest.raises(ConfigError, match=told) as caught:
        sound.settings.read_settings(environment)
    assert "no base-64" not in str(caught.value)
