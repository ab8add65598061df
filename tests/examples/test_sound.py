"""Notes on the guard, as its users know it: every feature works."""

import io
import json
import tarfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import yaml

Join = Callable[[], Any]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63d0cf8ffb0f0003c901fc"
    "06635bb00000000049454e44ae426082"
)


def test_a_visitor_is_welcomed(stranger):
    assert "Open an account" in stranger.get("/").text
    assert stranger.get("/notes").status_code == 401


def test_demo_people_have_notes(enter):
    assert "Shopping list" in enter("ann").get("/notes").text
    assert "Talk outline" in enter("ben").get("/notes").text
    assert "Maintenance window" in enter("root").get("/notes").text
    assert "Apple cake" in enter("ben").get("/notes/1/files", params={"name": "recipe.txt"}).text


def test_register_confirm_log_in_and_log_out(sound: ModuleType, stranger):
    form = {"username": "carla", "email": "carla@people.example", "password": "a fine password"}
    assert stranger.submit("/register", data=form).headers["location"] == "/login?done=registered"
    assert "sent you a mail" in stranger.get("/login?done=registered").text
    assert stranger.log_in("carla", "a fine password").status_code == 401
    letter = sound.mail.OUTBOX[-1]
    assert letter.recipient == "carla@people.example"
    link = letter.body.split("token=")[1]
    assert link in stranger.get("/confirm", params={"token": link}).text
    assert stranger.submit("/confirm", data={"token": link}).headers["location"] == "/login?done=confirmed"
    assert stranger.log_in("carla", "a fine password").headers["location"] == "/notes"
    assert stranger.get("/").headers["location"] == "/notes"
    assert stranger.submit("/logout").headers["location"] == "/login"
    assert stranger.get("/notes").status_code == 401


def test_a_login_goes_on_to_the_page_that_was_asked_for(join):
    client = join()
    name, password = client.username, client.password
    assert client.get("/login", params={"next": "/shared"}).headers["location"] == "/shared"
    client.submit("/logout")
    client.username = ""  # the browser knows nobody any more
    assert client.log_in(name, password, next="/notes?sort=title").headers["location"] == "/notes?sort=title"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"username": "admin", "email": "a@b.example", "password": "long enough to be"}, "username"),
        ({"username": "carla\n", "email": "a@b.example", "password": "long enough to be"}, "username"),
        ({"username": "carla", "email": "nowhere", "password": "long enough to be"}, "email"),
        ({"username": "carla", "email": "a@b..c", "password": "long enough to be"}, "email"),
        ({"username": "carla", "email": "c@b.example", "password": "fourteen chars"}, "15 characters"),
        ({"username": "carla", "email": "c@b.example", "password": "qwertyuiop12345"}, "everybody tries"),
    ],
)
def test_a_bad_registration_says_why(stranger, form: dict[str, str], reason: str):
    answer = stranger.submit("/register", data=form)
    assert answer.status_code == 400
    assert reason in answer.text


def test_write_edit_pin_and_delete_a_note(join: Join):
    client = join()
    note = client.write_note("Packing", "# Take\n\n- tent\n- **stove**\n\nmore at [home](/notes) with `care`, *please*")
    page = client.get(f"/notes/{note}").text
    for piece in ("<h2>Take</h2>", "<li>tent</li>", "<strong>stove</strong>", '<a href="/notes" rel='):
        assert piece in page
    assert client.submit(f"/notes/{note}", data={"title": "Packed", "body": "all of it"}).status_code == 303
    assert "all of it" in client.get(f"/notes/{note}/print").text
    assert "Packed" in client.get(f"/notes/{note}/edit").text
    client.submit(f"/notes/{note}/pin")
    assert "Unpin" in client.get("/notes").text
    assert "for good" in client.get(f"/notes/{note}/delete").text
    client.submit(f"/notes/{note}/delete", page=f"/notes/{note}/delete")
    assert client.get(f"/notes/{note}").status_code == 404


def test_markup_has_three_headings_foreign_links_and_lists(join: Join):
    links = "[us](https://notes.example/a?b=1), [mail](mailto:a@b.example), [no](javascript:1)"
    text = f"## Two\n#### More\n- a\n- b\nsee {links}"
    page = join().submit("/notes/preview", data={"body": text}).text
    assert "<h3>Two</h3>" in page
    assert "<h4>More</h4>" in page
    assert "<ul><li>a</li><li>b</li></ul>" in page
    assert '<a href="https://notes.example/a?b=1" rel="noopener noreferrer">us</a>' in page
    assert '<a href="mailto:a@b.example"' in page
    assert "[no](javascript:1)" in page


