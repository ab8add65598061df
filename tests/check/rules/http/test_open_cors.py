import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "open-cors"
STARLETTE = """from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    {},
    allow_credentials={},
)
"""


@pytest.mark.parametrize(
    "argument",
    [
        'allow_origins=["*"]',
        'allow_origins=("https://a.example", "*")',
        'allow_origins=["null"]',
        'allow_origins=["http://a.example"]',
        'allow_origins=["https://*.a.example"]',
        r'allow_origin_regex=r"https://.*\.a\.example"',
        'allow_origin_regex="https://a.example"',
    ],
)
def test_starlette_found(judge, lines, argument):
    code = STARLETTE.format(argument, True)
    assert lines(SLUG, code) == [[6], []]
    assert {finding.confidence for finding in judge(SLUG, code).findings} == {Confidence.HIGH}


@pytest.mark.parametrize(
    "argument",
    [
        'allow_origins=["https://a.example", "https://b.example:8443"]',
        'allow_origins=["http://localhost:3000", "http://127.0.0.1"]',
        "allow_origins=[]",
        r'allow_origin_regex=r"https://[a-z]+\.a\.example"',
    ],
)
def test_starlette_sound(lines, argument):
    assert lines(SLUG, STARLETTE.format(argument, True)) == [[], [6]]


def test_a_wildcard_without_credentials_is_less_certain(judge):
    judged = judge(SLUG, STARLETTE.format('allow_origins=["*"]', False))
    assert [finding.confidence for finding in judged.findings] == [Confidence.MEDIUM]


def test_lists_from_elsewhere_are_left_alone(judge, lines):
    assert lines(SLUG, STARLETTE.format("allow_origins=settings.origins", True)) == [[], []]
    assert lines(SLUG, STARLETTE.format("**options()", True)) == [[], []]
    assert judge(SLUG, STARLETTE.format("allow_origins=settings.origins", True)).silences == []


def test_starlette_in_a_list_of_middleware(lines):
    code = """from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
ORIGINS = [
    "https://a.example",
    "*",
]
app = Starlette(middleware=[Middleware(CORSMiddleware, allow_origins=ORIGINS)])
"""
    assert lines(SLUG, code) == [[8], []]
    assert lines(SLUG, code.replace('"*"', '"https://b.example"')) == [[], [8]]
    assert lines(SLUG, {"tests/app.py": code}) == [[], []]


FLASK = "from flask_cors import CORS, cross_origin\nfrom shop import app\n{}\n"


@pytest.mark.parametrize(
    "call",
    [
        "CORS(app)",
        'CORS(app, origins="*")',
        r'CORS(app, origins=[r"https://.*\.example\.com"])',
        r'CORS(app, origins=r"https://a\.example")',
        'CORS(app, resources={r"/api/*": {"origins": "*"}})',
        'CORS(app, resources={r"/api/*": {}})',
        "CORS().init_app(app)",
        "@cross_origin()\ndef view(): ...",
    ],
)
def test_flask_found(lines, call):
    assert lines(SLUG, FLASK.format(call)) == [[3], []]


@pytest.mark.parametrize(
    "call",
    [
        'CORS(app, origins="https://a.example")',
        'CORS(app, origins=["https://a.example"])',
        r'CORS(app, origins=[r"https://[a-z]+\.example\.com$"])',
        'CORS(app, resources={r"/api/*": {"origins": ["https://a.example"]}})',
    ],
)
def test_flask_sound(lines, call):
    assert lines(SLUG, FLASK.format(call)) == [[], [3]]


def test_flask_with_its_origins_in_the_configuration(lines):
    assert lines(SLUG, FLASK.format('CORS(app)\napp.config["CORS_ORIGINS"] = ["https://a.example"]')) == [[], [4]]
    assert lines(SLUG, FLASK.format('CORS(app)\napp.config["CORS_ORIGINS"] = "*"')) == [[4], []]
    assert lines(SLUG, FLASK.format("CORS(app, origins=ORIGINS)")) == [[], []]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("CORS_ALLOW_ALL_ORIGINS = True", [[1], []]),
        ("CORS_ORIGIN_ALLOW_ALL = True", [[1], []]),
        ('CORS_ALLOWED_ORIGINS = ["https://a.example",\n    "null"]', [[2], []]),
        ('CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://a\\.example"]', [[1], []]),
        ('CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://a\\.example$"]', [[], [1]]),
        ('CORS_ALLOWED_ORIGINS = ["https://a.example"]', [[], [1]]),
        ('CORS_ALLOWED_ORIGINS = env.list("ORIGINS")', [[], []]),
    ],
)
def test_django(lines, code, expected):
    assert lines(SLUG, code) == expected


HOOK = "from shop import app\n@app.after_request\ndef add(r):\n    r.headers['Access-Control-Allow-Origin'] = {}\n"


@pytest.mark.parametrize(
    ("value", "expected"), [("'*'", [[4], []]), ("'null'", [[4], []]), ("'https://a.example'", [[], [4]])]
)
def test_headers_by_hand(judge, lines, value, expected):
    assert lines(SLUG, HOOK.format(value)) == expected


def test_headers_by_hand_with_credentials(judge):
    assert judge(SLUG, HOOK.format("'*'")).findings[0].confidence is Confidence.MEDIUM
    both = HOOK.format("'*'") + "    r.headers['Access-Control-Allow-Credentials'] = 'true'\n"
    assert judge(SLUG, both).findings[0].confidence is Confidence.HIGH


def test_no_cors_at_all(judge):
    assert [silence.silence for silence in judge(SLUG, "x = 1\n").silences] == [Silence.DOES_NOT_APPLY]
