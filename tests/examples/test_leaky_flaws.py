"""Notes as an attacker knows it: the flaws of FLAWS.md are real, each shown by a request in process."""

import base64
import json
import os
import pickle
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from starlette.testclient import TestClient

Person = Callable[[], TestClient]
EVIL = "https://evil.example"
TAG = "<b id=marker>"
ROOT = Path(__file__).parents[2]


def write_note(client: TestClient, title: str, body: str = "", **more: str) -> int:
    answer = client.post("/notes", data={"title": title, "body": body, **more})
    return int(answer.headers["location"].rsplit("/", 1)[1])


def token_of(client: TestClient, person: TestClient) -> str:
    form = {"username": person.username, "password": person.password}
    return client.post("/api/token", json=form).json()["access_token"]


def encode(part: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def preview(client: TestClient, body: str) -> str:
    return client.post("/notes/preview", data={"body": body}).text


def test_sql_parameterised_search_reads_foreign_notes(newcomer: Person):
    client = newcomer()
    client.post("/settings", data={"page_size": "1000"})  # whatever other tests have written
    page = client.get("/notes", params={"q": "x%') OR 1=1 --"}).text
    assert page.count('href="/notes/') > 4
    assert "Diary" in page


def test_sql_parameterised_sort_runs_an_expression(newcomer: Person):
    client = newcomer()
    write_note(client, "Alder")
    write_note(client, "Beech")
    expression = "(CASE WHEN (SELECT is_admin FROM users WHERE username = 'root') = {} THEN title END)"
    titles = [
        [note["title"] for note in client.get("/api/notes", params={"sort": expression.format(guess)}).json()]
        for guess in (1, 0)
    ]
    assert titles[0] == ["Beech", "Alder"]
    assert titles[1] == ["Alder", "Beech"]


def test_sql_parameterised_union_reads_password_hashes(newcomer: Person):
    text = "x' UNION SELECT id, username, password, 1 FROM users --"
    assert {len(row["email"]) for row in newcomer().get("/api/users", params={"q": text}).json()} == {64}


def test_sql_parameterised_field_names_reach_the_statement(newcomer: Person):
    client = newcomer()
    client.patch("/api/me", json={"bio = (SELECT group_concat(username) FROM users), website": "x"})
    assert "root" in client.get("/api/me").json()["bio"]


def test_no_shell_injection_backup_runs_a_second_command(leaky: ModuleType, root: TestClient):
    proof = Path(leaky.settings.DATA) / "proof.txt"
    root.post("/admin/backup", data={"name": f"x.tar.gz -C / etc/hostname; echo done > {proof} #"})
    assert proof.read_text() == "done\n"


def test_no_dynamic_code_in_sum_and_filter(ann: TestClient, visitor: TestClient):
    assert "= posix" in preview(visitor, "= __import__('os').name")
    page = ann.get("/notes", params={"rule": "__import__('os').name == 'posix' and title == 'Diary'"}).text
    assert "Diary" in page
    assert "Shopping" not in page


class Canary:
    """Says when it is unpickled."""

    def __reduce__(self):
        return (dict, ([("theme", "unpickled-canary")],))


def test_safe_deserialization_cookie_builds_objects(visitor: TestClient):
    visitor.cookies.set("prefs", base64.b64encode(pickle.dumps(Canary())).decode())
    assert 'data-theme="unpickled-canary"' in visitor.get("/").text


def test_safe_deserialization_import_builds_objects(newcomer: Person):
    client = newcomer()
    text = "- title: !!python/object/apply:os.path.basename ['/a/from-python']\n"
    assert client.post("/import", data={"text": text}).status_code == 303
    assert "from-python" in client.get("/notes").text


def test_template_injection_greeting_is_compiled(ann: TestClient, newcomer: Person):
    friend = newcomer()
    note = write_note(ann, "Sums")
    ann.post(f"/notes/{note}/share", data={"username": friend.username, "greeting": "{{ 191 * 7 }}"})
    assert "1337" in friend.get("/shared").text


def test_mass_assignment_makes_an_administrator(newcomer: Person):
    by_form, by_json = newcomer(), newcomer()
    by_form.post("/profile", data={"display_name": "x", "is_admin": "1"})
    by_json.patch("/api/me", json={"is_admin": 1})
    assert [by_form.get("/admin/users").status_code, by_json.get("/admin/users").status_code] == [200, 200]


def test_server_side_validation_is_missing(newcomer: Person):
    client = newcomer()
    client.post("/settings", data={"page_size": "x"})
    assert client.get("/notes").status_code == 500


def test_allowlist_email_and_password_rules_are_weak(visitor: TestClient):
    form = {"username": "dora\n", "email": "@", "password": "1234"}
    assert visitor.post("/register", data=form).status_code == 303


def test_strict_types_and_size_limits_are_missing(newcomer: Person):
    client = newcomer()
    made = client.post("/api/notes", json={"title": "t", "private": "on", "body": "x" * 6_000_000})
    assert (made.status_code, made.json()["private"]) == (201, 1)


def test_validation_errors_safe_repeats_the_input(visitor: TestClient):
    assert "s3cret-canary" in visitor.post("/api/token", json={"password": "s3cret-canary"}).text


@pytest.mark.parametrize("body", ["<img src=x onerror=alert(1)>", "<scr<script></script>ipt>alert(1)</script>"])
def test_html_sanitised_markup_lets_scripts_in(visitor: TestClient, body: str):
    assert "alert(1)" in preview(visitor, body)
    assert "&lt;" not in preview(visitor, body)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/notes", {"q": TAG}),
        ("/notes", {"message": TAG}),
        (f"/nowhere/{TAG}", {}),
    ],
)
def test_html_escaped_query_and_path_come_back_raw(newcomer: Person, path: str, parameters: dict[str, str]):
    assert TAG in newcomer().get(path, params=parameters).text


