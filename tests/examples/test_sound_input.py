"""Notes on the guard, as an attacker knows it: what test_leaky_flaws.py does to the broken twin is refused here."""

import base64
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

Join = Callable[[], Any]
EVIL = "https://evil.example"
TAG = "<b id=marker>"
HTML = {"Accept": "text/html"}


def preview(client: Any, body: str) -> str:
    return client.submit("/notes/preview", data={"body": body}).text


@pytest.mark.parametrize("term", ["x%') OR 1=1 --", "%", "_", "' UNION SELECT password FROM users --"])
def test_sql_parameterised_search_stays_a_search(join: Join, term: str):
    client = join()
    client.write_note("Only mine")
    assert client.get("/notes", params={"q": term}).text.count('<td><a href="/notes/') == 0
    assert client.get("/api/notes", params={"q": term}).json() == []
    assert client.get("/api/users", params={"q": term[:30]}).json() == []


@pytest.mark.parametrize("name", ["sort", "direction"])
@pytest.mark.parametrize("value", ["(SELECT 1)", "title; DROP TABLE notes", "nope", "owner_id"])
def test_sql_parameterised_order_comes_from_a_list(join: Join, name: str, value: str):
    client = join()
    assert client.get("/api/notes", params={name: value}).status_code == 400
    assert client.get("/notes", params={name: value}).status_code == 400


def test_mass_assignment_is_refused(join: Join):
    client = join()
    assert client.submit("/profile", data={"display_name": "x", "is_admin": "1"}).status_code == 400
    head = client.proof()
    for changes in ({"is_admin": 1}, {"bio = (SELECT 1), website": "x"}, {"password": "taken over by it"}):
        assert client.patch("/api/me", json=changes, headers=head).status_code == 400
    assert client.get("/admin/users").status_code == 403


def test_mass_assignment_by_the_sync_worker_is_refused(stranger):
    key = {"X-Api-Key": "sync-key-of-the-test-with-enough-characters"}
    item = {"owner_id": 1, "title": "x", "link_token": "chosen"}
    assert stranger.post("/api/internal/notes", json=[item], headers=key).status_code == 400
    assert stranger.post("/api/internal/notes", json=[item], headers={"X-Api-Key": "wrong"}).status_code == 401


@pytest.mark.parametrize("name", ["x.tar.gz; touch proof", "$(touch proof)", "../outside", "--checkpoint=1", ""])
def test_no_shell_injection_in_the_name_of_a_backup(sound: ModuleType, enter, name: str):
    answer = enter("root").submit("/admin/backup", data={"name": name})
    assert answer.status_code == 400
    assert not list(sound.settings.SETTINGS.data.rglob("proof*"))
    assert not list(sound.settings.SETTINGS.data.glob("outside*"))


def test_no_dynamic_code_in_sum_and_filter(join: Join):
    client = join()
    client.write_note("Kept out")
    assert "__import__(&#39;os&#39;).name = ?" in preview(client, "= __import__('os').name")
    page = client.get("/notes", params={"rule": "__import__('os').name == 'posix'"}).text
    assert "does not work" in page
    assert "Kept out" in page


class Canary:
    """Says when it is unpickled."""

    def __reduce__(self):
        return (dict, ([("theme", "unpickled-canary")],))


def test_safe_deserialization_no_cookie_is_unpickled(join: Join):
    client = join()
    client.cookies.set("prefs", base64.b64encode(pickle.dumps(Canary())).decode())
    assert "unpickled-canary" not in client.get("/notes").text


def test_safe_deserialization_import_builds_no_object(join: Join):
    client = join()
    text = "- title: !!python/object/apply:os.path.basename ['/a/from-python']\n"
    assert client.submit("/import", data={"text": text}).status_code == 400
    assert "from-python" not in client.get("/notes").text


@pytest.mark.parametrize("text", ['[{"title": "a", "owner_id": 1}]', '[{"title": 1}]', '{"title": "a"}', "[[]]", "- x"])
def test_import_takes_only_notes(join: Join, text: str):
    assert join().submit("/import", data={"text": text}).status_code == 400


def test_template_injection_greeting_is_text(enter, join: Join):
    ann, friend = enter("ann"), join()
    note = ann.write_note("Sums")
    ann.submit(f"/notes/{note}/share", data={"username": friend.username, "greeting": "{{ 191 * 7 }}"})
    page = friend.get("/shared").text
    assert "1337" not in page
    assert "{{ 191 * 7 }}" in page


@pytest.mark.parametrize(
    "form", [{"page_size": "x"}, {"page_size": "100000"}, {"sort": "password"}, {"theme": "x"}, {"new": "1"}]
)
def test_server_side_validation_of_settings(join: Join, form: dict[str, str]):
    client = join()
    assert client.submit("/settings", data=form).status_code == 400
    assert client.get("/notes").status_code == 200


@pytest.mark.parametrize("private", ["on", 1, "true", [True]])
def test_strict_types(join: Join, stranger, private: object):
    head = stranger.bearer(join())
    assert stranger.post("/api/notes", json={"title": "t", "private": private}, headers=head).status_code == 400


def test_request_size_limits(join: Join, stranger):
    client = join()
    head = stranger.bearer(client)
    assert stranger.post("/api/notes", json={"title": "t", "body": "x" * 6_000_000}, headers=head).status_code == 413
    note = client.write_note("Files")
    form = {"files": {"file": ("x.txt", b"x" * (5 * 1024 * 1024 + 1), "text/plain")}}
    assert client.submit(f"/notes/{note}/files", **form).status_code == 413