def test_a_sum_shows_its_result(join: Join):
    assert "2 * 3.50 = 7.0" in join().submit("/notes/preview", data={"body": "= 2 * 3.50"}).text
    assert "2 / 0 = ?" in join().submit("/notes/preview", data={"body": "= 2 / 0"}).text


def test_lists_are_sorted_searched_and_filtered(join: Join):
    client = join()
    client.write_note("Beech", "a tree with smooth bark")
    client.write_note("Alder", "a tree by water")
    page = client.get("/notes", params={"sort": "title", "direction": "asc"}).text
    assert page.index("Alder") < page.index("Beech")
    page = client.get("/notes", params={"q": "SMOOTH"}).text
    assert "Beech" in page
    assert "Alder" not in page
    page = client.get("/notes", params={"rule": "words > 4 and pinned == 0"}).text
    assert "Beech" in page
    assert "Alder" not in page
    assert "does not work" in client.get("/notes", params={"rule": "words >"}).text


def test_a_private_note_is_readable_to_its_owner_and_locked_in_the_database(sound: ModuleType, join: Join):
    client = join()
    note = client.write_note("Safe", "the key is under the mat", private="true")
    assert "under the mat" in client.get(f"/notes/{note}").text
    with sound.database.connect() as connection:
        stored = dict(connection.execute("SELECT body, locked FROM notes WHERE id = ?", (note,)).fetchone())
    assert stored["body"] == ""
    assert b"mat" not in stored["locked"]


def test_share_with_a_person_who_may_change_it(enter, join: Join):
    ann, friend = enter("ann"), join()
    note = ann.write_note("Plans for June")
    assert friend.get(f"/notes/{note}").status_code == 404
    assert ann.submit(f"/notes/{note}/share", data={"username": friend.username}).status_code == 303
    page = friend.get("/shared").text
    assert "Plans for June" in page
    assert "Ann shares" in page
    assert friend.get(f"/notes/{note}").status_code == 200
    assert friend.submit(f"/notes/{note}", data={"title": "Mine"}).status_code == 404
    ann.submit(f"/notes/{note}/share", data={"username": friend.username, "can_edit": "true"})
    assert friend.submit(f"/notes/{note}", data={"title": "Plans for July"}).status_code == 303
    assert "Plans for July" in ann.get("/notes").text
    assert f"{friend.username}@people.example" in enter("root").get("/admin/outbox").text
    assert ann.submit(f"/notes/{note}/share", data={"username": "nobody-at-all"}).status_code == 404


def test_publish_and_take_back(join: Join, stranger):
    client = join()
    note = client.write_note("Recipe", "salt and patience")
    assert stranger.get(f"/widgets/{note}").status_code == 404
    client.submit(f"/notes/{note}/link")
    link = client.get(f"/notes/{note}").text.split('href="/s/')[1].split('"')[0]
    assert "salt and patience" in stranger.get(f"/s/{link}").text
    assert "<h4>Dinner</h4>" in stranger.get(f"/widgets/{note}", params={"title": "Dinner"}).text
    client.submit(f"/notes/{note}/link")
    assert stranger.get(f"/s/{link}").status_code == 404


def test_attach_fetch_and_remove_a_file(sound: ModuleType, join: Join):
    client = join()
    note = client.write_note("With a picture")
    sent = PNG + b"<script>behind</script>"
    client.submit(f"/notes/{note}/files", files={"file": ("view 1.png", sent, "text/html")})
    answer = client.get(f"/notes/{note}/files", params={"name": "view 1.png"})
    assert (answer.content[:8], answer.headers["content-type"]) == (PNG[:8], "image/png")
    assert b"behind" not in answer.content
    assert answer.headers["content-disposition"] == "attachment; filename=\"view 1.png\"; filename*=UTF-8''view%201.png"
    stored = {path.name for path in sound.settings.SETTINGS.uploads.iterdir()}
    number = client.get(f"/notes/{note}").text.split('action="/files/')[1].split("/")[0]
    client.submit(f"/files/{number}/delete")
    assert client.get(f"/notes/{note}/files", params={"name": "view 1.png"}).status_code == 404
    assert client.submit(f"/files/{number}/delete").status_code == 404
    assert len(stored - {path.name for path in sound.settings.SETTINGS.uploads.iterdir()}) == 1


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_export_and_import(join: Join, kind: str):
    giver, taker = join(), join()
    giver.write_note("To go", "with umlauts: äöü")
    exported = giver.get("/export", params={"format": kind})
    entries = json.loads(exported.text) if kind == "json" else yaml.safe_load(exported.text)
    assert entries[0]["title"] == "To go"
    answer = taker.submit("/import", files={"file": (f"notes.{kind}", exported.content, "text/plain")})
    assert answer.headers["location"] == "/notes?done=imported"
    assert "To go" in taker.get("/notes").text