def test_template_autoescape_message_comes_back_raw(visitor: TestClient):
    assert TAG in visitor.get("/login", params={"message": TAG}).text


def test_html_escaped_fragments_built_by_hand(newcomer: Person):
    client = newcomer()
    note = write_note(client, "Open")
    client.post(f"/notes/{note}/link")
    assert TAG in client.get(f"/widgets/{note}", params={"title": TAG}).text
    assert TAG in client.post(f"/notes/{note}/share", data={"username": TAG}).text


def test_template_autoescape_stored_values_come_back_raw(newcomer: Person):
    client = newcomer()
    note = write_note(client, TAG, f"text {TAG}")
    assert TAG in client.get("/notes").text
    assert f"text {TAG}" in client.get(f"/notes/{note}").text
    assert client.get(f"/notes/{note}/print").text.count(TAG) >= 2


def test_js_context_is_left_by_a_closing_script(newcomer: Person):
    text = "</script><script>alert(2)"
    assert f'"query": "{text}"' in newcomer().get("/notes", params={"q": text}).text


def test_url_and_css_contexts_are_not_encoded(newcomer: Person):
    client = newcomer()
    accent = "red; background: url(//evil.example)"
    client.post("/profile", data={"website": "javascript:alert(3)", "accent": accent})
    page = client.get(f"/people/{client.username}").text
    assert "href=javascript:alert(3)" in page
    assert f"border-left-color: {accent}" in page
    assert f"--accent: {accent}" in page
    write_note(client, "a&admin=true")
    assert "?q=a&amp;admin=true&sort=title" in client.get("/notes", params={"q": "a&admin=true"}).text


@pytest.mark.parametrize("target", [EVIL, "//evil.example", "/\\evil.example"])
def test_safe_redirect_follows_next(newcomer: Person, target: str):
    client = newcomer()
    assert "evil.example" in client.get("/login", params={"next": target}).headers["location"]
    form = {"username": client.username, "password": client.password, "next": target}
    assert "evil.example" in client.post("/login", data=form).headers["location"]


