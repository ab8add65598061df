import pytest

from vallum.findings.finding import Silence

SLUG = "framing-allowed"
HOOK = "from shop import app\n@app.after_request\ndef add(response):\n    response.headers['{}'] = {}\n"
POLICY = "\"default-src 'self'{}\""


@pytest.mark.parametrize(
    "ancestors", ["", "; frame-ancestors *", "; frame-ancestors https:", "; frame-ancestors 'self' http://*"]
)
def test_open_policies_are_found(lines, ancestors):
    assert lines(SLUG, HOOK.format("Content-Security-Policy", POLICY.format(ancestors))) == [[4], []]


@pytest.mark.parametrize(
    "ancestors", ["'none'", "'self'", "https://a.example https://b.example", "https://*.a.example"]
)
def test_closed_policies_are_sound(lines, ancestors):
    policy = POLICY.format(f"; frame-ancestors {ancestors}")
    assert lines(SLUG, HOOK.format("Content-Security-Policy", policy)) == [[], [4]]


def test_policies_that_cannot_be_seen_are_left_alone(lines):
    assert lines(SLUG, HOOK.format("Content-Security-Policy", "f\"{COMMON}; default-src 'self'\"")) == [[], []]
    assert lines(SLUG, HOOK.format("Content-Security-Policy", 'f"frame-ancestors {PARENT()}"')) == [[], []]


@pytest.mark.parametrize(
    ("value", "found"),
    [("'DENY'", False), ("'sameorigin'", False), ("'ALLOW-FROM https://a.example'", True), ("'ALLOWALL'", True)],
)
def test_the_old_header(lines, value, found):
    assert lines(SLUG, HOOK.format("X-Frame-Options", value)) == ([[4], []] if found else [[], [4]])
    assert lines(SLUG, f"X_FRAME_OPTIONS = {value}\n") == ([[1], []] if found else [[], [1]])


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("frame_options=ALLOW_FROM", True),
        ("frame_options='ALLOW-FROM'", True),
        ("frame_options=None", True),
        ("frame_options='DENY'", False),
    ],
)
def test_talisman(lines, argument, found):
    head = "from flask_talisman import ALLOW_FROM, Talisman\nfrom shop import app, P\n"
    code = f"{head}Talisman(app, content_security_policy=P(), {argument})\n"
    assert lines(SLUG, code)[0] == ([3] if found else [])


@pytest.mark.parametrize(("name", "expected"), [("exempt", [[2], []]), ("sameorigin", [[], [2]]), ("deny", [[], [2]])])
def test_decorators_of_django(lines, name, expected):
    head = "from django.views.decorators.clickjacking import xframe_options_{0}\n"
    code = head + "@xframe_options_{0}\ndef view(request): ...\n"
    assert lines(SLUG, code.format(name)) == expected
    assert lines(SLUG, {"tests/test_a.py": code.format("exempt")}) == [[], []]


def test_middleware_of_django(lines):
    code = "ALLOWED_HOSTS = []\nMIDDLEWARE = [\n    'django.middleware.{}',\n]\n"
    assert lines(SLUG, code.format("common.CommonMiddleware")) == [[2], []]
    assert lines(SLUG, code.format("clickjacking.XFrameOptionsMiddleware")) == [[], [3]]


def test_an_app_that_serves_pages(lines):
    app = "from flask import Flask, render_template\napp = Flask(__name__)\npage = render_template('a.html')\n"
    assert lines(SLUG, app) == [[2], []]
    assert lines(SLUG, app.replace("render_template('a.html')", "1")) == [[], []]
    assert lines(SLUG, app + "from vallum.guard import Guard\napp = Guard(app)\n") == [[], [2]]
    assert lines(SLUG, app + HOOK.format("X-Frame-Options", "'DENY'").partition("\n")[2]) == [[], [6]]


def test_nginx(lines):
    assert lines(SLUG, {"nginx.conf": "add_header X-Frame-Options DENY always;\n"}) == [[], ["nginx.conf:1"]]
    assert lines(SLUG, {"nginx.conf": 'add_header X-Frame-Options "ALLOW-FROM https://a.example";\n'}) == [
        ["nginx.conf:1"],
        [],
    ]


def test_a_project_without_http(judge):
    assert [silence.silence for silence in judge(SLUG, "x = 1\n").silences] == [Silence.DOES_NOT_APPLY]
