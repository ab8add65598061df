"""`vallum doctor` as it is typed: an app in process, and a running one at a URL."""

import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn
from fastapi import FastAPI

from vallum.audit.doctor import front
from vallum.guard import Guard, public

KEY = "q7Rk2mVx9Zt4Lw8Ns1Pc6Yb3Hd5Jf0Gu"
GUARDED = """
from fastapi import FastAPI
from vallum.guard import Guard, public

print("hello from the app")
app = FastAPI(openapi_url=None, debug=False)
Guard(app)


@app.get("/")
@public
async def home():
    return "hello"
"""
SETTINGS = """
from vallum.guard.configuration.settings import (
    AppSettings, DatabaseUrl, DebugSetting, FromEnvironment, GuardSetting
)


class FieldSettings(AppSettings):
    database = DatabaseUrl("DATABASE_URL", development="sqlite:///field.sqlite3")
    mail_key = FromEnvironment("MAIL_KEY")
    debug = DebugSetting("FIELD_DEBUG")


SETTINGS = FieldSettings()
"""


@pytest.fixture
def really():
    """Try a start as production too, which takes a process of its own."""


@pytest.fixture(autouse=True)
def bare(request, monkeypatch):
    if "really" not in request.fixturenames:
        monkeypatch.setattr("vallum.audit.doctor.deployment.try_start", lambda _target, _variables: ())
    for name in [name for name in os.environ if name.startswith(("VALLUM_", "DATABASE_", "MAIL_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def sound(project, tmp_path):
    """The variables of a deployment that production accepts, in a file."""
    path = project(
        "deployment.env",
        f"VALLUM_ENV=production\nVALLUM_ORIGINS=https://field.example\nVALLUM_SECRET={KEY}\n"
        f"VALLUM_SESSIONS={tmp_path}/sessions\nVALLUM_LIMITS={tmp_path}/limits\n",
    )
    path.chmod(0o600)
    return path


@pytest.fixture
def diagnose(vallum):
    def run(*arguments):
        status, out, err = vallum("doctor", *arguments, "--format", "json")
        told = json.loads(out)
        assert told["exit_status"] == status, err
        return status, {line["code"]: line for line in told["lines"]}

    return run


@pytest.mark.usefixtures("really")
def test_a_sound_deployment_has_nothing_to_mend(project, diagnose, sound):
    project("field.py", GUARDED)
    status, lines = diagnose("field:app", "--env-file", sound)
    assert [code for code, line in lines.items() if line["kind"] in ("problem", "unseen")] == []
    assert status == 0
    assert "SqliteSessions, shared" in json.dumps(lines["store"]) or "rate limits" in lines["store"]["what"]
    assert "VALLUM_SECRET: in the environment" in lines["secret"]["what"]
    assert "VALLUM_ENV" not in os.environ


def test_a_bare_environment_lists_all_that_production_refuses(project, diagnose):
    project("field.py", GUARDED.replace("debug=False", "debug=True").replace("@public", ""))
    status, lines = diagnose("field:app")
    assert status == 1
    problems = {code for code, line in lines.items() if line["kind"] == "problem"}
    assert problems >= {
        "environment-not-production",
        "debug-on",
        "origins-empty",
        "secret-absent",
        "store-not-shared",
        "route-undeclared",
    }
    assert all(lines[code]["fix"] for code in problems)


def test_values_of_secrets_are_never_shown(project, vallum, sound):
    project("field.py", GUARDED)
    for style in ("terminal", "json"):
        status, out, err = vallum("doctor", "field:app", "--env-file", sound, "--format", style)
        assert status == 0
        assert KEY not in out + err
        assert "hello from the app" not in out


def test_the_terminal_shows_problems_first_with_their_fix(project, vallum):
    project("field.py", GUARDED)
    status, out, _ = vallum("doctor", "field:app")
    assert status == 1
    assert " environment-not-production\n    VALLUM_ENV is not set" in out
    assert "    > Set VALLUM_ENV=production" in out
    assert out.endswith(" to mend.\n")
    assert out.index("origins-empty") < out.index("store\n")


def test_settings_that_refuse_to_start_are_judged_as_production(project, diagnose, sound):
    project("field.py", SETTINGS + GUARDED)
    sound.write_text(sound.read_text() + "DATABASE_URL=postgresql://u@db/field\nFIELD_DEBUG=true\n")
    status, lines = diagnose("field:app", "--env-file", sound)
    assert status == 1
    assert {"database-unverified", "secret-absent", "debug-on", "app-not-started"} <= set(lines)
    assert lines["app-not-started"]["kind"] == "unseen"


def test_secret_files_have_an_age(project, diagnose, sound, tmp_path):
    for name in ("field", "meadows"):
        project(f"{name}.py", SETTINGS + GUARDED)
    key = project("mail.key", KEY)
    key.chmod(0o600)
    text = f"{sound.read_text()}DATABASE_URL=sqlite:///{tmp_path}/field\nMAIL_KEY_FILE={key}\n"
    sound.write_text(text)
    status, lines = diagnose("field:app", "--env-file", sound)
    assert status == 0
    assert lines["secret"]["kind"] == "note"
    old = time.time() - 91 * 86_400
    os.utime(key, (old, old))
    status, lines = diagnose("meadows:app", "--env-file", sound)
    assert status == 1
    assert "written 91 days ago" in lines["secret-old"]["what"]


def test_a_file_of_variables_that_others_read_is_a_problem(project, diagnose, sound):
    project("field.py", GUARDED)
    sound.chmod(0o644)
    status, lines = diagnose("field:app", "--env-file", sound)
    assert status == 1
    assert lines["env-file-readable"]["fix"] == f"chmod 600 {sound}"


def test_an_app_without_a_guard_could_not_be_looked_at(project, app, diagnose, sound):
    status, lines = diagnose("meadow:app", "--env-file", sound)
    assert status == 3
    assert lines["guard-not-found"]["kind"] == "unseen"


def test_an_app_that_does_not_import_could_not_be_looked_at(project, diagnose, sound):
    project("bad.py", "raise RuntimeError('canary: password=hunter2')")
    status, lines = diagnose("bad:app", "--env-file", sound)
    assert status == 3
    assert "hunter2" not in json.dumps(lines)


def test_a_guard_beside_an_app_with_slots_is_found(project, diagnose, sound):
    project(
        "field.py",
        "from vallum.guard import Guard\n\n\nclass App:\n    __slots__ = ()\n\n\napp = App()\nguard = Guard(app)\n",
    )
    assert diagnose("field:app", "--env-file", sound)[0] == 0
    assert diagnose("field:guard", "--env-file", sound)[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        "from flask import Flask\napp = Flask(__name__, static_folder=None)\n",
        "from litestar import Litestar\napp = Litestar([], openapi_config=None, logging_config=None)\n",
        "from starlette.applications import Starlette\napp = Starlette()\n",
    ],
)
def test_the_guard_of_every_framework_is_found(project, diagnose, sound, text):
    project("field.py", f"{text}from vallum.guard import Guard\nGuard(app)\n")
    status, lines = diagnose("field:app", "--env-file", sound)
    assert "guard-not-found" not in lines
    assert status == 0, lines


OWN = """
import os

from vallum.base.errors import ConfigError

if os.environ["VALLUM_ENV"] == "production":
    raise {error}
"""


@pytest.mark.usefixtures("really")
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("ConfigError('no data keys.', hint='Set them.', code='keys-absent')", "keys-absent", "no data keys"),
        ("RuntimeError('canary: password=hunter2')", "start-refused", "RuntimeError in field.py"),
    ],
)
def test_what_the_app_itself_refuses_in_production_is_seen(project, diagnose, sound, error, code, said):
    project("field.py", OWN.replace("{error}", error) + GUARDED)
    status, lines = diagnose("field:app", "--env-file", sound)
    assert status == 1
    assert said in lines[code]["what"]
    assert "hunter2" not in json.dumps(lines)


