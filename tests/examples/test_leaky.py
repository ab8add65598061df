"""Notes as its users know it: every feature works."""

import io
import json
import tarfile
from collections.abc import Callable
from types import ModuleType

import pytest
import yaml
from starlette.testclient import TestClient


def write_note(client: TestClient, title: str, body: str = "", **more: str) -> int:
    answer = client.post("/notes", data={"title": title, "body": body, **more})
    assert answer.status_code == 303
    return int(answer.headers["location"].rsplit("/", 1)[1])


def bearer(client: TestClient, username: str, password: str) -> dict[str, str]:
    answer = client.post("/api/token", json={"username": username, "password": password})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_a_visitor_is_welcomed_and_sent_to_the_login_page(visitor: TestClient):
    assert "Open an account" in visitor.get("/").text
    assert visitor.get("/notes").headers["location"] == "/login?next=/notes"


def test_demo_people_have_notes(ann: TestClient, ben: TestClient, root: TestClient):
    assert "Shopping list" in ann.get("/notes").text
    assert "Talk outline" in ben.get("/notes").text
    assert "Maintenance window" in root.get("/notes").text


def test_register_log_out_and_log_in(newcomer: Callable[[], TestClient]):
    client = newcomer()
    assert client.get("/notes").status_code == 200
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/notes").status_code == 303
    answer = client.post(
        "/login", data={"username": client.username, "password": client.password, "next": "/notes?sort=title"}
    )
    assert answer.headers["location"] == "/notes?sort=title"
    assert client.get("/notes").status_code == 200


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"username": "admin", "email": "a@b.example", "password": "long enough"}, "another user name"),
        ({"username": "carla", "email": "nowhere", "password": "long enough"}, "e-mail address"),
        ({"username": "carla", "email": "c@b.example", "password": "abc"}, "four characters"),
        ({"username": "ann", "email": "c@b.example", "password": "long enough"}, "already taken"),
        ({"username": "carla", "email": "ann@notes.example", "password": "long enough"}, "already an account"),
    ],
)
def test_a_bad_registration_says_why(visitor: TestClient, form: dict[str, str], reason: str):
    answer = visitor.post("/register", data=form)
    assert answer.status_code == 400
    assert reason in answer.text


def test_write_edit_pin_and_delete_a_note(newcomer: Callable[[], TestClient]):
    client = newcomer()
    note = write_note(
        client, "Packing", "# Take\n\n- tent\n- **stove**\n\nmore at [home](/notes) with `care`, *please*"
    )
    page = client.get(f"/notes/{note}").text
    for piece in ("<h2>Take</h2>", "<li>tent</li>", "<strong>stove</strong>", '<a href="/notes">home</a>'):
        assert piece in page
    assert client.post(f"/notes/{note}", data={"title": "Packed", "body": "all of it"}).status_code == 303
    assert "all of it" in client.get(f"/notes/{note}/print").text
    assert "Packed" in client.get(f"/notes/{note}/edit").text
    client.post(f"/notes/{note}/pin")
    assert "Unpin" in client.get("/notes").text
    client.post(f"/notes/{note}/delete")
    assert client.get(f"/notes/{note}").status_code == 404


def test_a_sum_shows_its_result(newcomer: Callable[[], TestClient]):
    assert "2 * 3.50 = 7.0" in newcomer().post("/notes/preview", data={"body": "= 2 * 3.50"}).text


def test_lists_are_sorted_searched_and_filtered(newcomer: Callable[[], TestClient]):
    client = newcomer()
    write_note(client, "Beech", "a tree with smooth bark")
    write_note(client, "Alder", "a tree at the water")
    page = client.get("/notes", params={"sort": "title", "direction": "asc"}).text
    assert page.index("Alder") < page.index("Beech")
    page = client.get("/notes", params={"q": "smooth"}).text
    assert "Beech" in page
    assert "Alder" not in page
    page = client.get("/notes", params={"rule": "title.startswith('A') and words > 3"}).text
    assert "Alder" in page
    assert "Beech" not in page


def test_a_private_note_is_readable_to_its_owner_and_locked_in_the_database(
    leaky: ModuleType, newcomer: Callable[[], TestClient]
):
    client = newcomer()
    note = write_note(client, "Safe", "the key is under the mat", private="true")
    assert "under the mat" in client.get(f"/notes/{note}").text
    stored = leaky.database.one("SELECT body FROM notes WHERE id = ?", (note,))
    assert "mat" not in stored["body"]


