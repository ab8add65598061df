import pytest

from vallum.findings.finding import Silence

SLUG = "weak-session-settings"


@pytest.mark.parametrize(
    ("key", "bad", "good"),
    [
        ("SESSION_COOKIE_NAME", '"sessionid"', '"__Host-session"'),
        ("SESSION_COOKIE_NAME", '"session"', '"shop-session"'),
        ("SESSION_COOKIE_SECURE", "False", "True"),
        ("SESSION_COOKIE_HTTPONLY", "False", "True"),
        ("SESSION_COOKIE_SAMESITE", "None", '"Strict"'),
        ("SESSION_COOKIE_SAMESITE", '"None"', '"Lax"'),
        ("SESSION_COOKIE_DOMAIN", '".shop.example"', "None"),
    ],
)
@pytest.mark.parametrize(
    "form", ["{key} = {value}", 'app.config["{key}"] = {value}', "app.config.update({key}={value})"]
)
def test_settings(lines, key, bad, good, form):
    assert lines(SLUG, form.format(key=key, value=bad)) == [[1], []]
    assert lines(SLUG, form.format(key=key, value=good)) == [[], [1]]


def test_settings_of_the_environment_or_of_a_developer_are_left_alone(lines):
    assert lines(SLUG, "SESSION_COOKIE_SECURE = not DEBUG\n") == [[], []]
    assert lines(SLUG, {"settings/local.py": "SESSION_COOKIE_SECURE = False\n"}) == [[], []]
    code = "class {}Config:\n    SESSION_COOKIE_SECURE = False\n"
    assert lines(SLUG, code.format("Development")) == [[], []]
    assert lines(SLUG, code.format("Production")) == [[2], []]


MIDDLEWARE = """
    from fastapi import FastAPI
    from starlette.middleware.sessions import SessionMiddleware
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key=key(), {})
"""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('session_cookie="__Host-s"', True),
        ('session_cookie="__Host-s", https_only=True', False),
        ("https_only=True", True),
        ('session_cookie="__Host-s", https_only=True, same_site="none"', True),
        ('session_cookie="__Host-s", https_only=True, same_site="strict"', False),
        ('session_cookie="__Host-s", https_only=True, domain="shop.example"', True),
    ],
)
def test_the_middleware_of_starlette(lines, arguments, found):
    assert lines(SLUG, MIDDLEWARE.format(arguments)) == ([[4], []] if found else [[], [4]])


def test_the_middleware_in_a_list(lines):
    code = """
        from starlette.middleware import Middleware
        from starlette.middleware.sessions import SessionMiddleware
        layers = [
            Middleware(SessionMiddleware, secret_key=key(), session_cookie="__Host-s", https_only={}),
        ]
    """
    assert lines(SLUG, code.format("False")) == [[4], []]
    assert lines(SLUG, code.format("True")) == [[], [4]]
    assert lines(SLUG, code.format("SECURE")) == [[], []]


DJANGO = """
    ROOT_URLCONF = "shop.urls"
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
    ]
"""


def test_django_without_the_setting(lines):
    assert lines(SLUG, DJANGO) == [[3], []]
    assert lines(SLUG, DJANGO + "    SESSION_COOKIE_SECURE = True\n") == [[], [5]]
    assert lines(SLUG, DJANGO + "    SESSION_COOKIE_SECURE = env('X')\n") == [[], []]
    assert lines(SLUG, DJANGO.replace("ROOT_URLCONF", "DATABASES")) == [[], []]


FLASK = "from flask import Flask, session\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    "rest",
    [
        "app.config.from_object('shop.settings')\n",
        "app.config.from_prefixed_env()\n",
        "app.config.update(load())\n",
        "from flask_talisman import Talisman\nTalisman(app)\n",
    ],
)
def test_flask_that_is_configured_elsewhere(lines, rest):
    assert lines(SLUG, FLASK + rest) == [[], []]


def test_flask_without_the_settings(lines):
    assert lines(SLUG, FLASK) == [[2], []]
    assert lines(SLUG, FLASK.replace(", session", "")) == [[], []]
    assert lines(SLUG, FLASK + "app.config.update(SESSION_COOKIE_SECURE=True)\n") == [[2], [3]]
    config = "class Config:\n    SESSION_COOKIE_SECURE = True\n    SESSION_COOKIE_SAMESITE = 'Lax'\n"
    assert lines(SLUG, FLASK + config + "app.config.from_object(Config)\n") == [[], [4, 5]]


def test_tests_and_projects_without_sessions(judge, lines):
    assert lines(SLUG, {"tests/settings.py": "SESSION_COOKIE_SECURE = False\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