def test_path_traversal_reads_and_writes_outside(leaky: ModuleType, ann: TestClient, root: TestClient):
    read = ann.get("/notes/1/files", params={"name": "../../notes.sqlite3"})
    assert read.content.startswith(b"SQLite format 3")
    assert ann.get("/notes/1/files", params={"name": leaky.__file__}).text == Path(leaky.__file__).read_text()
    ann.post("/notes/1/files", files={"file": ("../../planted.txt", b"here", "text/plain")})
    assert (Path(leaky.settings.DATA) / "planted.txt").read_bytes() == b"here"
    assert root.get("/admin/backups/%2e%2e%2fnotes.sqlite3").content.startswith(b"SQLite format 3")


def test_uploads_of_any_kind_are_kept_under_their_name_and_shown_inline(newcomer: Person):
    client = newcomer()
    note = write_note(client, "Files")
    client.post(f"/notes/{note}/files", files={"file": ("x.html", b"<script>1</script>" * 400_000, "image/png")})
    answer = client.get(f"/notes/{note}/files", params={"name": "x.html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"].startswith("inline")
    assert "x-content-type-options" not in answer.headers


def test_password_hashing_is_fast_and_without_own_salt(leaky: ModuleType, newcomer: Person):
    hashes = [leaky.database.user_named(newcomer().username)["password"] for _ in range(2)]
    assert hashes[0] == hashes[1]
    old = "5f4dcc3b5aa765d61d8327deb882cf99"
    assert leaky.security.check_password("password", old)


def test_login_and_reset_tell_who_exists(visitor: TestClient):
    answers = [visitor.post("/login", data={"username": name, "password": "x"}) for name in ("nobody", "ann")]
    assert [answer.status_code for answer in answers] == [404, 401]
    assert "User not found" in answers[0].text
    assert "Wrong password" in answers[1].text
    answers = [visitor.post("/api/token", json={"username": name, "password": "x"}) for name in ("nobody", "ann")]
    assert [answer.json()["error"] for answer in answers] == ["User not found", "Wrong password"]
    assert visitor.post("/forgot", data={"email": "nobody@notes.example"}).status_code == 404


def test_login_rate_limit_and_lockout_are_missing(newcomer: Person):
    client = newcomer()
    wrong = {"username": client.username, "password": "wrong"}
    assert {client.post("/login", data=wrong).status_code for _ in range(25)} == {401}
    assert client.post("/login", data=wrong | {"password": client.password}).status_code == 303


def test_password_reset_token_is_guessable_and_follows_the_host(
    leaky: ModuleType, newcomer: Person, visitor: TestClient
):
    client = newcomer()
    form = {"email": f"{client.username}@people.example"}
    leaky.security.random.seed(5)
    visitor.post("/forgot", data=form, headers={"Host": "evil.example"})
    leaky.security.random.seed(5)
    guesses = [leaky.security.reset_code()]
    leaky.security.random.seed(5)
    leaky.security.new_session_id()
    guesses.append(leaky.security.reset_code())
    letter = leaky.database.one("SELECT body FROM outbox ORDER BY id DESC")["body"]
    assert "evil.example/reset?token=" in letter
    code = letter.split("token=")[1]
    assert code in guesses
    visitor.post("/forgot", data=form)
    assert visitor.post("/reset", data={"token": code, "password": "taken over"}).status_code == 303
    assert client.get("/notes").status_code == 200


def test_session_cookie_flags_are_missing(visitor: TestClient):
    cookie = visitor.get("/").headers["set-cookie"].lower()
    assert not any(flag in cookie for flag in ("secure", "httponly", "samesite"))


def test_session_rotation_and_logout_are_missing(newcomer: Person, visitor: TestClient):
    person = newcomer()
    visitor.cookies.set("session", "planted-by-the-attacker")
    visitor.post("/login", data={"username": person.username, "password": person.password})
    attacker = TestClient(visitor.app, cookies={"session": "planted-by-the-attacker"}, follow_redirects=False)
    assert attacker.get("/notes").status_code == 200
    visitor.get("/logout")
    assert attacker.get("/notes").status_code == 200


def test_csrf_foreign_forms_and_gets_change_state(newcomer: Person):
    client = newcomer()
    note = write_note(client, "Target")
    foreign = {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}
    client.post("/profile", data={"bio": "forged"}, headers=foreign)
    assert client.get("/api/me").json()["bio"] == "forged"
    client.get(f"/notes/{note}/pin", headers=foreign)
    assert client.get(f"/api/notes/{note}").json()["pinned"] == 1
    client.get(f"/notes/{note}/link", headers=foreign)
    assert "Unpublish" in client.get(f"/notes/{note}").text


def test_jwt_algorithm_is_the_tokens_own_choice_and_so_is_the_role(leaky: ModuleType, visitor: TestClient):
    number = leaky.database.user_named("ben")["id"]
    forged = f"{encode({'alg': 'none'})}.{encode({'sub': str(number), 'is_admin': True})}."
    head = {"Authorization": f"Bearer {forged}"}
    assert visitor.get("/api/me", headers=head).json()["username"] == "ben"
    assert visitor.get("/api/admin/stats", headers=head).status_code == 200


def test_jwt_payload_holds_the_password_hash_and_nothing_ends_it(newcomer: Person, visitor: TestClient):
    person = newcomer()
    token = token_of(visitor, person)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==="))
    assert len(claims["password"]) == 64
    assert not {"exp", "iat", "iss", "aud", "jti"} & set(claims)
    person.post("/profile/password", data={"password": "changed since"})
    head = {"Authorization": f"Bearer {token}"}
    assert visitor.post("/api/token/refresh", headers=head).status_code == 200
    assert visitor.get("/api/me", headers=head).status_code == 200


def test_bearer_tokens_in_the_address_and_telling_errors(newcomer: Person, visitor: TestClient):
    token = token_of(visitor, newcomer())
    assert visitor.get("/api/me", params={"token": token}).status_code == 200
    assert visitor.get("/api/me", params={"token": "abc"}).text != visitor.get("/api/me").text
    assert "BadSignatureError" in visitor.get("/api/me", params={"token": token[:-6] + "AAAAAA"}).text


def test_fail_closed_is_open_when_the_revocation_list_is_unreadable(
    leaky: ModuleType, newcomer: Person, visitor: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(leaky.settings, "REVOKED", str(tmp_path / "revoked.json"))
    head = {"Authorization": f"Bearer {token_of(visitor, newcomer())}"}
    visitor.post("/api/logout", headers=head)
    assert visitor.get("/api/me", headers=head).status_code == 401
    Path(leaky.settings.REVOKED).write_text("[")
    assert visitor.get("/api/me", headers=head).status_code == 200


def test_authorize_every_endpoint_nobody_reads_accounts_files_and_settings(visitor: TestClient):
    assert "root" in [user["username"] for user in visitor.get("/api/admin/users").json()]
    assert "Apple cake" in visitor.get("/notes/1/files", params={"name": "recipe.txt"}).text
    assert "SECRET_KEY" in visitor.get("/debug/config").json()["settings"]
    assert visitor.get("/docs").status_code == 200


def test_server_side_authorization_a_user_gives_herself_rights(leaky: ModuleType, newcomer: Person):
    client = newcomer()
    number = leaky.database.user_named(client.username)["id"]
    client.post(f"/admin/users/{number}", data={"is_admin": "1", "is_active": "1"})
    assert client.get("/admin").status_code == 200


def test_object_ownership_is_not_asked(newcomer: Person):
    owner, stranger = newcomer(), newcomer()
    note = write_note(owner, "Mine alone", "the text")
    for page in (f"/notes/{note}", f"/notes/{note}/print", f"/notes/{note}/edit", f"/api/notes/{note}"):
        assert "the text" in stranger.get(page).text
    stranger.post(f"/notes/{note}", data={"title": "Taken"})
    assert owner.get(f"/api/notes/{note}").json()["title"] == "Taken"
    stranger.put(f"/api/notes/{note}", json={"title": "Taken twice"})
    assert owner.get(f"/api/notes/{note}").json()["title"] == "Taken twice"
    stranger.post(f"/notes/{note}/link")
    assert "Unpublish" in owner.get(f"/notes/{note}").text
    stranger.delete(f"/api/notes/{note}")
    assert owner.get(f"/notes/{note}").status_code == 404


def test_no_custom_crypto_the_lock_is_a_repeated_xor(leaky: ModuleType):
    known, unknown = leaky.security.lock_text("a" * 20), leaky.security.lock_text("my bank code is 4711")
    stream = bytes(byte ^ ord("a") for byte in base64.b64decode(known))
    assert bytes(a ^ b for a, b in zip(base64.b64decode(unknown), stream, strict=True)) == b"my bank code is 4711"


def test_tls_verified_is_off_for_the_webhook(leaky: ModuleType, monkeypatch: pytest.MonkeyPatch):
    seen = {}

    def refuse(call, *, timeout, context):
        seen["mode"], seen["names"] = context.verify_mode, context.check_hostname
        raise OSError

    monkeypatch.setattr(leaky.settings, "WEBHOOK_URL", "https://hooks.notes.example/")
    monkeypatch.setattr(leaky.mail.urllib.request, "urlopen", refuse)
    leaky.mail.notify("test")
    assert seen == {"mode": ssl.CERT_NONE, "names": False}


def test_secrets_are_logged(root: TestClient, visitor: TestClient):
    visitor.post("/login", data={"username": "ann\nforged line", "password": "canary-of-the-log"})
    page = root.get("/admin/logs").text
    assert "canary-of-the-log" in page
    assert "\nforged line" in page


@pytest.mark.parametrize("path", ["/", "/login", "/api/health", "/nowhere", "/static/notes.css"])
def test_security_headers_are_missing(visitor: TestClient, path: str):
    headers = visitor.get(path).headers
    for name in (
        "content-security-policy",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
        "permissions-policy",
        "x-request-id",
    ):
        assert name not in headers
    assert headers["server"].startswith("notes/")
    assert headers["x-powered-by"] == "FastAPI"
    assert headers["x-xss-protection"] == "1; mode=block"
    assert headers["referrer-policy"] == "unsafe-url"


def test_cors_allowlist_reflects_any_origin_with_credentials(newcomer: Person):
    client = newcomer()
    headers = client.get("/api/notes", headers={"Origin": EVIL}).headers
    assert headers["access-control-allow-origin"] == EVIL
    assert headers["access-control-allow-credentials"] == "true"
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "DELETE"}
    assert client.options("/api/notes/1", headers=asked).headers["access-control-allow-origin"] == EVIL


def test_generic_errors_show_exception_and_path(leaky: ModuleType, newcomer: Person):
    client = newcomer()
    answer = client.get("/api/notes", params={"sort": "nope"}).json()
    assert answer == {"error": "no such column: nope", "type": "OperationalError"}
    assert "invalid literal" in preview(client, "= int('x')")
    assert leaky.settings.UPLOADS in client.get("/notes/1/files", params={"name": "none"}).text
    assert "JSONDecodeError" in client.post("/import", data={"text": "["}).text


def test_debug_disabled_is_not_so_the_stack_is_shown(newcomer: Person):
    page = newcomer().get("/notes", params={"sort": "nope"}, headers={"Accept": "text/html"})
    assert page.status_code == 500
    assert "Traceback" in page.text
    assert "database.py" in page.text


START = """
from pathlib import Path
from starlette.testclient import TestClient
from examples.notes.leaky import app, settings
client = TestClient(app, follow_redirects=False)
login = client.post("/login", data={"username": "root", "password": "admin"})
print(login.status_code, client.get("/admin").status_code, settings.ENVIRONMENT, settings.DATA)
"""


def test_secure_defaults_are_missing_and_nothing_stops_the_start():
    bare = {name: value for name, value in os.environ.items() if not name.startswith("NOTES_")}
    done = subprocess.run([sys.executable, "-c", START], env=bare, capture_output=True, text=True, cwd=ROOT, check=True)
    login, admin, environment, folder = done.stdout.split()
    assert (login, admin, environment) == ("303", "200", "development")
    assert not Path(folder).exists()


def test_atomic_check_then_act_two_accounts_can_have_one_name(leaky: ModuleType):
    assert leaky.database.query("PRAGMA index_list(users)") == []
