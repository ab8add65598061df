import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "sniffing-allowed"
APP = "from flask import Flask\napp = Flask(__name__)\n"
MIDDLEWARE = 'ALLOWED_HOSTS = ["a"]\nMIDDLEWARE = [\n    "django.middleware.security.SecurityMiddleware",\n]\n'
HOOK = "@app.after_request\ndef add(response):\n    response.headers['X-Content-Type-Options'] = {}\n"


@pytest.mark.parametrize("value", ['"sniff"', '"on"', '""', '"none"'])
def test_values_no_browser_knows(lines, value):
    assert lines(SLUG, "from shop import app\n" + HOOK.format(value)) == [[4], []]


@pytest.mark.parametrize("value", ['"nosniff"', '"NoSniff"', 'b"nosniff".decode()'])
def test_nosniff_is_sound(lines, value):
    assert lines(SLUG, "from shop import app\n" + HOOK.format(value))[0] == []


def test_unknown_values_are_left_alone(lines):
    assert lines(SLUG, "from shop import app\n" + HOOK.format("VALUE")) == [[], []]


@pytest.mark.parametrize(("value", "expected"), [("False", [[4], []]), ("True", [[], [4]]), ("flag()", [[], []])])
def test_talisman(lines, value, expected):
    code = f"from flask_talisman import Talisman\n{APP}Talisman(app, x_content_type_options={value})\n"
    assert lines(SLUG, code) == expected


def test_django(lines):
    assert lines(SLUG, MIDDLEWARE) == [[], [3]]
    assert lines(SLUG, MIDDLEWARE + "SECURE_CONTENT_TYPE_NOSNIFF = False\n") == [[5], []]
    assert lines(SLUG, MIDDLEWARE + "SECURE_CONTENT_TYPE_NOSNIFF = True\n") == [[], [5]]
    assert lines(SLUG, MIDDLEWARE.replace("security.Security", "gzip.GZip")) == [[2], []]


def test_an_app_without_the_header(judge, lines):
    assert [finding.confidence for finding in judge(SLUG, APP).findings] == [Confidence.MEDIUM]
    assert lines(SLUG, APP) == [[2], []]
    assert lines(SLUG, APP + HOOK.format('"nosniff"')) == [[], [5]]
    assert lines(SLUG, "from vallum.guard import Guard\n" + APP + "app = Guard(app)\n") == [[], [3]]


def test_a_server_in_front(lines):
    good = 'server {\n    add_header X-Content-Type-Options "nosniff" always;\n}\n'
    assert lines(SLUG, {"app.py": APP, "deploy/nginx.conf": good}) == [[], ["deploy/nginx.conf:2"]]
    assert lines(SLUG, {"deploy/nginx.conf": good.replace("nosniff", "sniff")}) == [["deploy/nginx.conf:2"], []]
    assert lines(SLUG, {"app.py": APP, "traefik.yaml": "headers:\n  contentTypeNosniff: true\n"}) == [[], []]


def test_a_project_without_http(judge):
    assert [silence.silence for silence in judge(SLUG, "x = 1\n").silences] == [Silence.DOES_NOT_APPLY]
