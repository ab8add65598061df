"""Root, files that others read, code that can be written; and what production does with the answers."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from vallum.base.secret import Secret
from vallum.guard.configuration.privileges import ProcessCheck
from vallum.guard.configuration.problem import Problem, StartupError
from vallum.guard.configuration.startup import check_startup, find_problems
from vallum.guard.policy import Environment, GuardPolicy
from vallum.stores.sqlite import SqliteSessions


def codes(problems: Iterable[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def test_root_is_refused_and_others_are_not() -> None:
    assert codes(ProcessCheck(user=0, environ={})()) == ["user-root"]
    assert codes(ProcessCheck(user=10_001, environ={})()) == []
    assert codes(ProcessCheck(user=None, environ={})()) == []
    assert ProcessCheck().user == os.geteuid()


@pytest.mark.parametrize(("mode", "found"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o644, 1), (0o601, 1)])
def test_secret_files_are_for_nobody_else(tmp_path: Path, mode: int, found: int) -> None:
    file = tmp_path / "session.key"
    file.write_text("x", encoding="utf-8")
    file.chmod(mode)
    named = ProcessCheck(user=7, environ={"SESSION_SECRET_FILE": str(file), "OTHER_FILE": "", "HOME": str(tmp_path)})
    assert codes(named()) == ["secret-file-readable"] * found
    assert codes(ProcessCheck(user=7, environ={}, secret_files=(file, tmp_path / "gone"))()) == codes(named())


def test_code_is_not_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "shop"
    code.mkdir()
    (code / "main.py").touch()
    check = ProcessCheck(user=7, environ={}, code=(code, tmp_path / "gone"))
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name == "main.py")
    (problem,) = check()
    assert (problem.code, "main.py" in problem.what) == ("code-writable", True)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert check() == []


def production(tmp_path: Path, *checks: object) -> GuardPolicy:
    return GuardPolicy(
        environment=Environment.PRODUCTION,
        origins=("https://notes.example",),
        secrets=(Secret("q8Zl2mX0vB5nT7cJ4hR1kW9sD3fG6yPa"),),
        store=SqliteSessions(str(tmp_path / "sessions.sqlite3")),
        startup_checks=checks,  # type: ignore[arg-type]  # callables, as the tests give
    )


def test_production_starts_when_the_checks_are_content(tmp_path: Path) -> None:
    check_startup(production(tmp_path, ProcessCheck(user=7, environ={})), debug=False)


def test_production_does_not_start_with_what_a_check_finds(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="runs as root"):
        check_startup(production(tmp_path, ProcessCheck(user=0, environ={})), debug=False)


def test_a_check_that_fails_is_a_problem_and_tells_no_secret(tmp_path: Path) -> None:
    def broken() -> list[Problem]:
        raise OSError("postgresql://shop:hunter2@db")

    (problem,) = find_problems(production(tmp_path, broken), debug=False)
    assert problem.code == "startup-check-failed"
    assert "hunter2" not in str(problem)


def test_developers_are_not_asked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def ask() -> list[Problem]:
        pytest.fail("a developer's start asks no check")

    caplog.set_level("INFO")
    check_startup(GuardPolicy(startup_checks=(ask,)), debug=False)
