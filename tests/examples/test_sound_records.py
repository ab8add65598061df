"""Notes on the guard: what is limited, what is recorded, who is told, and where a browser is led."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vallum.stores.trail import verify_trail

Join = Callable[[], Any]
HTML = {"Accept": "text/html"}


def test_a_stranger_is_led_to_the_login_page_and_back(stranger, join: Join):
    answer = stranger.get("/notes?sort=title", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/notes%3Fsort%3Dtitle")
    assert 'value="/notes?sort=title"' in stranger.get(answer.headers["location"]).text
    assert stranger.get("/api/notes", headers={"Accept": "application/json"}).status_code == 401


def test_login_rate_limit_counts_attempts_by_page_and_api_together(join: Join, stranger):
    person = join()
    wrong = {"username": person.username, "password": "not the password"}
    answers = [stranger.submit("/login", data=wrong) for _ in range(3)]
    answers += [stranger.post("/api/token", json=wrong) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401] * 5
    right = {"username": person.username.upper(), "password": person.password}
    refused = stranger.submit("/login", data=right)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 180
    assert stranger.post("/api/token", json=right).status_code == 429
    assert join().get("/notes").status_code == 200  # others are not kept out


def test_an_administrator_lets_somebody_try_again(sound: ModuleType, join: Join, enter, stranger):
    person, root = join(), enter("root")
    for _ in range(6):
        stranger.submit("/login", data={"username": person.username, "password": "not the password"})
    number = sound.people.find_named(person.username).id
    assert root.submit(f"/admin/users/{number}/unlock").status_code == 303
    assert stranger.log_in(person.username, person.password).status_code == 303


def test_a_right_password_forgets_the_wrong_ones(join: Join, stranger):
    person = join()
    for _ in range(3):
        for _ in range(3):
            stranger.submit("/login", data={"username": person.username, "password": "not the password"})
        assert stranger.log_in(person.username, person.password).status_code == 303
        stranger.submit("/logout")
        stranger.username = ""


def test_guesses_of_the_current_password_and_letters_are_limited(join: Join, stranger):
    client = join()
    guess = {"current": "not the password", "password": "something quite new"}
    answers = [client.submit("/profile/password", data=guess).status_code for _ in range(6)]
    assert answers == [400] * 5 + [429]
    asked = [stranger.submit("/forgot", data={"email": "nobody@people.example"}).status_code for _ in range(6)]
    assert asked == [200] * 5 + [429]


def entries_about(sound: ModuleType, subject: str) -> list[tuple[str, str]]:
    return [(entry.event, entry.actor) for entry in sound.trail.newest() if entry.subject == subject]


def test_audit_trail_tells_who_did_what(sound: ModuleType, join: Join, enter):
    client, root = join(), enter("root")
    number, by = sound.people.find_named(client.username).id, str(sound.people.find_named("root").id)
    client.submit("/profile/password", data={"current": client.password, "password": "another fine password"})
    root.submit(f"/admin/users/{number}", data={"is_admin": "1", "is_active": "1"})
    root.submit(f"/admin/users/{number}/delete")
    assert entries_about(sound, f"user:{number}") == [
        ("account-deleted", by),
        ("rights-changed", by),
        ("password-changed", str(number)),
        ("address-confirmed", "system"),
        ("account-opened", "system"),
    ]
    assert "The trail is whole." in root.get("/admin/trail").text


def test_audit_trail_and_change_are_kept_together(sound: ModuleType, join: Join, monkeypatch: pytest.MonkeyPatch):
    number = sound.people.find_named(join().username).id

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(sound.trail.TRAIL, "append", fail)
        with pytest.raises(OSError, match="full"):
            sound.people.set_rights(number, admin=True, active=True)
    assert not sound.people.get(number).is_admin


def test_a_checkpoint_finds_what_was_changed_behind_the_apps_back(sound: ModuleType, join: Join, enter, tmp_path: Path):
    join()
    checkpoint = enter("root").submit("/admin/trail/checkpoint").json()
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(copy)) as changed, sound.database.connect() as source:
        source.backup(changed)
        assert verify_trail(changed, sound.trail.SIGNER, known=[checkpoint]).intact
        changed.execute("DROP TRIGGER vallum_trail_keeps_update")
        changed.execute("UPDATE vallum_trail SET actor = 'somebody else' WHERE seq = 1")
        assert not verify_trail(changed, sound.trail.SIGNER, known=[checkpoint]).intact


def test_security_alerts_reach_the_team(sound: ModuleType, join: Join, stranger, monkeypatch: pytest.MonkeyPatch):
    posted = []
    monkeypatch.setattr(sound.mail, "post_json", lambda url, body: posted.append((url, json.loads(body)["alert"])))
    alerts = replace(sound.mail.SETTINGS, alert_url=sound.settings.Secret("https://pager.notes.example/hook"))
    monkeypatch.setattr(sound.alarms, "SETTINGS", alerts)
    first = stranger.tokens(join())
    for _ in range(2):
        stranger.post("/api/token/refresh", json={"refresh_token": first["refresh_token"]})
    sound.alarms.ALERTS.close()  # waits until what was raised is told
    assert ("https://pager.notes.example/hook", "token-reused") in posted
    assert "token-reused" in {alarm["alert"] for alarm in sound.alarms.RAISED}


def test_reports_of_broken_policies_are_logged(sound: ModuleType, stranger):
    headers = stranger.get("/").headers
    assert headers["reporting-endpoints"] == 'csp="/csp-reports"'
    assert "require-trusted-types-for 'script'; report-to csp" in headers["content-security-policy"]
    body = {"effectiveDirective": "script-src-elem", "blockedURL": "https://evil.example/x.js?secret=1"}
    report = json.dumps([{"type": "csp-violation", "body": body}])
    kind = {"Content-Type": "application/reports+json"}
    assert stranger.post("/csp-reports", content=report, headers=kind).status_code == 204
    assert stranger.post("/csp-reports", json=[]).status_code == 415
    told = [line for line in sound.logbook.RECENT if "csp-violation" in line][-1]
    assert "https://evil.example/x.js" in told
    assert "secret=1" not in told


def test_logout_clears_what_the_browser_kept(join: Join):
    assert join().submit("/logout").headers["clear-site-data"] == '"cache", "cookies", "storage"'
