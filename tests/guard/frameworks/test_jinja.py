"""Template globals, and what there is outside of a request."""

import contextvars
from collections.abc import Callable
from typing import Any

import jinja2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vallum.base.errors import VallumError
from vallum.guard import Guard, current, current_actor, public
from vallum.guard.authentication.login_failure import LoginFailure, note_failure
from vallum.guard.frameworks.jinja import add_globals

TEMPLATE = '<script nonce="{{ csp_nonce }}"></script><input value="{{ csrf_token }}">{{ current().path }}'


def test_templates_read_the_request_they_are_rendered_for(
    policy: Callable[..., Any], browse: Callable[..., Any]
) -> None:
    environment = jinja2.Environment(autoescape=True)
    add_globals(environment)
    template = environment.from_string(TEMPLATE)
    app = Starlette(routes=[Route("/page", public(lambda request: HTMLResponse(template.render())))])
    Guard(app, policy=policy())
    answer = browse(app)("GET", "/page")
    nonce = answer.text.split('"')[1]
    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert len(answer.text.split('"')[3]) == 86
    assert answer.text.endswith("/page")


@pytest.mark.parametrize("ask", [current, current_actor])
def test_outside_of_a_request_there_is_none(ask: Callable[[], Any]) -> None:
    with pytest.raises(VallumError, match="no guarded request"):
        contextvars.Context().run(ask)  # what earlier tests left behind is not asked


def test_a_failed_login_may_show_its_own_form(
    policy: Callable[..., Any], browse: Callable[..., Any], events: list[Any]
) -> None:
    @public
    async def login(_: Request) -> Response:
        return HTMLResponse(note_failure(LoginFailure.LOCKED), 401)

    app = Starlette(routes=[Route("/login", login, methods=["POST"])])
    Guard(app, policy=policy())
    assert browse(app)("POST", "/login").text == "Invalid credentials"
    assert (events[-1].name, events[-1].detail) == ("login-failed", {"cause": "locked"})
