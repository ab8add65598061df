import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "weak-content-policy"
REST = "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
HEAD = """import secrets
from flask import g
from shop import app
FIXED = secrets.token_urlsafe(16)
@app.after_request
def add(response):
    response.headers["Content-Security-Policy"] = {}
    return response
"""


@pytest.mark.parametrize(
    "value",
    [
        f"\"default-src 'self'; script-src 'self' 'unsafe-inline'; {REST}\"",
        f"\"default-src 'self'; script-src 'self' 'unsafe-eval'; {REST}\"",
        f"\"default-src 'self' 'unsafe-inline'; {REST}\"",
        f'"default-src *; {REST}"',
        f"\"default-src 'self'; script-src https:; {REST}\"",
        f"\"default-src 'self'; script-src 'nonce-abc123'; {REST}\"",
        f"\"default-src 'self'; script-src 'nonce-{{random}}'; {REST}\"",
        f"f\"default-src 'self'; script-src 'nonce-{{FIXED}}'; {REST}\"",
        f"f\"default-src 'self'; script-src 'unsafe-inline' {{g.host}}; {REST}\"",
        "\"default-src 'self'; base-uri 'none'; frame-ancestors 'none'\"",
        "\"default-src 'self'; object-src 'none'; frame-ancestors 'none'\"",
        "\"default-src 'self'; object-src 'none'; base-uri 'none'\"",
        "\"object-src 'none'; base-uri 'none'; frame-ancestors 'none'\"",
        '"; ".join(["default-src \'self\'", "script-src \'unsafe-inline\'"])',
    ],
)
def test_weak_policies_are_found(lines, value):
    assert lines(SLUG, HEAD.format(value)) == [[7], []]


@pytest.mark.parametrize(
    "value",
    [
        f"\"default-src 'self'; {REST}\"",
        f"f\"default-src 'self'; script-src 'nonce-{{g.nonce}}' 'strict-dynamic'; {REST}\"",
        f"\"default-src 'self'; script-src 'nonce-%s'; {REST}\" % g.nonce",
        f"\"default-src 'self'; script-src 'nonce-{{}}'; {REST}\".format(g.nonce)",
        f"f\"script-src 'nonce-{{g.nonce}}' 'strict-dynamic' 'unsafe-inline' https:; {REST}\"",
        f"\"default-src 'self'; script-src 'self' 'unsafe-inline' 'sha256-YWJj'; {REST}\"",
        "\"default-src 'none'; base-uri 'none'; frame-ancestors 'none'\"",
        f"\"default-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; {REST}\"",
    ],
)
def test_strong_policies_are_sound(lines, value):
    assert lines(SLUG, HEAD.format(value)) == [[], [7]]


def test_what_cannot_be_seen_is_left_alone(lines):
    assert lines(SLUG, HEAD.format("build_policy(g.nonce)")) == [[], []]
    assert lines(SLUG, HEAD.format("f\"{COMMON}; script-src 'nonce-{g.nonce}'\"")) == [[], []]


def test_inline_styles_are_a_doubt(judge):
    judged = judge(SLUG, HEAD.format(f"\"default-src 'self'; style-src 'self' 'unsafe-inline'; {REST}\""))
    assert [finding.confidence for finding in judged.findings] == [Confidence.LOW]


def test_a_policy_that_only_reports_is_none(lines):
    code = HEAD.replace("Policy", "Policy-Report-Only").format("\"script-src 'unsafe-inline'\"")
    assert lines(SLUG, code) == [[], []]


def test_variables_and_imported_constants_are_followed(lines):
    files = {
        "app.py": HEAD.replace("from shop import app", "from shop import app\nfrom policy import POLICY").format(
            "POLICY"
        ),
        "policy.py": "POLICY = \"default-src 'self' 'unsafe-inline'\"\n",
    }
    assert lines(SLUG, files) == [[8], []]


TALISMAN = "from flask_talisman import Talisman\nfrom shop import app\n"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", [[3], []]),
        (", content_security_policy={'default-src': \"'self'\", 'script-src': ['https:'], %s}", [[3], []]),
        (", content_security_policy={'default-src': \"'self'\", 'script-src': [\"'self'\"], %s}", [[], [3]]),
        (", content_security_policy=policy()", [[], []]),
        (", content_security_policy=\"default-src 'self'; " + REST + '"', [[], [3]]),
    ],
)
def test_talisman(lines, policy, expected):
    rest = "'object-src': \"'none'\", 'base-uri': \"'none'\", 'frame-ancestors': \"'none'\""
    assert lines(SLUG, TALISMAN + f"Talisman(app{policy % rest if '%s' in policy else policy})\n") == expected


def test_django_tables(lines):
    good = """from csp.constants import NONE, NONCE, SELF, UNSAFE_INLINE
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "object-src": [NONE], "base-uri": [NONE], "frame-ancestors": [NONE],
    }
}
"""
    assert lines(SLUG, good) == [[], [2]]
    assert lines(SLUG, good.replace("[SELF, NONCE]", "[SELF, UNSAFE_INLINE]")) == [[5], []]
    assert lines(SLUG, good.replace('"object-src": [NONE],', "")) == [[2], []]
    flat = """CSP_DEFAULT_SRC = ("'self'",)
CSP_SCRIPT_SRC = ("'self'", "'unsafe-inline'")
CSP_OBJECT_SRC = CSP_BASE_URI = CSP_FRAME_ANCESTORS = ("'none'",)
"""
    assert lines(SLUG, flat) == [[2], []]
    assert lines(SLUG, flat.replace("'unsafe-inline'", "https://cdn.example")) == [[], [1]]


APP = """from fastapi import FastAPI
from fastapi.templating import Jinja2Templates
app = FastAPI()
t = Jinja2Templates('t')
"""


def test_missing_policies(lines):
    assert lines(SLUG, APP) == [[3], []]
    assert lines(SLUG, APP.partition("from fastapi.templating")[0] + "app = FastAPI()\n") == [[], []]
    assert lines(SLUG, APP + "from vallum.guard import Guard\nGuard(app)\n") == [[], [3]]
    assert lines(SLUG, {"app.py": APP, "Caddyfile": "header Content-Security-Policy \"default-src 'self'\"\n"}) == [
        [],
        [],
    ]


def test_missing_policy_of_django(lines):
    settings = (
        "ALLOWED_HOSTS = ['a']\nMIDDLEWARE = [\n    'django.middleware.security.SecurityMiddleware',\n    %s\n]\n"
    )
    files = {"shop/settings.py": settings % "", "templates/home.html": "<p>x</p>\n"}
    assert lines(SLUG, files) == [["shop/settings.py:2"], []]
    files["shop/settings.py"] = settings % "'csp.middleware.CSPMiddleware',"
    assert lines(SLUG, files) == [[], []]


def test_nginx(lines):
    code = f"add_header Content-Security-Policy \"default-src 'self'{{}}; {REST}\" always;\n"
    assert lines(SLUG, {"nginx.conf": code.format("")}) == [[], ["nginx.conf:1"]]
    assert lines(SLUG, {"nginx.conf": code.format(" 'unsafe-eval'")}) == [["nginx.conf:1"], []]


def test_a_project_without_http(judge):
    assert [silence.silence for silence in judge(SLUG, "x = 1\n").silences] == [Silence.DOES_NOT_APPLY]
