"""The vocabulary: typed events with their request; failures are loud; names are hashed."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

from vallum.base.secret import Secret
from vallum.guard import Guard, current, public, signed_in
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure, note_failure
from vallum.guard.logging import vocabulary
from vallum.guard.logging.context import CURRENT
from vallum.guard.logging.events import Level
from vallum.guard.logging.fingerprint import fingerprint_name
from vallum.guard.logging.vocabulary import NewReader, PasswordChanged, SecurityEvent, TokenReused, note_event
from vallum.guard.logging.words import WORDS
from vallum.guard.sessions.signing import sign_in, sign_out


def all_events() -> list[type[SecurityEvent]]:
    kinds = [kind for kind in vars(vocabulary).values() if isinstance(kind, type) and issubclass(kind, SecurityEvent)]
    return [kind for kind in kinds if kind is not SecurityEvent]


def test_names_are_unique_and_failures_are_warnings_or_louder() -> None:
    kinds = all_events()
    assert len({kind.name for kind in kinds}) == len(kinds) > 20
    bad = ("failed", "refused", "locked", "limited", "reused", "weakened", "canary")
    for kind in kinds:
        assert kind.level is not Level.INFO or not any(word in kind.name for word in bad), kind


def test_an_event_of_a_request_is_reported_with_it() -> None:
    told: list[Any] = []
    request = SimpleNamespace(core=SimpleNamespace(report=lambda *given, **detail: told.append((*given, detail))))
    token = CURRENT.set(request)
    note_event(TokenReused(account="7", family="f"))
    CURRENT.reset(token)
    assert told == [(request, "token-reused", Level.ERROR, {"account": "7", "family": "f"})]


def test_an_event_outside_of_a_request_reaches_the_channel(caplog: pytest.LogCaptureFixture) -> None:
    note_event(PasswordChanged(account="7"))
    note_event(NewReader(key="DATABASE_URL", reader="report-job"))
    first, second = (json.loads(message) for message in caplog.messages)
    assert (first["event"], first["account"], first["owasp"]) == ("password-changed", "7", "authn_password_change")
    assert (second["event"], second["reader"], second["level"]) == ("key-read-first", "report-job", "warning")


def test_a_typed_name_is_kept_as_a_keyed_hash() -> None:
    secrets = (Secret("k" * 32),)
    assert fingerprint_name("Ada ", secrets) == fingerprint_name("ada", secrets) != fingerprint_name("bob", secrets)
    assert fingerprint_name("ada") == fingerprint_name("ada") != fingerprint_name("ada", secrets)
    assert fingerprint_name("", secrets) == ""


def test_logins_and_logouts_write_their_events(browse: Any, policy: Any, events: list[Any]) -> None:
    app = FastAPI(openapi_url=None)

    @app.post("/login/{name}")
    @public
    async def login(name: str) -> None:
        if name == "form":
            note_failure(LoginFailure.MISMATCH, account="7")
        elif name != "ada":
            raise LoginFailedError(LoginFailure.UNKNOWN_ACCOUNT, typed_name=name)
        else:
            sign_in("7")

    @app.post("/logout")
    @signed_in
    async def logout() -> None:
        sign_out()

    @app.get("/token")
    @public
    async def token() -> str:
        return current().csrf_token

    Guard(app, policy=policy())
    browser = browse(app)
    assert browser("POST", "/login/hunter2").status_code == 401
    browser("POST", "/login/form")
    browser("POST", "/login/ada")
    assert browser("POST", "/logout", headers={"x-csrf-token": browser("GET", "/token").json()}).status_code == 200
    told = [event for event in events if event.name != "routes-undeclared"]
    assert [event.name for event in told] == ["login-failed", "login-failed", "login-succeeded", "logged-out"]
    assert told[0].detail["account"] not in {"", "hunter2"}
    assert (told[1].detail["account"], told[3].actor) == ("7", "7")
    assert [WORDS[event.name].partition("_")[0] for event in told] == ["authn", "authn", "authn", "session"]
