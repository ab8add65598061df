"""Notes on the guard: people see where they are signed in, and end what they do not know."""

import re
from collections.abc import Callable
from typing import Any

Join = Callable[[], Any]


def sign_in_elsewhere(person: Any, browser: Any) -> str:
    """The handle of a second session, in a browser that calls itself a script."""
    browser.headers["User-Agent"] = "<script>agent()</script>"
    assert browser.log_in(person.username, person.password).status_code == 303
    found = re.search(r'name="handle" value="(\w+)"', person.get("/sessions").text)
    assert found
    return found[1]


def test_sessions_are_listed_escaped_and_ended(join: Join, stranger):
    person = join()
    handle = sign_in_elsewhere(person, stranger)
    page = person.get("/sessions").text
    assert "&lt;script&gt;agent()&lt;/script&gt;" in page
    assert "<script>agent()" not in page
    assert person.submit("/sessions/revoke", data={"handle": "0" * 32}).status_code == 404
    assert person.submit("/sessions/revoke", data={"handle": handle}).headers["location"] == "/sessions"
    assert stranger.get("/api/notes").status_code == 401
    assert person.get("/notes").status_code == 200


def test_all_other_sessions_end_together(join: Join, stranger):
    person = join()
    sign_in_elsewhere(person, stranger)
    assert person.submit("/sessions/revoke-others").status_code == 303
    assert stranger.get("/api/notes").status_code == 401
    assert person.get("/notes").status_code == 200


def test_nobody_ends_the_session_of_another(join: Join, stranger):
    person, other = join(), join()
    handle = sign_in_elsewhere(person, stranger)
    assert other.submit("/sessions/revoke", data={"handle": handle}).status_code == 404
    assert stranger.get("/api/notes").status_code == 200
