"""A start as production in a process of its own."""

import json
import os
from pathlib import Path

import pytest

from vallum.audit.doctor.diagnosis import Kind, Line
from vallum.audit.doctor.start import main, try_start

SETTINGS = """
from vallum.guard.configuration.settings import AppSettings, DebugSetting, NumberSetting


class FieldSettings(AppSettings):
    debug = DebugSetting("FIELD_DEBUG")
    port = NumberSetting("FIELD_PORT")


SETTINGS = FieldSettings()


async def app(scope, receive, send):
    raise RuntimeError("nobody calls it")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(folder: Path, text: str, seconds: float = 30, **variables: str) -> list[Line]:
    (folder / "meadowland.py").write_text(text)
    return list(try_start("meadowland:app", {**os.environ, **variables}, seconds))


def test_a_start_that_works_is_told(folder: Path) -> None:
    assert [line.kind for line in start(folder, SETTINGS, FIELD_PORT="1", VALLUM_ENV="test")] == [Kind.FINE]


def test_each_problem_of_the_settings_is_a_line(folder: Path) -> None:
    lines = start(folder, SETTINGS, FIELD_DEBUG="true", VALLUM_ENV="development")
    assert [(line.kind, line.code) for line in lines] == [
        (Kind.PROBLEM, "debug-on"),
        (Kind.PROBLEM, "setting-absent"),
    ]


def test_a_process_that_dies_is_a_problem(folder: Path) -> None:
    lines = start(folder, "import os\nos._exit(7)\n")
    assert [(line.kind, line.code) for line in lines] == [(Kind.PROBLEM, "start-refused")]
    assert "status 7" in lines[0].what


def test_a_start_that_never_ends_could_not_be_looked_at(folder: Path) -> None:
    lines = start(folder, "import threading\nthreading.Event().wait()\n", seconds=0.2)
    assert [line.kind for line in lines] == [Kind.UNSEEN]


def test_the_process_prints_its_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wasteland.py").write_text("raise SystemExit(3)")
    assert main("wasteland:app") == 1
    told = json.loads(capsys.readouterr().out)
    assert [line["code"] for line in told] == ["start-refused"]
    (folder / "farmland.py").write_text("print('noise')\n\n\ndef app(scope, receive, send): ...\n")
    assert main("farmland:app") == 0
    assert json.loads(capsys.readouterr().out) == []


GUARDED = """
from starlette.applications import Starlette

from vallum.guard import Environment, Guard, GuardPolicy

app = Guard(Starlette(), policy=GuardPolicy(environment=Environment.TEST))
"""


def test_the_layers_against_each_attack_are_told(folder: Path) -> None:
    lines = {line.what.partition(":")[0]: line for line in start(folder, GUARDED) if line.code == "layers"}
    assert lines["Against framing"].kind is Kind.FINE
    assert lines["Against framing"].what == "Against framing: frame-ancestors, X-Frame-Options."
    assert lines["Against injection"].kind is Kind.NOTE
    assert lines["Against injection"].what == "Against injection: no layer of the guard."
    assert "defence-in-depth" in lines["Against injection"].fix
