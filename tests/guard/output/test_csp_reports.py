"""Reports of broken policies: the header that asks for them, and what is logged of what comes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.guard import Guard, GuardPolicy, public
from vallum.guard.exchange import Exchange, enter, leave
from vallum.guard.http.headers import HeaderPolicy
from vallum.guard.output.csp import ContentSecurityPolicy
from vallum.guard.output.csp_reports import MOST_REPORTS, note_violations

Build = Callable[..., Any]
NEW = {
    "type": "csp-violation",
    "body": {
        "effectiveDirective": "script-src-elem",
        "blockedURL": "https://evil.example/x.js?token=1",
        "documentURL": "/a#b",
    },
}
OLD = {"csp-report": {"violated-directive": "img-src", "blocked-uri": "data", "document-uri": "https://localhost/n"}}


@public
async def receive_reports(request: Request) -> Response:
    note_violations(await request.body())
    return Response(status_code=204)


def serve(policy: Build) -> Starlette:
    app = Starlette(routes=[Route("/csp", receive_reports, methods=["POST"])])
    Guard(
        app,
        policy=policy(
            csrf_exempt=("/csp",),
            csp=ContentSecurityPolicy(report_to="csp"),
            headers=HeaderPolicy(reporting={"csp": "/csp"}),
        ),
    )
    return app


@pytest.mark.parametrize("body", [[NEW], OLD, [NEW, OLD]])
def test_violations_become_events(policy: Build, browse: Build, events: Any, body: Any) -> None:
    answer = browse(serve(policy))("POST", "/csp", json=body, own=False, headers={"cookie": "a=b"})
    assert answer.status_code == 204
    assert answer.headers["reporting-endpoints"] == 'csp="/csp"'
    assert "report-to csp" in answer.headers["content-security-policy"]
    assert [event.name for event in events] == ["csp-violation"] * (len(body) if isinstance(body, list) else 1)
    if body == [NEW]:
        assert events[0].detail == {
            "directive": "script-src-elem",
            "blocked": "https://evil.example/x.js",
            "page": "/a",
        }


def noting(body: bytes) -> int:
    class Core:
        def report(self, *_: Any, **detail: str) -> None:
            assert all(len(value) <= 200 for value in detail.values())

    exchange = Exchange()
    exchange.core = Core()
    context = enter(exchange)
    try:
        return note_violations(body)
    finally:
        leave(context)


def test_a_flood_is_cut() -> None:
    assert noting(json.dumps([NEW] * 100).encode()) == MOST_REPORTS
    assert noting(json.dumps([{"body": {"blockedURL": "x" * 500}}]).encode()) == 1


@given(
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["body", "csp-report", "blockedURL"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_nonsense_is_ignored(body: bytes) -> None:
    assert noting(body) >= 0
    assert noting(b"[" * 100_000) == 0


@pytest.mark.parametrize("reporting", [{"a b": "/x"}, {"csp": "http://a.b/x"}, {"csp": 'https://a.b/"'}, {"csp": "x"}])
def test_unclear_endpoints_are_refused(reporting: Any) -> None:
    with pytest.raises(ConfigError, match="Reporting-Endpoints"):
        HeaderPolicy(reporting=reporting)


def test_a_group_without_an_endpoint_is_refused() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    with pytest.raises(ConfigError, match="no address"):
        Guard(app, policy=GuardPolicy(trial_csp=ContentSecurityPolicy(report_to="csp")))