def test_validation_errors_safe_repeats_nothing(stranger):
    answer = stranger.post("/api/token", json={"password": "s3cret-canary", "s3cret-field": 1})
    assert answer.status_code == 400
    assert "s3cret" not in answer.text


@pytest.mark.parametrize("body", ["<img src=x onerror=alert(1)>", "<scr<script></script>ipt>alert(1)</script>", TAG])
def test_html_sanitised_markup_is_text(join: Join, body: str):
    page = preview(join(), body)
    assert body not in page
    assert "&lt;" in page


@pytest.mark.parametrize(
    ("path", "parameters"),
    [("/notes", {"q": TAG}), ("/notes", {"message": TAG}), ("/notes", {"done": TAG}), (f"/nowhere/{TAG}", {})],
)
def test_html_escaped_query_and_path(join: Join, path: str, parameters: dict[str, str]):
    assert TAG not in join().get(path, params=parameters, headers=HTML).text


def test_html_escaped_fragments_and_stored_values(join: Join):
    client = join()
    note = client.write_note(TAG, f"text {TAG}")
    client.submit(f"/notes/{note}/link")
    pages = ["/notes", f"/notes/{note}", f"/notes/{note}/print", f"/notes/{note}/edit", f"/notes/{note}/delete"]
    for page in (*pages, f"/widgets/{note}?title={TAG}"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert TAG not in answer.text
    assert TAG not in client.submit(f"/notes/{note}/share", data={"username": TAG}).text


def test_js_and_url_contexts_are_encoded(join: Join):
    client = join()
    page = client.get("/notes", params={"q": "</script><script>alert(2)"}).text
    assert "<script>alert(2)" not in page
    client.write_note("a&admin=true")
    assert "?q=a%26admin%3Dtrue&amp;sort=title" in client.get("/notes", params={"q": "a&admin=true"}).text


@pytest.mark.parametrize(
    "form",
    [
        {"website": "javascript:alert(3)"},
        {"website": "https://evil.example/' onclick='alert(3)"},
        {"website": "http://plain.example"},
        {"accent": "red; background: url(//evil.example)"},
    ],
)
def test_links_and_colours_come_from_lists(join: Join, form: dict[str, str]):
    client = join()
    assert client.submit("/profile", data=form).status_code == 400
    assert "evil" not in client.get(f"/people/{client.username}").text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example"])
def test_links_in_notes_lead_nowhere_else(join: Join, link: str):
    assert "href" not in preview(join(), f"[x]({link})")


@pytest.mark.parametrize("target", [EVIL, "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_safe_redirect_stays_here(join: Join, stranger, target: str):
    client = join()
    assert client.get("/login", params={"next": target}).headers["location"] == "/notes"
    assert stranger.log_in(client.username, client.password, next=target).headers["location"] == "/notes"


def test_path_traversal_is_refused(sound: ModuleType, enter):
    ann, root = enter("ann"), enter("root")
    for name in ("../../notes.sqlite3", sound.__file__, "..%2fnotes.key", "recipe.txt/"):
        assert ann.get("/notes/1/files", params={"name": name}).status_code == 404
    for name in ("../../planted.txt", "/tmp/planted.txt", "..\\planted.txt"):
        ann.submit("/notes/1/files", files={"file": (name, b"here", "text/plain")})
    assert not list(sound.settings.SETTINGS.data.rglob("planted*"))
    assert root.get("/admin/backups/%2e%2e%2fnotes.sqlite3").status_code in (400, 404)
    assert root.get("/admin/backups/..%5cnotes.sqlite3").status_code == 400


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.html", b"<script>1</script>"),
        ("x.svg", b"<svg onload='1'>"),
        ("x.png", b"<script>1</script>"),
        ("x.png", b"%PDF-1.7"),
        ("x.php.png", b"\x89PNG\r\n\x1a\n"),
        ("x.txt", b"\x00\x01"),
        ("x.txt", b"\xff\xfe"),
        (".txt", b"text"),
        ("x.txt.", b"text"),
        ("x.txt\r\nSet-Cookie: a=b", b"text"),
    ],
)
def test_uploads_of_other_kinds_are_refused(sound: ModuleType, join: Join, name: str, content: bytes):
    client = join()
    note = client.write_note("Files")
    before = set(sound.settings.SETTINGS.uploads.iterdir())
    answer = client.submit(f"/notes/{note}/files", files={"file": (name, content, "image/png")})
    assert answer.status_code == 400
    assert set(sound.settings.SETTINGS.uploads.iterdir()) == before


def test_a_second_file_of_the_same_name_is_refused_and_leaves_nothing(sound: ModuleType, join: Join):
    client = join()
    note = client.write_note("Files")
    form = {"files": {"file": ("a.txt", b"text", "text/plain")}}
    assert client.submit(f"/notes/{note}/files", **form).status_code == 303
    before = set(sound.settings.SETTINGS.uploads.iterdir())
    assert client.submit(f"/notes/{note}/files", **form).status_code == 400
    assert set(sound.settings.SETTINGS.uploads.iterdir()) == before


def test_files_go_with_their_note(sound: ModuleType, join: Join):
    client = join()
    before = set(sound.settings.SETTINGS.uploads.iterdir())
    note = client.write_note("Files")
    client.submit(f"/notes/{note}/files", files={"file": ("a.txt", b"text", "text/plain")})
    client.submit(f"/notes/{note}/delete")
    assert set(sound.settings.SETTINGS.uploads.iterdir()) == before
