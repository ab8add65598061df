import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.input.programs import (
    ArgumentRefusedError,
    Finished,
    Program,
    ProgramFailedError,
    ProgramLimitError,
    ProgramLimits,
    Slot,
)

ECHO = Program("echo", Slot("word", r"[\w ./'\"$;|&`()*?<>\\-]+"))
PYTHON = sys.executable
ATTACKS = [
    "$(id)", "`id`", "; id", "| id", "& id", "&& id", "a\nid", "a\0b", "-rf", "--help", "--output=/etc/x", "-", "--",
    "\\-x", "../x", "$HOME", "*", "~", "a b", "", "-\u200b", "@file", "%PATH%", "\ud800", "x" * 5000,
]  # fmt: skip
Run = Callable[..., Finished]


def run_async(program: Program, **values: Any) -> Finished:
    return asyncio.run(program.run_async(**values))


@pytest.fixture(params=[Program.run, run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param


def python(code: str, *arguments: str | Slot, **options: Any) -> Program:
    return Program(PYTHON, "-c", code, *arguments, **options)


def test_no_shell_reads_the_arguments(run: Run) -> None:
    word = "a; echo b | cat $(id) `id` $HOME * > x"
    assert run(ECHO, word=word) == Finished(0, f"{word}\n".encode(), b"")


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_pattern_does_not_admit_and_options_are_refused(attack: str) -> None:
    program = Program("cat", "--", Slot("path", r"[a-z.]+|-.*"))
    with pytest.raises(ArgumentRefusedError) as caught:
        program.run(path=attack)
    assert caught.value.status == 400
    assert not attack.strip("-") or attack not in str(caught.value)


@given(st.text())
def test_a_value_is_one_argument_or_refused(word: str) -> None:
    try:
        command = ECHO.build_command(word=word)
    except ArgumentRefusedError:
        return
    assert command == [ECHO.path, word]
    assert not word.startswith("-")


def test_values_are_text_or_integers_and_lists_only_where_said() -> None:
    one, many = Program("echo", Slot("n", "[0-9]+")), Program("echo", Slot("n", "[0-9]+", many=True))
    assert one.build_command(n=7) == [one.path, "7"]
    assert many.build_command(n=["1", 2]) == [many.path, "1", "2"]
    assert many.build_command(n=[]) == [many.path]
    for program, value in [(one, ["1"]), (one, True), (one, b"1"), (one, None), (one, 1.5), (one, -1),
                           (many, "12"), (many, b"1"), (many, 1), (many, ["1", "x"])]:  # fmt: skip
        with pytest.raises(ArgumentRefusedError):
            program.build_command(n=value)


def test_the_environment_is_clean(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SECRET", "x")
    code = "import os; print(sorted(os.environ.items()))"
    program = python(code, environment={"LANGUAGE": "de"})
    assert run(program).text == (
        "[('LANGUAGE', 'de'), ('LC_ALL', 'C.UTF-8'), ('PATH', '/usr/local/bin:/usr/bin:/bin')]\n"
    )


def test_input_output_errors_status_and_folder(run: Run, tmp_path: Path) -> None:
    code = "import os, sys; sys.stdout.write(sys.stdin.read()); print(os.getcwd(), file=sys.stderr); sys.exit(3)"
    done = run(python(code, folder=tmp_path, accept=(3,)), stdin=b"x" * 300_000)
    assert done == Finished(3, b"x" * 300_000, f"{tmp_path}\n".encode())


def test_a_program_that_does_not_read_its_input_is_no_error(run: Run) -> None:
    assert run(python("import os; os.close(0); print('done')"), stdin=b"x" * 300_000).text == "done\n"


def test_an_unexpected_status_is_an_error_without_arguments_in_it(run: Run) -> None:
    with pytest.raises(ProgramFailedError) as caught:
        run(python("import sys; print('secret'); sys.exit(4)"))
    assert caught.value.finished == Finished(4, b"secret\n", b"")
    assert "secret" not in str(caught.value)
    assert "status 4" in str(caught.value)


def test_a_program_that_runs_too_long_is_killed_with_its_children(run: Run, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"""
import subprocess, time
child = subprocess.Popen(["sleep", "60"])
open({str(pid)!r}, "w").write(str(child.pid))
time.sleep(60)
"""
    begin = time.monotonic()
    with pytest.raises(ProgramLimitError, match=r"longer than 0\.7 s"):
        run(python(code, limits=ProgramLimits(seconds=0.7)))
    assert time.monotonic() - begin < 10
    assert is_gone(int(pid.read_text()))


def is_gone(pid: int) -> bool:
    """Wait for the system to reap an orphan; a zombie is gone too."""
    for _ in range(1000):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        os.sched_yield()
    return False


def test_a_program_that_ends_its_output_but_not_itself_is_killed(run: Run) -> None:
    code = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    with pytest.raises(ProgramLimitError):
        run(python(code, limits=ProgramLimits(seconds=0.5)))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_that_writes_too_much_is_killed(run: Run, stream: str) -> None:
    code = f"import sys\nwhile True: sys.{stream}.write('x' * 10000)"
    with pytest.raises(ProgramLimitError, match="more than its limit"):
        run(python(code, limits=ProgramLimits(output_bytes=100_000)))


def test_a_cancelled_task_kills_the_program(tmp_path: Path):
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    program = python(f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)")

    async def main() -> int:
        task = asyncio.create_task(program.run_async())
        number = await asyncio.to_thread(pid.read_text)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int(number)

    assert is_gone(asyncio.run(main()))


def test_output_that_is_no_utf8_is_shown_all_the_same(run: Run) -> None:
    assert run(python(r"import sys; sys.stdout.buffer.write(b'\xff')")).text == "\ufffd"


@pytest.mark.parametrize("shell", ["sh", "bash", "/bin/sh", "/usr/bin/env", "xargs"])
def test_a_shell_is_refused(shell: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Program(shell, "-x")
    assert caught.value.code == "program-is-shell"


def test_a_link_to_a_shell_and_a_batch_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tool").symlink_to("/bin/sh")
    (tmp_path / "tool.bat").write_text("")
    (tmp_path / "tool.bat").chmod(0o700)
    for name in ("tool", "tool.bat"):
        with pytest.raises(ConfigError) as caught:
            Program(str(tmp_path / name))
        assert caught.value.code == "program-is-shell"


def test_a_tool_of_busybox_is_accepted_but_not_busybox_itself(tmp_path: Path) -> None:
    (tmp_path / "busybox").write_text("")
    (tmp_path / "busybox").chmod(0o700)
    (tmp_path / "wc").symlink_to("busybox")
    assert Program(str(tmp_path / "wc"))
    with pytest.raises(ConfigError):
        Program(str(tmp_path / "busybox"))


@pytest.mark.parametrize("name", ["no-such-program", "./echo", "bin/echo", "/etc/passwd", "/usr/bin", ""])
def test_a_program_is_found_in_the_system_only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/tmp")
    with pytest.raises(ConfigError) as caught:
        Program(name)
    assert caught.value.code == "program-missing"


@pytest.mark.parametrize("option", ["-c", "-e", "--eval", "-exec"])
def test_a_slot_where_code_is_expected_is_refused(option: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Program(PYTHON, option, Slot("code", "[a-z]+"))
    assert caught.value.code == "argument-code"


@pytest.mark.parametrize("pattern", [".*", r"[\s\S]+", "(?s).+", "[^x]*", "("])
def test_a_pattern_that_admits_anything_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError):
        Slot("value", pattern)


def test_names_of_slots_and_values_must_fit() -> None:
    with pytest.raises(ConfigError):
        Program("echo", Slot("a", "x"), Slot("a", "y"))
    with pytest.raises(ConfigError):
        Program("echo", Slot("stdin", "x"))
    for values in ({}, {"word": "a", "other": "b"}):
        with pytest.raises(ConfigError, match="exactly these values: word"):
            ECHO.run(**values)
    with pytest.raises(ConfigError, match="values: none"):
        Program("echo").run(word="x")


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"output_bytes": 0}])
def test_limits_are_positive(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ProgramLimits(**limits)