def test_recorded_weakenings_are_listed(project, diagnose, sound):
    policy = (
        "from dataclasses import replace\nfrom vallum.guard import read_environment\n"
        "from vallum.guard.output.csp import ContentSecurityPolicy\n"
        "POLICY = replace(read_environment(), csp=ContentSecurityPolicy(unsafe_inline_styles=True), "
        "accepted_risks={'csp.unsafe_inline_styles': 'an old editor'})\n"
    )
    project("field.py", policy + GUARDED.replace("Guard(app)", "Guard(app, policy=POLICY)"))
    status, lines = diagnose("field:app", "--env-file", sound)
    assert status == 0
    assert "an old editor" in lines["unsafe-recorded"]["what"]


def test_plain_secret_settings_are_judged_too(project, diagnose, sound):
    text = "from vallum.guard.secrets.settings import FromEnvironment, SecretSettings\n"
    text += "class Keys(SecretSettings):\n    mail = FromEnvironment('MAIL_KEY')\nKEYS = Keys()\n"
    project("field.py", text + GUARDED)
    status, lines = diagnose("field:app", "--env-file", sound)
    assert status == 1
    assert lines["secret-absent"]["what"].startswith("MAIL_KEY is not set")


def test_a_secret_file_that_is_gone_is_told(project, diagnose, sound, tmp_path):
    project("field.py", GUARDED)
    sound.write_text(sound.read_text().replace(f"VALLUM_SECRET={KEY}", f"VALLUM_SECRET_FILE={tmp_path}/gone"))
    status, lines = diagnose("field:app", "--env-file", sound)
    assert status == 1
    assert "No such file" in lines["secret-file"]["what"]


