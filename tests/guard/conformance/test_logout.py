"""Logout, on every framework: the record is gone before the answer, and the cookie and what hangs on it with it."""

from collections.abc import Callable
from typing import Any

from vallum.guard.sessions.life import SessionPolicy
from vallum.stores.memory import MemorySessions

Browser = Callable[..., Any]
COOKIE = "__Host-session"


def test_the_old_cookie_is_worth_nothing(browser: Browser, clock: Any, events: list[Any]) -> None:
    store = MemorySessions()
    ended: list[tuple[str, bool]] = []
    policy = SessionPolicy(revoke=lambda record, everywhere: ended.append((record.actor_id, everywhere)))
    user = browser(store=store, session=policy)
    token = user("POST", "/enter").text
    old = user.cookies[COOKIE]
    assert len(store.list_actor("ada", clock())) == 1
    answer = user("POST", "/leave", headers={"x-csrf-token": token})
    assert store.list_actor("ada", clock()) == []
    assert ended == [("ada", False)]
    gone = answer.headers["set-cookie"]
    assert all(part in gone for part in (f"{COOKIE}=;", "Max-Age=0", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"))
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert user("GET", "/mine", headers={"cookie": f"{COOKIE}={old}"}).status_code == 401
    assert [event.actor for event in events if event.name == "logged-out"] == ["ada"]


def test_logout_needs_the_token(browser: Browser) -> None:
    user = browser()
    user("POST", "/enter")
    assert user("POST", "/leave").status_code == 403
    assert user("GET", "/leave").status_code in {404, 405}
    assert user("GET", "/mine").status_code == 200


def test_tokens_that_cannot_be_revoked_fail_the_logout(browser: Browser, events: list[Any]) -> None:
    def fail(*_: Any) -> None:
        raise ConnectionError

    user = browser(session=SessionPolicy(revoke=fail))
    token = user("POST", "/enter").text
    answer = user("POST", "/leave", headers={"x-csrf-token": token})
    assert (answer.status_code, "set-cookie" in answer.headers) == (503, False)
    assert "session-store-failed" in [event.name for event in events]
