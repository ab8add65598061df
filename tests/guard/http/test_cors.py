"""Cross-origin sharing through a real app."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.guard import Guard, current, public
from vallum.guard.http.cors import CorsPolicy

Build = Callable[..., Any]
PARTNER = "https://partner.example"


def serve(policy: Build, **settings: Any) -> Starlette:
    app = Starlette(
        routes=[
            Route(
                "/x",
                public(lambda request: PlainTextResponse(str(current().cookies_ignored))),
                methods=["GET", "POST", "PUT"],
            )
        ]
    )
    Guard(app, policy=policy(cors=CorsPolicy(origins=(PARTNER,), expose=("x-total",), **settings)))
    return app


def allowed(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_a_listed_origin_may_read(policy: Build, browse: Build) -> None:
    answer = browse(serve(policy))("GET", "/x", headers={"origin": PARTNER})
    assert allowed(answer) == {"access-control-allow-origin": PARTNER, "access-control-expose-headers": "x-total"}
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        f"{PARTNER}.evil.example",
        "https://evilpartner.example",
        f"{PARTNER}:443",
        "http://partner.example",
        "https://PARTNER.example",
        "*",
        "",
    ],
)
def test_others_get_nothing(policy: Build, browse: Build, origin: str) -> None:
    browser = browse(serve(policy, credentials=True))
    assert allowed(browser("GET", "/x", headers={"origin": origin})) == {}
    asked = browser("OPTIONS", "/x", headers={"origin": origin, "access-control-request-method": "POST"})
    assert asked.status_code == 403
    assert allowed(asked) == {}
    assert asked.headers["vary"] == "Origin"


def test_no_origin_still_varies(policy: Build, browse: Build) -> None:
    assert browse(serve(policy))("GET", "/x").headers["vary"] == "Origin"


def test_a_preflight_is_answered_before_anything_else(policy: Build, browse: Build) -> None:
    answer = browse(serve(policy, credentials=True, methods=("GET", "PUT"), headers=("x-a",), max_age=60))(
        "OPTIONS", "/closed", headers={"origin": PARTNER, "access-control-request-method": "PUT"}
    )
    assert answer.status_code == 204
    assert allowed(answer) == {
        "access-control-allow-origin": PARTNER,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-total",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
    }


def test_without_a_policy_nothing_is_shared(policy: Build, browse: Build) -> None:
    app = Starlette(routes=[Route("/x", public(lambda request: PlainTextResponse("x")))])
    Guard(app, policy=policy())
    answer = browse(app)("GET", "/x", headers={"origin": PARTNER})
    assert allowed(answer) == {}
    assert "vary" not in answer.headers


@pytest.mark.parametrize(("credentials", "ignored"), [(False, "True"), (True, "False")])
def test_a_listed_origin_may_post_but_brings_cookies_only_if_said(
    policy: Build, browse: Build, credentials: bool, ignored: str
) -> None:
    answer = browse(serve(policy, credentials=credentials))("POST", "/x", headers={"origin": PARTNER, "cookie": "a=b"})
    assert answer.text == ignored


@pytest.mark.parametrize(
    "settings",
    [
        {"origins": ("*",)},
        {"origins": ("null",)},
        {"origins": ("https://*.example",)},
        {"origins": ("https://a.b/",)},
        {"origins": ("http://a.b",)},
        {"origins": (r"https://.*\.example",)},
        {"origins": ("https://A.example",)},
        {"origins": ("https://a.example:443",)},
        {"methods": ("*",)},
        {"headers": ("*",)},
        {"expose": ("*",)},
        {"max_age": 86_401},
        {"max_age": -1},
    ],
)
def test_a_loose_policy_cannot_be_built(settings: Any) -> None:
    with pytest.raises(ConfigError):
        CorsPolicy(**settings)


def test_loopback_over_plain_http_is_for_developers() -> None:
    assert CorsPolicy(origins=("http://localhost:5173", "http://[::1]:8000"))
