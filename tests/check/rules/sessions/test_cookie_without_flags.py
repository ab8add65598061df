import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "cookie-without-flags"
ALL = 'secure=True, httponly=True, samesite="strict"'
FLASK = "from flask import make_response\nresponse = make_response('x')\n"
STARLETTE = "from fastapi import Response\nresponse = Response()\n"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("", True),
        (ALL, False),
        ('httponly=True, samesite="Lax"', True),
        ('secure=False, httponly=True, samesite="Lax"', True),
        ('secure=True, samesite="Lax"', True),
        ("secure=True, httponly=True", True),
        ('secure=True, httponly=True, samesite="none"', True),
        (f'{ALL}, domain="shop.example"', True),
        (f"{ALL}, domain=None", False),
        (f'{ALL}, path="/"', False),
        ('3600, None, "/", None, True, True, "Lax"', False),
        ('3600, None, "/", None, False, True, "Lax"', True),
    ],
)
def test_flags(lines, arguments, found):
    code = f'{FLASK}response.set_cookie("__Host-sid", value(), {arguments})\n'
    assert lines(SLUG, code) == ([[3], []] if found else [[], [3]])


@pytest.mark.parametrize(
    "arguments",
    [
        "**options()",
        "max_age=0",
        "domain=settings.X, secure=True, httponly=True, samesite=x",
        "*rest",
        "secure=not app.debug, httponly=True, samesite='Lax'",
    ],
)
def test_what_cannot_be_told_is_left_alone(lines, arguments):
    assert lines(SLUG, f'{FLASK}response.set_cookie("__Host-sid", value(), {arguments})\n') == [[], []]


def test_options_in_a_constant(lines):
    code = 'OPTIONS = {"secure": True, "httponly": %s, "samesite": "Lax"}\nr.set_cookie("__Host-id", v(), **OPTIONS)\n'
    assert lines(SLUG, code % "True") == [[], [2]]
    assert lines(SLUG, code % "False") == [[2], []]


def test_a_flag_that_a_caller_turns_off(lines):
    code = """
        def remember(response, value, secure=True):
            response.set_cookie("__Host-sid", value, secure=secure, httponly=True, samesite="Strict")
        def begin(response):
            remember(response, new(), {})
    """
    assert lines(SLUG, code.format("False")) == [[2], []]
    assert lines(SLUG, code.format("secure=False")) == [[2], []]
    assert lines(SLUG, code.format("True")) == [[], [2]]
    assert lines(SLUG, code.format("secure=flag()")) == [[], []]


def test_starlette_sends_lax_when_nothing_is_said(lines):
    rest = 'response.set_cookie("__Host-sid", value(), secure=True, httponly=True{})\n'
    assert lines(SLUG, STARLETTE + rest.format("")) == [[], [3]]
    assert lines(SLUG, STARLETTE + rest.format(", samesite=None")) == [[3], []]
    assert lines(SLUG, FLASK + rest.format("")) == [[3], []]


def test_the_framework_is_that_of_the_project_when_the_file_says_nothing(lines):
    code = 'def sign_in(response):\n    response.set_cookie("__Host-sid", new(), secure=True, httponly=True)\n'
    assert lines(SLUG, {"app.py": code, "main.py": "import fastapi\n"}) == [[], [2]]
    assert lines(SLUG, {"app.py": code, "main.py": "import flask\n"}) == [[2], []]


def test_names(judge, lines):
    named = f"response.set_cookie('{{}}', value(), {ALL})\n"
    assert [found.confidence for found in judge(SLUG, named.format("session")).findings] == [Confidence.MEDIUM]
    assert lines(SLUG, named.format("__Host-session")) == [[], [1]]
    scoped = f"response.set_cookie('refresh_token', value(), {ALL}, path='/auth/refresh')\n"
    assert lines(SLUG, scoped) == [[], [1]]
    assert lines(SLUG, "response.set_cookie('theme', 'dark')\n") == [[], []]
    readable = "response.set_cookie('csrf_token', value(), secure=True, samesite='Strict')\n"
    assert lines(SLUG, readable) == [[], [1]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"__Host-sid=" + value() + "; Secure; HttpOnly; SameSite=Strict; Path=/"', False),
        ('f"__Host-sid={value()}; Secure; HttpOnly; Path=/"', True),
        ('f"sid={value()}; HttpOnly"', True),
        ('f"__Host-sid={value()}; Secure; HttpOnly; SameSite=Lax; Domain=a.example"', True),
    ],
)
def test_headers(lines, text, found):
    for code in (f'response.headers["Set-Cookie"] = {text}\n', f'response.headers.append("set-cookie", {text})\n'):
        assert lines(SLUG, code) == ([[1], []] if found else [[], [1]])


@pytest.mark.parametrize("text", ["make()", 'f"sid={value()}; {flags}"', '"sid=; Max-Age=0"'])
def test_headers_that_cannot_be_judged(lines, text):
    assert lines(SLUG, f'response.headers["Set-Cookie"] = {text}\n') == [[], []]


def test_the_guard_is_sound(judge):
    judged = judge(SLUG, "from fastapi import FastAPI\nfrom vallum.guard import Guard\nGuard(FastAPI())\n")
    assert [site.note for site in judged.sites] == ["the guard's session cookie has every flag"]
    own = "from vallum.guard.sessions.cookies import CookiePolicy\nCookiePolicy(name='__Host-a')\n"
    assert [site.note for site in judge(SLUG, own).sites] == ["the guard's cookie policy"]


def test_tests_and_projects_without_cookies(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": "r.set_cookie('session', 'x')\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
    assert lines(SLUG, "jar.set_cookie(cookie)\n") == [[], []]


def test_a_name_in_another_module(judge):
    files = {
        "shop/names.py": "COOKIE = 'session'\n",
        "app.py": "from shop import names\nr.set_cookie(names.COOKIE, v())\n",
    }
    assert "the prefix __Host-" in judge(SLUG, files).findings[0].reason
