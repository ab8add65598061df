"""The claim on canaries: no log, no address, no answer, no store holds what was sent as a secret."""

import sys
from itertools import count

import pytest

NUMBERS = count()
APP = """
import logging, os, secrets, sqlite3, sys, tempfile
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

FLAW = "{flaw}"
LOG = logging.getLogger("{name}")
LOG.handlers, LOG.propagate = [logging.StreamHandler(sys.stderr)], False
LOG.setLevel(logging.INFO)
DB = sqlite3.connect(os.path.join(tempfile.mkdtemp(prefix="sinks-"), "app.sqlite3"), check_same_thread=False)
DB.execute("CREATE TABLE tries (name TEXT, password TEXT)")
SIDS = set()


async def page(request):
    LOG.info("%s %s", request.url.path, dict(request.cookies) if FLAW == "cookie" else "")
    if FLAW == "token": print(request.headers.get("authorization"))
    if request.url.path == "/login":
        return HTMLResponse('<form method="post"><input name="username"><input name="password" type="password">')
    return HTMLResponse("Log out" if request.cookies.get("sid") in SIDS else "hello")


async def login(request):
    data = await request.form()
    LOG.info("login %s", dict(data) if FLAW == "log" else data.get("username"))
    if FLAW == "store": DB.execute("INSERT INTO tries VALUES (?, ?)", (data["username"], data["password"]))
    DB.commit()
    if data.get("password") != "ann-password-123":
        if FLAW == "address": return RedirectResponse("/login?again=" + data["password"], 303)
        return HTMLResponse(data["password"] if FLAW == "answer" else "wrong", 401)
    answer = RedirectResponse("/", 303)
    SIDS.add(sid := secrets.token_urlsafe(32))
    answer.set_cookie("sid", sid, secure=True, httponly=True)
    return answer


app = Starlette(routes=[Route("/", page), Route("/login", page), Route("/login", login, methods=["POST"])])
"""


@pytest.fixture
def sinks(tmp_path, monkeypatch, run):
    """Writes the app with one flaw and probes it as in production."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def probe_it(flaw=""):
        name = f"sinks_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(APP.format(flaw=flaw, name=name))
        made.append(name)
        return run(f"{name}:app", "secrets-not-logged", production={"APP_ENV": "production"})

    yield probe_it
    for name in made:
        module = sys.modules.pop(name, None)
        if module:
            module.DB.close()


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("log", "leaves a password in the log"),
        ("cookie", "leaves a session cookie in the log"),
        ("token", "leaves a bearer token in the log"),
        ("answer", "leaves a password in its answer"),
        ("address", "leaves a password in the address"),
        ("store", "database holds a password"),
    ],
)
def test_a_sink_that_holds_a_canary_is_found(sinks, flaw, words):
    told = sinks(flaw)
    assert any(words in reason for reason in told.reasons), (told.reasons, told.unproven)
    assert "ann-password-123" not in told.text


def test_sinks_without_canaries_are_held(sinks):
    told = sinks()
    assert told.reasons == []
    assert any("databases hold none" in note for note in told.notes), (told.notes, told.unproven)
    assert any("in none of" in note for note in told.notes)


def test_a_silent_app_is_unproven(notes, run):
    told = run(notes().app(), "secrets-not-logged")
    assert (told.reasons, told.notes) == ([], [])
    assert told.unproven
