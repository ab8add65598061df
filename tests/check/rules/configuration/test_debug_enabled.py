import pytest

from vallum.findings.finding import Confidence

SLUG = "debug-enabled"


@pytest.mark.parametrize(
    "code",
    [
        "from flask import Flask\napp = Flask(__name__)\napp.run(debug=True)",
        "from flask import Flask\napp = Flask(__name__)\napp.debug = True",
        "from shop import app\nX = 1\napp.config['DEBUG'] = True",
        "import uvicorn\nX = 1\nuvicorn.run('a:app', reload=True)",
        "from fastapi import FastAPI\nX = 1\napp = FastAPI(debug=True)",
        "from sqlalchemy import create_engine\nX = 1\nengine = create_engine(URL, echo=True)",
        "from sqlalchemy import create_engine\nX = 1\nengine = create_engine(URL, echo='debug')",
        "from werkzeug.serving import run_simple\nX = 1\nrun_simple('a', 1, app, use_debugger=True)",
        "from werkzeug.debug import DebuggedApplication\nX = 1\napp = DebuggedApplication(app, evalex=True)",
        "X = 1\nY = 2\ndef create_app(debug=True): ...",
        "from strawberry.fastapi import GraphQLRouter\nX = 1\nrouter = GraphQLRouter(schema, graphiql=True)",
        "import os\nX = 1\nos.environ['FLASK_DEBUG'] = '1'",
        "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    debug: bool = True",
        "class X: ...\nclass Config:\n    DEBUG = True",
    ],
)
def test_switches_that_are_on(lines, code):
    assert lines(SLUG, code) == [[3], []]


@pytest.mark.parametrize(
    "code",
    [
        "from flask import Flask\napp = Flask(__name__)\napp.run(debug=False)",
        "from shop import app\nX = 1\napp.config['DEBUG'] = False",
        "import uvicorn\nX = 1\nuvicorn.run('a:app', reload=False)",
        "from sqlalchemy import create_engine\nX = 1\nengine = create_engine(URL, echo=False)",
        "class X: ...\nclass Config:\n    DEBUG = False",
        "class X: ...\nclass DevelopmentConfig:\n    DEBUG = True",
        "import os, uvicorn\nif os.environ['STAGE'] == 'development':\n    uvicorn.run('a:app', reload=True)",
    ],
)
def test_switches_that_are_off_or_for_development(lines, code):
    assert lines(SLUG, code) == [[], [3]]


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nasyncio.run(main(), debug=True)",
        "import subprocess\nsubprocess.run(['a'], debug=True)",
        "DEBUG = True",
        "parser.parse(debug=True)",
        "app.run(debug=settings.debug)",
        "def parse(debug=True): ...",
        "class Parser:\n    debug = True",
    ],
)
def test_what_is_no_switch_of_a_server(lines, code):
    assert lines(SLUG, code) == [[], []]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("True", True),
        ("1", True),
        ('os.environ.get("DEBUG", "1") == "1"', True),
        ('os.getenv("DEBUG", "True").lower() in ("1", "true")', True),
        ('os.environ.get("STAGE") != "production"', True),
        ('STAGE == "development"', True),
        ('not os.environ.get("PRODUCTION")', True),
        ('env.bool("DEBUG", default=True)', True),
        ('config("DEBUG", default=True, cast=bool)', True),
        ('bool(int(os.environ.get("DEBUG", "1")))', True),
        ("False", False),
        ('os.environ.get("DEBUG", "0") == "1"', False),
        ('os.getenv("DEBUG", "false").lower() in ("1", "true")', False),
        ('os.environ.get("STAGE") == "development"', False),
        ('env.bool("DEBUG", default=False)', False),
        ('config("DEBUG", default=False, cast=bool)', False),
        ('bool(os.environ.get("DEBUG"))', False),
    ],
)
def test_settings_and_their_defaults(lines, value, found):
    head = "import os\nfrom decouple import config\nfrom environ import Env\nenv = Env()\n"
    code = head + 'STAGE = os.environ.get("STAGE", "development")\nDEBUG = ' + value + "\n"
    site = "shop/settings.py:6"
    assert lines(SLUG, {"shop/settings.py": code}) == ([[site], []] if found else [[], [site]])


@pytest.mark.parametrize("value", ['os.environ["DEBUG"] == "1"', "read_flag()", "[1]"])
def test_settings_that_cannot_be_told(lines, value):
    assert lines(SLUG, {"shop/settings.py": f"import os\nDEBUG = {value}\n"}) == [[], []]


def test_a_default_is_less_certain_than_a_value(judge):
    code = 'import os\nDEBUG = os.environ.get("DEBUG", "1") == "1"\nTEMPLATE_DEBUG = True\n'
    judged = judge(SLUG, {"settings.py": code})
    assert [finding.confidence for finding in judged.findings] == [Confidence.MEDIUM, Confidence.HIGH]


def test_settings_of_another_module_are_followed(lines):
    files = {
        "shop/app.py": "from fastapi import FastAPI\nfrom shop import settings\napp = FastAPI(debug=settings.DEBUG)\n",
        "shop/settings.py": "DEBUG = True\n",
    }
    assert lines(SLUG, files) == [["shop/app.py:3", "shop/settings.py:1"], []]
    files["shop/settings.py"] = "DEBUG = False\n"
    assert lines(SLUG, files) == [[], ["shop/app.py:3", "shop/settings.py:1"]]


@pytest.mark.parametrize("path", ["shop/settings/local.py", "config/dev.py", "settings_development.py"])
def test_settings_of_development(lines, path):
    assert lines(SLUG, {path: "DEBUG = True\nALLOWED_HOSTS = []\n"}) == [[], [f"{path}:1"]]


def test_tests_are_not_asked(lines):
    assert lines(SLUG, {"tests/settings.py": "DEBUG = True\n"}) == [[], []]


def test_a_gate_that_is_for_production_is_none(lines):
    code = "import os, uvicorn\nif os.environ['STAGE'] != 'development':\n    uvicorn.run('a:app', reload=True)\n"
    assert lines(SLUG, code) == [[3], []]