def test_import_of_pasted_text(join: Join):
    client = join()
    assert client.submit("/import", data={"text": '[{"title": "Pasted"}]'}).status_code == 303
    assert "Pasted" in client.get("/notes").text
    assert client.submit("/import", data={"text": "["}).status_code == 400


def test_profile_password_and_settings(sound: ModuleType, join: Join, stranger):
    client = join()
    form = {"display_name": "Carla Mora", "bio": "likes *walls*", "website": "https://walls.example", "accent": "sea"}
    assert client.submit("/profile", data=form).headers["location"] == "/profile?done=saved"
    page = stranger.get(f"/people/{client.username}").text
    assert "Carla Mora" in page
    assert "<em>walls</em>" in page
    assert 'data-accent="sea"' in page
    assert stranger.get("/people/nobody-at-all").status_code == 404
    change = {"current": client.password, "password": "another fine one"}
    assert client.submit("/profile/password", data=change).status_code == 303
    assert client.get("/notes").status_code == 200
    assert stranger.log_in(client.username, "another fine one").status_code == 303
    client.submit("/settings", data={"sort": "title", "direction": "asc", "page_size": "1", "theme": "dark"})
    client.write_note("Zebra")
    client.write_note("Aardvark")
    page = client.get("/notes").text
    assert 'data-theme="dark"' in page
    assert "Aardvark" in page
    assert "Zebra" not in page


def test_a_new_address_counts_once_it_is_proven(sound: ModuleType, join: Join):
    client = join()
    moved = {"email": f"{client.username}@new.example", "current": client.password}
    assert client.submit("/profile", data=moved).headers["location"] == "/profile?done=proof"
    assert f"{client.username}@people.example" in client.get("/profile").text
    link = sound.mail.OUTBOX[-2].body.split("token=")[1]
    assert client.get("/confirm", params={"token": link}).headers["referrer-policy"] == "no-referrer"
    assert client.submit("/confirm", data={"token": link}).status_code == 303
    assert f"{client.username}@new.example" in client.get("/profile").text


def test_reset_a_forgotten_password(sound: ModuleType, join: Join, stranger):
    client = join()
    name = client.username
    assert "on its way" in stranger.submit("/forgot", data={"email": f"{name}@people.example"}).text
    token = sound.mail.OUTBOX[-1].body.split("token=")[1]
    assert token in stranger.get("/reset", params={"token": token}).text
    assert stranger.submit("/reset", data={"token": token, "password": "remembered it now"}).status_code == 303
    assert stranger.log_in(name, "remembered it now").status_code == 303
    assert stranger.submit("/reset", data={"token": token, "password": "again something new"}).status_code == 400


def test_the_admin_area_is_for_administrators(enter):
    ann, root = enter("ann"), enter("root")
    pages = ["/admin", "/admin/users", "/admin/outbox", "/admin/logs", "/admin/maintenance"]
    assert [ann.get(page).status_code for page in pages] == [403] * 5
    assert [root.get(page).status_code for page in pages] == [200] * 5


def test_an_administrator_disables_and_deletes_an_account(sound: ModuleType, enter, join: Join, stranger):
    root, person = enter("root"), join()
    number = sound.people.find_named(person.username).id
    root.submit(f"/admin/users/{number}", data={"is_active": "0"})
    assert person.get("/notes").status_code == 401
    assert stranger.log_in(person.username, person.password).status_code == 401
    assert person.username in root.get(f"/admin/users/{number}/delete").text
    root.submit(f"/admin/users/{number}/delete")
    assert stranger.get(f"/people/{person.username}").status_code == 404
    assert root.submit(f"/admin/users/{number}/delete").status_code == 404
    assert root.get(f"/admin/users/{number}/delete").status_code == 404
    assert root.submit(f"/admin/users/{number}").status_code == 404


