import sys

import pytest

from vallum.cli.main import main

APP = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def home() -> dict[str, str]:
    return {"hello": "reader"}


def create_app() -> FastAPI:
    return app
"""
SHELL = """
import os

from flask import Flask, request

app = Flask(__name__)


@app.post("/ping")
def ping():
    os.system("ping -c 1 " + request.form["host"])
    return "done"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of its own to work in: `write(name, text)` makes a file of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def vallum(capsys):
    """Run the command; gives (exit status, standard output, standard error)."""

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def broken(project):
    """A project whose code breaks `no-shell-injection`."""
    return project("shop/views.py", SHELL)


@pytest.fixture
def app(project):
    """A project with a small app, `meadow:app`."""
    return project("meadow.py", APP)
