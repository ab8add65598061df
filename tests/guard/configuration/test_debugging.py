"""What production refuses besides the app's own debug switch."""

import logging
from collections.abc import Iterator

import pytest

from vallum.base.secret import Secret
from vallum.guard import Environment, GuardPolicy
from vallum.guard.configuration.debugging import find_debugging
from vallum.guard.configuration.startup import find_problems


def codes(environ: dict[str, str], arguments: list[str]) -> list[str]:
    return [problem.code for problem in find_debugging(environ, arguments)]


@pytest.fixture(params=["sqlalchemy.engine", "django.db.backends"])
def chatty(request: pytest.FixtureRequest) -> Iterator[str]:
    logger = logging.getLogger(request.param)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield request.param
    logger.setLevel(before)


@pytest.mark.parametrize(
    ("environ", "arguments"),
    [
        ({}, ["/usr/bin/uvicorn", "app:app", "--reload"]),
        ({}, ["flask", "run", "--debug"]),
        ({}, ["/venv/uvicorn/__main__.py", "app:app", "--reload"]),
        ({"RUN_MAIN": "true"}, ["manage.py", "runserver"]),
        ({"FLASK_DEBUG": "1"}, ["flask", "run"]),
        ({"UVICORN_RELOAD": "true"}, []),
        ({"WERKZEUG_RUN_MAIN": "true"}, ["app.py"]),
    ],
)
def test_a_reloader_is_seen(environ: dict[str, str], arguments: list[str]) -> None:
    assert codes(environ, arguments) == ["reload-on"]


@pytest.mark.parametrize(
    ("environ", "arguments"),
    [
        ({}, []),
        ({"FLASK_DEBUG": "0", "UVICORN_RELOAD": "False"}, ["uvicorn", "app:app", "--workers", "2"]),
        ({}, ["vallum", "audit", "--debug"]),
        ({}, ["/srv/flask/tool.py", "--reload"]),
    ],
)
def test_a_plain_start_shows_none(environ: dict[str, str], arguments: list[str]) -> None:
    assert codes(environ, arguments) == []


def test_a_logger_that_writes_sql_is_seen(chatty: str) -> None:
    (problem,) = find_debugging({}, [])
    assert problem.code == "sql-echo-on"
    assert chatty in problem.what
    logging.getLogger(chatty).setLevel(logging.WARNING)
    assert codes({}, []) == []


def test_production_does_not_start_with_it(chatty: str) -> None:
    policy = GuardPolicy(environment=Environment.PRODUCTION, secrets=(Secret("x"),))
    assert "sql-echo-on" in {problem.code for problem in find_problems(policy, debug=False)}