def test_share_with_a_person(ann: TestClient, newcomer: Callable[[], TestClient], root: TestClient):
    friend = newcomer()
    note = write_note(ann, "Plans for June")
    assert ann.post(f"/notes/{note}/share", data={"username": friend.username}).status_code == 303
    page = friend.get("/shared").text
    assert "Plans for June" in page
    assert "Ann shares" in page
    assert f"{friend.username}@people.example" in root.get("/admin/outbox").text


def test_publish_and_take_back(newcomer: Callable[[], TestClient], visitor: TestClient):
    client = newcomer()
    note = write_note(client, "Recipe", "salt and patience")
    assert visitor.get(f"/widgets/{note}").status_code == 404
    client.post(f"/notes/{note}/link")
    link = client.get(f"/notes/{note}").text.split('href="/s/')[1].split('"')[0]
    assert "salt and patience" in visitor.get(f"/s/{link}").text
    assert "<h4>Dinner</h4>" in visitor.get(f"/widgets/{note}", params={"title": "Dinner"}).text
    client.post(f"/notes/{note}/link")
    assert visitor.get(f"/s/{link}").status_code == 404


def test_attach_fetch_and_remove_a_file(newcomer: Callable[[], TestClient]):
    client = newcomer()
    note = write_note(client, "With a picture")
    client.post(f"/notes/{note}/files", files={"file": ("view.png", b"\x89PNG of a view", "image/png")})
    answer = client.get(f"/notes/{note}/files", params={"name": "view.png"})
    assert (answer.content, answer.headers["content-type"]) == (b"\x89PNG of a view", "image/png")
    number = client.get(f"/notes/{note}").text.split('action="/files/')[1].split("/")[0]
    client.post(f"/files/{number}/delete")
    assert client.get(f"/notes/{note}/files", params={"name": "view.png"}).status_code == 404
    assert client.post(f"/files/{number}/delete").status_code == 404


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_export_and_import(newcomer: Callable[[], TestClient], kind: str):
    giver, taker = newcomer(), newcomer()
    write_note(giver, "To go", "with umlauts: äöü")
    exported = giver.get("/export", params={"format": kind})
    entries = json.loads(exported.text) if kind == "json" else yaml.safe_load(exported.text)
    assert entries[0]["title"] == "To go"
    answer = taker.post("/import", files={"file": (f"notes.{kind}", exported.content, "text/plain")})
    assert answer.headers["location"].startswith("/notes")
    assert "To go" in taker.get("/notes").text


def test_profile_password_and_settings(newcomer: Callable[[], TestClient], visitor: TestClient):
    client = newcomer()
    client.post(
        "/profile", data={"display_name": "Carla Mora", "bio": "likes *walls*", "website": "https://walls.example"}
    )
    page = visitor.get(f"/people/{client.username}").text
    assert "Carla Mora" in page
    assert "<em>walls</em>" in page
    assert visitor.get("/people/nobody-at-all").status_code == 404
    client.post("/profile/password", data={"password": "another fine one"})
    assert visitor.post("/login", data={"username": client.username, "password": "another fine one"}).status_code == 303
    client.post("/settings", data={"sort": "title", "direction": "asc", "page_size": "1", "theme": "dark"})
    write_note(client, "Zebra")
    write_note(client, "Aardvark")
    page = client.get("/notes").text
    assert 'data-theme="dark"' in page
    assert "Aardvark" in page
    assert "Zebra" not in page


def test_reset_a_forgotten_password(leaky: ModuleType, newcomer: Callable[[], TestClient], visitor: TestClient):
    client = newcomer()
    assert "sent you a link" in visitor.post("/forgot", data={"email": f"{client.username}@people.example"}).text
    letter = leaky.database.one("SELECT body FROM outbox ORDER BY id DESC")["body"]
    token = letter.split("token=")[1]
    assert token in visitor.get("/reset", params={"token": token}).text
    assert visitor.post("/reset", data={"token": token, "password": "remembered now"}).status_code == 303
    assert visitor.post("/login", data={"username": client.username, "password": "remembered now"}).status_code == 303
    assert visitor.post("/reset", data={"token": token, "password": "again"}).status_code == 400


