import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "weak-hsts"
NAME = "Strict-Transport-Security"
GOOD = "max-age=31536000; includeSubDomains"
HOOK = """
    from shop import app
    @app.after_request
    def add(response):
        response.headers[{key}] = {value}
        return response
"""
MIDDLEWARE = 'ALLOWED_HOSTS = ["a.example"]\nMIDDLEWARE = [\n    "django.middleware.security.SecurityMiddleware",\n]\n'


@pytest.mark.parametrize(
    "value",
    [
        '"max-age=86400; includeSubDomains"',
        '"max-age=31536000"',
        '"includeSubDomains"',
        '"max-age=0; includeSubDomains"',
        'f"max-age={60 * 60}; includeSubDomains"',
        'b"max-age=31536000"',
    ],
)
def test_weak_values_are_found(lines, value):
    assert lines(SLUG, HOOK.format(key='"Strict-Transport-Security"', value=value)) == [[4], []]


@pytest.mark.parametrize(
    "value",
    [
        '"max-age=31536000; includeSubDomains"',
        '"max-age=63072000; includeSubDomains; preload"',
        'f"max-age={2 * 31536000}; includeSubDomains"',
    ],
)
def test_strong_values_are_sound(lines, value):
    assert lines(SLUG, HOOK.format(key='"strict-transport-security"', value=value)) == [[], [4]]


def test_values_of_the_environment_are_left_alone(lines):
    assert lines(SLUG, HOOK.format(key='"Strict-Transport-Security"', value="os.environ['HSTS']")) == [[], []]
    assert lines(SLUG, HOOK.format(key='"Strict-Transport-Security"', value='f"max-age={AGE}"')) == [[], []]


@pytest.mark.parametrize(
    "code",
    [
        'response.headers.setdefault("{name}", "{value}")',
        'response.headers.update({{"{name}": "{value}"}})',
        'headers = [(b"{name}", b"{value}")]',
        'response["{name}"] = "{value}"',
        'MutableHeaders(scope=message).append("{name}", "{value}")',
        'HEADER = "{name}"; response.headers[HEADER] = "{value}"',
    ],
)
def test_every_way_to_set_a_header(lines, code):
    assert lines(SLUG, code.format(name=NAME, value="max-age=1")) == [[1], []]
    assert lines(SLUG, code.format(name=NAME, value=GOOD)) == [[], [1]]


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("strict_transport_security=False", True),
        ("strict_transport_security_max_age=3600", True),
        ("strict_transport_security_include_subdomains=False", True),
        ("strict_transport_security_max_age=63072000", False),
        ("force_https=True", False),
    ],
)
def test_talisman(lines, argument, found):
    head = "from flask import Flask\nfrom flask_talisman import Talisman\napp = Flask(__name__)\n"
    code = f"{head}Talisman(app, {argument})\n"
    assert lines(SLUG, code) == ([[4], []] if found else [[], [4]])


def test_talisman_with_unknown_arguments_is_left_alone(lines):
    assert lines(SLUG, "from flask_talisman import Talisman\nfrom a import app\nTalisman(app, **options())\n") == [
        [],
        [],
    ]


def test_django(lines):
    assert lines(SLUG, {"app.py": MIDDLEWARE}) == [[3], []]
    assert lines(SLUG, MIDDLEWARE.replace("security.Security", "common.Common")) == [[2], []]
    good = MIDDLEWARE + "SECURE_HSTS_SECONDS = 31_536_000\n"
    assert lines(SLUG, good) == [[5], []]
    assert lines(SLUG, good + "SECURE_HSTS_INCLUDE_SUBDOMAINS = True\n") == [[], [5]]
    assert lines(SLUG, good + "SECURE_HSTS_INCLUDE_SUBDOMAINS = False\n") == [[6], [5]]
    assert lines(SLUG, good.replace("31_536_000", "60")) == [[5], []]
    assert lines(SLUG, good.replace("31_536_000", "int(os.environ['AGE'])")) == [[], []]


def test_django_settings_in_several_files(lines):
    files = {
        "shop/base.py": MIDDLEWARE,
        "shop/production.py": "SECURE_HSTS_SECONDS = 31536000\nSECURE_HSTS_INCLUDE_SUBDOMAINS = True\n",
    }
    assert lines(SLUG, files) == [[], ["shop/production.py:1"]]


def test_a_list_of_middleware_alone_says_nothing(lines):
    assert lines(SLUG, MIDDLEWARE.partition("\n")[2]) == [[], []]


APP = "from fastapi import FastAPI\napp = FastAPI()\n"


def test_an_app_without_the_header(judge, lines):
    judged = judge(SLUG, APP)
    assert [(remark.where.line, remark.confidence) for remark in judged.findings] == [(2, Confidence.MEDIUM)]
    assert lines(SLUG, "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n") == [
        [3],
        [],
    ]


@pytest.mark.parametrize(
    "rest",
    [
        "from vallum.guard import Guard\nGuard(app)\n",
        "from corporate import SecurityHeadersMiddleware\napp.add_middleware(SecurityHeadersMiddleware)\n",
        "from secure import Secure\nheaders = Secure.with_default_headers()\n",
        f'@app.middleware("http")\nasync def add(r, next):\n    r = await next(r)\n    r.headers["{NAME}"] = VALUE\n',
    ],
)
def test_an_app_whose_header_something_sends(lines, rest):
    assert lines(SLUG, APP + rest)[0] == []


def test_the_guard_is_a_sound_site(judge):
    judged = judge(SLUG, APP + "from vallum.guard import Guard\nGuard(app)\n")
    assert [site.note for site in judged.sites] == ["the guard sends it"]


def test_a_header_of_one_handler_is_not_for_all(lines):
    one = f'@app.get("/")\ndef home(response):\n    response.headers["{NAME}"] = "{GOOD}"\n'
    assert lines(SLUG, APP + one) == [[2], [5]]


def test_apps_of_tests_and_mounted_apps_are_not_asked(lines):
    assert lines(SLUG, {"tests/test_app.py": APP}) == [[], []]
    assert lines(SLUG, APP + "inner = FastAPI()\napp.mount('/inner', inner)\n") == [[2], []]


def test_nginx(lines):
    line = 'add_header Strict-Transport-Security "max-age={age}; includeSubDomains" {always};\n'
    assert lines(SLUG, {"nginx.conf": line.format(age=63072000, always="always")}) == [[], ["nginx.conf:1"]]
    assert lines(SLUG, {"nginx.conf": line.format(age=63072000, always="")}) == [["nginx.conf:1"], []]
    assert lines(SLUG, {"nginx.conf": line.format(age=3600, always="always")}) == [["nginx.conf:1"], []]
    assert lines(SLUG, {"app.py": APP, "nginx.conf": line.format(age=63072000, always="always")}) == [
        [],
        ["nginx.conf:1"],
    ]


def test_a_project_without_http(judge):
    assert [silence.silence for silence in judge(SLUG, "print('x')\n").silences] == [Silence.DOES_NOT_APPLY]
    assert judge(SLUG, APP).silences == []
