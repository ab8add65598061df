import os
import signal
import subprocess
import sys

import pytest

import vallum.cli.main as cli
from vallum.cli.main import main


def test_help_lists_every_verb(vallum):
    status, out, _ = vallum("--help")
    assert status == 0
    for verb in ("audit", "baseline", "check", "controls", "doctor", "explain", "probe"):
        assert f"  {verb} " in out


def test_version_is_told(vallum):
    assert vallum("--version")[1].startswith("vallum 0.")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["audit", "--wrong"], "No such option '--wrong'"),
        (["audit", "nowhere"], "There is no nowhere."),
        (["check", "nowhere"], "There is no nowhere."),
        (["probe"], "There is no app to probe."),
        (["audit", ".", "--app", "a:b", "--url", "http://127.0.0.1"], "not both"),
        (["audit", ".", "--app", "meadow:wrong"], 'meadow has no "wrong". It has: app, create_app.'),
        (["audit", ".", "--app", "nomodule:app"], 'there is no module "nomodule"'),
        (["audit", ".", "--output", "report.pdf"], 'The name "report.pdf" tells no format.'),
        (["explain", "csfr"], "Did you mean csrf?"),
        (["explain", "csrf", "--last"], "Run vallum audit first."),
        (["controls", "--area", "weather"], "'weather' is not one of"),
        (["probe", "http://vallum.example/"], "was not allowed by name"),
    ],
)
def test_misuse_is_one_line_and_status_2(vallum, app, arguments, complaint):
    status, out, err = vallum(*arguments)
    assert (status, out) == (2, "")
    assert complaint in err
    assert err.startswith("vallum: ")
    assert err.count("\n") == 1


def test_broken_settings_are_one_line_and_status_2(vallum, app, project):
    project("vallum.toml", "app = [")
    status, _, err = vallum("audit", ".")
    assert status == 2
    assert "is not TOML" in err
    assert err.count("\n") == 1


def test_app_that_fails_to_import_is_one_line_and_status_2(vallum, project):
    project("bad.py", "raise RuntimeError('canary: password=hunter2')")
    status, _, err = vallum("audit", ".", "--app", "bad:app")
    assert status == 2
    assert "bad" in err
    assert "Traceback" not in err
    assert "hunter2" not in err


def test_interrupt_is_one_line_and_status_130(vallum, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.vallum_command, "invoke", interrupt)
    status, out, err = vallum("audit")
    assert (status, out) == (130, "")
    assert err.count("\n") == 1


def test_error_of_our_own_shows_no_stack_and_proves_nothing(vallum, monkeypatch):
    def fail(*_arguments, **_options):
        raise ZeroDivisionError("canary")

    monkeypatch.setattr(cli.vallum_command, "invoke", fail)
    status, _, err = vallum("audit")
    assert status == 3
    assert "ZeroDivisionError" in err
    assert "canary" not in err
    assert err.count("\n") == 1
    monkeypatch.setenv("VALLUM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["audit"])


def test_real_interrupt_of_a_long_run_ends_with_130(project):
    project("slow.py", "import os, threading\nos.write(1, b'loading\\n')\nthreading.Event().wait(60)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "vallum.cli", "audit", ".", "--app", "slow:app"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.count("\n") == 1


def test_closed_pipe_ends_quietly(project):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "vallum.cli", "controls"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert done.returncode != 0
