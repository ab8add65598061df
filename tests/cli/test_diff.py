"""`vallum check --diff BASE`: what a change brings, and nothing else."""

import json
import subprocess

import pytest

OLD = "import os\nfrom flask import request\n\n\ndef old():\n    os.system('ls ' + request.args['d'])\n"
NEW = "\n\ndef new():\n    os.system('df ' + request.args['e'])\n"
HELPER = "import os\n\n\ndef run(text):\n    os.system('ls ' + text)\n"
CALLER = "from flask import request\nfrom helper import run\n\n\ndef view():\n    run('fixed')\n"


def git(*arguments):
    names = ("-c", "user.name=Ann", "-c", "user.email=ann@shop.example")
    subprocess.run(["git", *names, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(project):
    """A repository with one commit, in which one finding is old."""
    git("init", "--quiet")
    project("views.py", OLD)
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    return project


@pytest.fixture
def found(vallum):
    """The places of the findings that a change brings."""

    def look(*arguments):
        select = ("--control", "no-shell-injection", "--format", "json")
        status, out, _ = vallum("check", ".", "--diff", "HEAD", *select, *arguments)
        findings = [one["where"] for verdict in json.loads(out)["verdicts"] for one in verdict["findings"]]
        return status, [f"{where['path']}:{where['line']}" for where in findings]

    return look


def test_an_old_finding_is_not_told_and_a_new_one_is(repository, found):
    assert found() == (0, [])
    repository("views.py", "# moved\n\n" + OLD + NEW)
    assert found() == (1, ["views.py:12"])


def test_a_finding_on_a_changed_line_is_told(repository, found):
    repository("views.py", OLD.replace("'ls '", "'ls -l '"))
    assert found() == (1, ["views.py:6"])


def test_a_renamed_file_brings_nothing_and_an_untracked_one_does(repository, found):
    git("mv", "views.py", "pages.py")
    assert found() == (0, [])
    repository("odd name.py", OLD)
    assert found() == (1, ["odd name.py:6"])


def test_a_change_far_from_the_sink_brings_its_finding(repository, found):
    repository("helper.py", HELPER)
    repository("caller.py", CALLER)
    git("add", ".")
    git("commit", "--quiet", "-m", "second")
    assert found() == (0, [])
    repository("caller.py", CALLER.replace("'fixed'", "request.args['x']"))
    assert found() == (1, ["helper.py:5"])


@pytest.mark.parametrize("base", ["nowhere", "--output=x"])
def test_an_unknown_base_is_one_line(repository, vallum, base):
    status, out, err = vallum("check", ".", f"--diff={base}")
    assert (status, out) == (2, "")
    assert f'git knows no commit "{base}"' in err
    assert err.count("\n") == 1


def test_without_a_repository_it_is_one_line(project, vallum):
    status, _, err = vallum("check", ".", "--diff", "main")
    assert status == 2
    assert "git says: " in err
    assert err.count("\n") == 1