def test_the_admin_area_is_for_administrators(ann: TestClient, root: TestClient):
    pages = ["/admin", "/admin/users", "/admin/outbox", "/admin/logs", "/admin/maintenance"]
    assert [ann.get(page).status_code for page in pages] == [403] * 5
    assert [root.get(page).status_code for page in pages] == [200] * 5


def test_an_administrator_disables_and_deletes_an_account(
    leaky: ModuleType, root: TestClient, newcomer: Callable[[], TestClient], visitor: TestClient
):
    person = newcomer()
    number = leaky.database.user_named(person.username)["id"]
    root.post(f"/admin/users/{number}", data={"is_admin": "0", "is_active": "0"})
    login = visitor.post("/login", data={"username": person.username, "password": person.password})
    assert "disabled" in login.text
    root.post(f"/admin/users/{number}/delete")
    assert visitor.get(f"/people/{person.username}").status_code == 404


def test_a_backup_holds_the_database(root: TestClient):
    assert "is%20ready" in root.post("/admin/backup", data={"name": "sunday"}).headers["location"]
    archive = root.get("/admin/backups/sunday.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as packed:
        assert "./notes.sqlite3" in packed.getnames()


def test_an_announcement_goes_to_everybody(root: TestClient):
    root.post("/admin/announce", data={"subject": "Quiet hours", "text": "From ten to six."})
    assert "Quiet hours" in root.get("/admin/outbox").text
    assert "Quiet hours" in root.get("/admin/logs", params={"contains": "Quiet"}).text


def test_the_api_reads_and_writes_notes(newcomer: Callable[[], TestClient], visitor: TestClient):
    person = newcomer()
    head = bearer(visitor, person.username, person.password)
    assert visitor.get("/api/health").json() == {"status": "ok"}
    made = visitor.post("/api/notes", json={"title": "By API", "body": "text", "private": True}, headers=head)
    note = made.json()["id"]
    assert (made.status_code, made.json()["body"]) == (201, "text")
    visitor.put(f"/api/notes/{note}", json={"title": "Changed"}, headers=head)
    assert [entry["title"] for entry in visitor.get("/api/notes", headers=head).json()] == ["Changed"]
    assert visitor.delete(f"/api/notes/{note}", headers=head).status_code == 204
    assert visitor.get(f"/api/notes/{note}", headers=head).status_code == 404
    assert visitor.put(f"/api/notes/{note}", json={"title": "Gone"}, headers=head).status_code == 404


def test_the_api_knows_its_caller(newcomer: Callable[[], TestClient], visitor: TestClient, root: TestClient):
    person = newcomer()
    head = bearer(visitor, person.username, person.password)
    assert visitor.get("/api/me").status_code == 401
    assert visitor.get("/api/me", headers=head).json()["username"] == person.username
    assert visitor.patch("/api/me", json={"bio": "new"}, headers=head).json()["bio"] == "new"
    found = person.get("/api/users", params={"q": person.username}).json()
    assert person.username in [entry["username"] for entry in found]
    assert visitor.get("/api/admin/stats", headers=head).status_code == 403
    assert root.get("/api/admin/stats").json()["users"] >= 3
    assert "access_token" in visitor.post("/api/token/refresh", headers=head).json()
    visitor.post("/api/logout", headers=head)
    assert visitor.get("/api/me", headers=head).status_code == 401


def test_the_sync_worker_delivers_notes(leaky: ModuleType, visitor: TestClient, newcomer: Callable[[], TestClient]):
    person = newcomer()
    owner = leaky.database.user_named(person.username)["id"]
    item = {"owner_id": owner, "title": "Written on the train"}
    key = {"X-Api-Key": leaky.settings.SYNC_API_KEY}
    assert visitor.post("/api/internal/notes", json=[item]).status_code == 401
    assert len(visitor.post("/api/internal/notes", json=[item], headers=key).json()["ids"]) == 1
    assert "Written on the train" in person.get("/notes").text


def test_style_and_script_are_served(visitor: TestClient):
    assert "--accent" in visitor.get("/static/notes.css").text
    assert "showPreview" in visitor.get("/static/app.js").text