def test_a_secret_file_that_goes_away_has_no_age(project, diagnose, sound):
    key = project("mail.key", KEY)
    key.chmod(0o600)
    sound.write_text(f"{sound.read_text()}DATABASE_URL=sqlite:////srv/field\nMAIL_KEY_FILE={key}\n")
    project("field.py", f"{SETTINGS}{GUARDED}\nimport os\nos.unlink({str(key)!r})\n")
    _, lines = diagnose("field:app", "--env-file", sound)
    assert "which cannot be read" in lines["secret"]["what"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "There is no app to look at."),
        (["meadow:app", "--url", "http://127.0.0.1:1/"], "not both"),
        (["--url", "http://127.0.0.1:1/", "--env-file", "x"], "not both"),
        (["--url", "http://vallum.example/"], "was not allowed by name"),
        (["--url", "127.0.0.1:8000"], "is no URL"),
        (["nomodule:app"], 'there is no module "nomodule"'),
        (["meadow:app", "--env-file", "none.env"], "cannot be read"),
        (["meadow:app", "--format", "sarif"], "'sarif' is not one of"),
    ],
)
def test_misuse_is_one_line_and_status_2(vallum, app, arguments, complaint):
    status, out, err = vallum("doctor", *arguments)
    assert (status, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1


class Naive(BaseHTTPRequestHandler):
    """What trusts every header, as many a proxy and app do."""

    def do_GET(self):
        host = self.headers.get("X-Forwarded-Host") or self.headers["Host"]
        body = f"<a href='https://{host}/'>home</a>".encode()
        self.send_response(200)
        self.send_header("X-Powered-By", "Meadow")
        if self.headers.get("Accept-Encoding"):
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Set-Cookie", "a=b")
        if self.headers.get("X-Forwarded-Proto") == "https":
            self.send_header("Strict-Transport-Security", "max-age=31536000")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, *_arguments):
        """Keep the test quiet."""


@pytest.fixture
def naive():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Naive)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def guarded():
    app = FastAPI(openapi_url=None)
    Guard(app)

    @app.get("/")
    @public
    async def home() -> str:
        return "hello"

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(app, log_level="critical", server_header=False, proxy_headers=False, ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/?page=1"
    running.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def impatient(monkeypatch):
    """Wait a moment only for an answer that does not come."""
    whole = front.ask_front
    monkeypatch.setattr("vallum.cli.doctor.ask_front", lambda url: whole(url, seconds=0.3))


@pytest.mark.usefixtures("project", "impatient")
def test_a_naive_server_is_seen_through(diagnose, naive):
    status, lines = diagnose("--url", naive)
    assert status == 1
    problems = {code for code, line in lines.items() if line["kind"] == "problem"}
    assert problems == {
        "host-any",
        "forwarded-host-trusted",
        "banner-server",
        "banner-powered-by",
        "body-unlimited",
        "compression-private",
    }
    assert "this machine" in lines["forwarded-proto"]["what"]
    assert "capitalised" in lines["header-case"]["what"]


@pytest.mark.usefixtures("project")
def test_a_guarded_app_has_nothing_to_mend(diagnose, guarded):
    status, lines = diagnose("--url", guarded)
    assert status == 0
    assert lines["body-limit"]["kind"] == "fine"
    assert lines["host-refused"]["kind"] == "fine"
    assert "lower case" in lines["header-case"]["what"]


@pytest.mark.usefixtures("project")
def test_a_url_without_an_answer_could_not_be_looked_at(diagnose):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        status, lines = diagnose("--url", f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert status == 3
    assert list(lines) == ["no-answer"]