def test_an_administrator_keeps_her_own_rights(sound: ModuleType, enter):
    root = enter("root")
    number = sound.people.find_named("root").id
    assert root.submit(f"/admin/users/{number}", data={"is_active": "1"}).status_code == 400
    assert root.submit(f"/admin/users/{number}/delete").status_code == 400


def test_a_backup_holds_the_database(enter):
    root = enter("root")
    assert root.submit("/admin/backup", data={"name": "sunday"}).headers["location"] == "/admin/maintenance?done=backup"
    assert "sunday.tar.gz" in root.get("/admin/maintenance").text
    archive = root.get("/admin/backups/sunday.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as packed:
        assert "notes.sqlite3" in packed.getnames()
    assert root.get("/admin/backups/monday.tar.gz").status_code == 404


def test_an_announcement_goes_to_everybody(enter):
    root = enter("root")
    root.submit("/admin/announce", data={"subject": "Quiet hours", "text": "From ten to six."})
    assert "Quiet hours" in root.get("/admin/outbox").text
    assert "Quiet hours" in root.get("/admin/logs", params={"contains": "Quiet"}).text


def test_the_api_reads_and_writes_notes(join: Join, stranger):
    head = stranger.bearer(join())
    assert stranger.get("/api/health").json() == {"status": "ok"}
    made = stranger.post("/api/notes", json={"title": "By API", "body": "text", "private": True}, headers=head)
    note = made.json()["id"]
    assert (made.status_code, made.json()["body"], made.json()["private"]) == (201, "text", True)
    stranger.put(f"/api/notes/{note}", json={"title": "Changed"}, headers=head)
    assert [entry["title"] for entry in stranger.get("/api/notes", headers=head).json()] == ["Changed"]
    assert stranger.delete(f"/api/notes/{note}", headers=head).status_code == 204
    assert stranger.get(f"/api/notes/{note}", headers=head).status_code == 404
    assert stranger.put(f"/api/notes/{note}", json={"title": "Gone"}, headers=head).json()["detail"]


def test_the_api_knows_its_caller(join: Join, stranger, enter):
    person, root = join(), enter("root")
    head = stranger.bearer(person)
    assert stranger.get("/api/me").status_code == 401
    assert stranger.get("/api/me", headers=head).json()["username"] == person.username
    assert stranger.patch("/api/me", json={"bio": "new"}, headers=head).json()["bio"] == "new"
    found = root.get("/api/users", params={"q": person.username}).json()
    assert person.username in [entry["username"] for entry in found]
    assert stranger.get("/api/admin/stats", headers=head).status_code == 403
    assert root.get("/api/admin/stats").json()["users"] >= 3
    assert "root" in [entry["username"] for entry in root.get("/api/admin/users").json()]
    assert stranger.post("/api/logout", headers=head).json() == {"status": "ok"}
    assert stranger.get("/api/me", headers=head).status_code == 401


def test_the_api_takes_the_session_of_a_browser(join: Join):
    client = join()
    head = client.proof()
    assert client.post("/api/notes", json={"title": "By session"}, headers=head).status_code == 201
    assert client.post("/api/logout", headers=head).status_code == 200
    assert client.get("/api/me").status_code == 401


def test_a_refresh_token_brings_the_next_pair(join: Join, stranger):
    person = join()
    first = stranger.tokens(person)
    second = stranger.post("/api/token/refresh", json={"refresh_token": first["refresh_token"]}).json()
    assert second["refresh_token"] != first["refresh_token"]
    head = {"Authorization": f"Bearer {second['access_token']}"}
    assert stranger.get("/api/me", headers=head).json()["username"] == person.username


def test_the_sync_worker_delivers_notes(sound: ModuleType, stranger, join: Join):
    person = join()
    item = {"owner_id": sound.people.find_named(person.username).id, "title": "Written on the train"}
    key = {"X-Api-Key": "sync-key-of-the-test-with-enough-characters"}
    assert stranger.post("/api/internal/notes", json=[item]).status_code == 401
    assert stranger.post("/api/internal/notes", json=[item | {"owner_id": 999_999}], headers=key).status_code == 404
    assert len(stranger.post("/api/internal/notes", json=[item], headers=key).json()["ids"]) == 1
    assert "Written on the train" in person.get("/notes").text


def test_style_and_script_are_served(stranger):
    assert "--accent" in stranger.get("/static/notes.css").text
    assert "showPreview" in stranger.get("/static/app.js").text
