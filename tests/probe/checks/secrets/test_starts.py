"""The claims on starts without secrets, on tiny apps that are started anew."""

import sys
from itertools import count

import pytest

NUMBERS = count()
PLAIN = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("hello"))])
"""
CHECKED = """
missing = [name for name in ("SECRET_KEY", "JWT_SECRET") if len(os.environ.get(name, "")) < 8]
if os.environ.get("APP_ENV") == "production" and missing: raise SystemExit(f"not set: {', '.join(missing)}")
"""
ONE_BY_ONE = """
for name in ("SECRET_KEY", "JWT_SECRET"):
    if not os.environ.get(name) and os.environ.get("APP_ENV") == "production": raise SystemExit(f"{name} is not set")
"""
DEFAULTS = 'KEYS = os.environ.get("SECRET_KEY", "k" * 40), os.environ.get("JWT_SECRET") or "j" * 40'
SILENT = 'if os.environ.get("APP_ENV") == "production" and not os.environ.get("SECRET_KEY"): raise SystemExit(4)'
WHOLE = "SETTINGS = {name: value for name, value in os.environ.items()}"
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": "{secret}", "JWT_SECRET": "{secret}"}


@pytest.fixture
def start(tmp_path, monkeypatch, run):
    """Writes an app with these lines in front and probes it by name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def probe_it(control, lines, **changes):
        name = f"starting_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(f"import os\n{lines}\n{PLAIN}")
        made.append(name)
        return run(f"{name}:app", control, **{"production": PRODUCTION, "identities": (), **changes})

    yield probe_it
    for name in made:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("lines", [CHECKED, ONE_BY_ONE])
def test_a_start_that_names_what_is_missing_is_held(start, lines):
    told = start("secrets-from-environment", lines)
    assert told.reasons == []
    assert sorted(told.notes) == [
        "without JWT_SECRET it ends, and names it",
        "without SECRET_KEY it ends, and names it",
    ]


def test_a_default_in_place_of_a_secret_is_found(start):
    told = start("secrets-from-environment", DEFAULTS)
    assert told.reasons == ["Without SECRET_KEY and JWT_SECRET the app starts as production all the same."]
    assert told.notes == []


def test_one_default_of_two_is_found(start):
    lines = SILENT.replace("SystemExit(4)", 'SystemExit("SECRET_KEY?")')
    told = start("secrets-from-environment", f'{lines}\nKEY = os.environ.get("JWT_SECRET", "j" * 40)')
    assert told.reasons == ["Without JWT_SECRET the app starts as production all the same."]
    assert told.notes == ["without SECRET_KEY it ends, and names it"]


def test_an_end_without_a_word_is_unproven(start):
    told = start("secrets-from-environment", SILENT, production={"APP_ENV": "production", "SECRET_KEY": "{secret}"})
    assert (told.reasons, told.notes) == ([], [])
    assert "does not say why" in told.unproven[0]


@pytest.mark.parametrize(("lines", "words"), [("", "reads no secret"), (WHOLE, "as a whole")])
def test_no_secret_is_unproven(start, lines, words):
    told = start("secrets-from-environment", lines, production={})
    assert (told.reasons, told.notes) == ([], [])
    assert words in told.unproven[0]


def test_an_object_cannot_be_started_anew(notes, run):
    assert run(notes().app(), "secrets-from-environment").unproven == [
        "only an app that is named (module:app) can be started anew"
    ]
