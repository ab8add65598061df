"""A trial is the app in a process of its own: other variables, a clock that moves, stores that fail."""

import json
import textwrap

import pytest

from vallum.probe.collect.budget import Budget
from vallum.probe.collect.trial.client import Trial
from vallum.probe.collect.trial.trials import Told, Trials
from vallum.probe.collect.trial.values import fill_values
from vallum.probe.collect.wire import Wire
from vallum.probe.exchange import Launch, Shot, Stir

APP = """
import datetime, json, os, sqlite3, time
from pathlib import Path
MODE = os.environ.get("SHOP_MODE", "none")
if MODE == "exit": raise SystemExit(3)
if MODE == "fail": raise ValueError("no such mode")
if MODE == "die": os._exit(7)
FOLDER = Path(os.environ["SHOP_FOLDER"])
DB = sqlite3.connect(":memory:", check_same_thread=False)

def app(environ, start):
    path = environ["PATH_INFO"]
    if path == "/time":
        told = [time.time(), datetime.datetime.now(datetime.timezone.utc).timestamp(), MODE]
    elif path == "/db":
        told = DB.execute("SELECT 1").fetchone()
    elif path == "/print":
        print("said aloud")
        told = environ["wsgi.url_scheme"]
    else:
        told = (FOLDER / "list.json").read_text()
    start("200 OK", [("content-type", "application/json")])
    return [json.dumps(told).encode()]
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The name of an app in a file; the file is on the path of new processes."""
    (tmp_path / "trial_shop.py").write_text(textwrap.dedent(APP))
    (tmp_path / "list.json").write_text("[1]")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SHOP_FOLDER", str(tmp_path))
    return "trial_shop:app"


def ask(trial, target, **changes):
    return trial.send(Wire(method="GET", target=target, **changes), 5.0)


def test_clock_moves_and_stores_fail_and_come_back(shop):
    trial = Trial(shop, "https://shop.example", {"SHOP_MODE": "open"})
    try:
        assert trial.started.status == 200
        assert {"SHOP_MODE", "SHOP_FOLDER"} <= set(trial.started.json()["reads"])
        began, same, mode = ask(trial, "/time").json()
        assert abs(began - same) < 1
        assert mode == "open"
        assert trial.stir(3600.0, ())["failed"] == 0
        later, also, _ = ask(trial, "/time").json()
        assert 3600 <= later - began < 3700
        assert abs(later - also) < 1
        trial.stir(0.0, ("database",))
        assert "OperationalError" in ask(trial, "/db").raised
        assert ask(trial, "/list").status == 200
        assert trial.stir(0.0, ("files",))["failed"] == 1
        assert "PermissionError" in ask(trial, "/list").raised
        assert trial.stir(0.0, ())["failed"] == 1
        assert ask(trial, "/db").json() == [1]
        plain = ask(trial, "/print", scheme="http")
        assert plain.json() == "http"
        assert ("said aloud", "stdout") in [(line.text, line.source) for line in plain.log]
    finally:
        trial.close()


@pytest.mark.parametrize(
    ("mode", "told"), [("exit", "SystemExit: 3"), ("fail", "ValueError: no such mode"), ("die", "status 7")]
)
def test_start_that_fails_is_told(shop, mode, told):
    trial = Trial(shop, "https://shop.example", {"SHOP_MODE": mode})
    trial.close()
    assert trial.started.status == 0
    assert told in trial.started.fault


def test_variable_can_be_taken_away(shop):
    trial = Trial(shop, "https://shop.example", {"SHOP_FOLDER": None})
    trial.close()
    assert "SHOP_FOLDER" in trial.started.fault


def test_values_in_braces_are_drawn_for_each_start():
    given = {"A": "{folder}/a", "B": "{secret}", "C": "{key}", "D": "{private_key}", "E": None, "F": "x"}
    first, second = (fill_values(given, "/somewhere") for _ in range(2))
    assert (first["A"], first["E"], first["F"]) == ("/somewhere/a", None, "x")
    assert len(first["B"]) == 43
    assert all(first[name] != second[name] for name in "BCD")


def test_shared_trial_is_started_once_and_outlives_a_claim(shop):
    trials = Trials(
        shop, "https://shop.example", Budget(100, 60.0, lambda: 0.0), 5.0, Told(production={"SHOP_MODE": "live"})
    )
    try:
        first = trials.launch(Launch(trial="plain", shared=True))
        assert trials.launch(Launch(trial="plain", shared=True)) is first
        own = trials.launch(Launch(trial="own", production=True, environment={"X": "it's"}))
        assert own.answer.status == 200
        assert "SHOP_MODE=live" in own.curl.replace("'", "")
        assert str(own.shot.shown) == "as production with X=it's"
        assert trials.stir(Stir(trial="own")).answer.status == 200
        shot = Shot(method="GET", target="/time", trial="own")
        assert trials.collector("own").fire(shot).answer.json()[2] == "live"
        trials.settle()
        assert trials.collector("own") is None
        assert trials.collector("plain") is not None
        assert trials.stir(Stir(trial="own")).answer.status == 0
        assert "reads" in json.loads(first.answer.body)
    finally:
        trials.close()
    assert trials.collector("plain") is None
