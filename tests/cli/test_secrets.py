"""`vallum secrets` in a real repository: what stops a commit, what the history tells, and that no value is printed."""

import json
import os
import subprocess

import pytest

KEY = "Qm27RtVw93KdHs64YbNc05TfGjZx81pL"
CODE = f'API_KEY = "{KEY}"\n'


@pytest.fixture
def git(project, tmp_path, monkeypatch):
    """Run git in the project's folder, as nobody in particular."""
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "ada",
        "GIT_AUTHOR_EMAIL": "ada@localhost",
        "GIT_COMMITTER_NAME": "ada",
        "GIT_COMMITTER_EMAIL": "ada@localhost",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        return subprocess.run(["git", *arguments], cwd=tmp_path, capture_output=True, text=True)

    run("init", "--quiet", "--initial-branch=main")
    project("readme.txt", "hello\n")
    run("add", "--all")
    run("commit", "--quiet", "-m", "begin")
    return run


def test_staged_secrets_stop(git, project, vallum):
    assert vallum("secrets", "scan", "--staged")[0] == 0
    project("settings.py", CODE)
    git("add", "--all")
    status, out, _ = vallum("secrets", "scan", "--staged")
    assert status == 1
    assert "settings.py:1" in out
    assert "1 secret staged." in out
    assert KEY not in out


def test_samples_are_counted_on_demand(git, project, vallum):
    project("tests/test_login.py", CODE)
    git("add", "--all")
    assert vallum("secrets", "scan", "--staged")[0] == 0
    assert vallum("secrets", "scan", "--staged", "--all")[0] == 1


def test_the_history_tells_until_the_leak_is_known(git, project, vallum, tmp_path):
    project("settings.py", CODE)
    git("add", "--all")
    git("commit", "--quiet", "-m", "leak")
    git("rm", "--quiet", "settings.py")
    git("commit", "--quiet", "-m", "gone")
    status, out, _ = vallum("secrets", "history", "--format", "json", "--output", "report.json")
    assert (status, KEY in out) == (1, False)
    assert (tmp_path / "report.json").read_text() == out
    (leak,) = json.loads(out)["leaks"]
    entry = f'[[known]]\nfingerprint = "{leak["fingerprint"]}"\nowner = "ada"\nreason = "revoked"\n'
    (tmp_path / "vallum-secrets.toml").write_text(entry + "expires = 9999-01-01\n")
    assert vallum("secrets", "history")[0] == 0
    (tmp_path / "vallum-secrets.toml").write_text(entry + "expires = 2020-01-01\n")
    status, out, _ = vallum("secrets", "history")
    assert status == 1
    assert leak["fingerprint"] in out
    assert vallum("secrets", "history", "--format", "json")[1].count('"valid": false') == 1


def test_a_history_that_was_cut_is_not_clean(git, vallum, tmp_path, monkeypatch):
    git("commit", "--quiet", "--allow-empty", "-m", "more")
    git("clone", "--quiet", "--depth", "1", tmp_path.as_uri(), "cut")
    monkeypatch.chdir(tmp_path / "cut")
    status, _, err = vallum("secrets", "history")
    assert status == 3
    assert "fetch-depth: 0" in err


def test_ignores_are_told_and_written(git, project, vallum):
    project("Dockerfile", "FROM scratch\n")
    status, out, _ = vallum("secrets", "ignore")
    assert status == 1
    assert ".gitignore does not leave out .env" in out
    assert ".dockerignore" in out
    assert vallum("secrets", "ignore", "--write")[0] == 0
    assert vallum("secrets", "ignore")[0] == 0
    project("deploy/tls.key", "x")
    git("add", "--all", "--force")
    status, out, _ = vallum("secrets", "ignore")
    assert status == 1
    assert "deploy/tls.key is tracked" in out


def test_entries_can_be_printed(vallum):
    assert "**/.env\n" in vallum("secrets", "ignore", "--print", ".dockerignore")[1]


def test_the_hook_refuses_a_commit_and_prints_no_secret(git, project, vallum):
    status, out, _ = vallum("secrets", "hook")
    assert status == 0
    assert "was refused" in out
    project("settings.py", CODE)
    git("add", "--all")
    done = git("commit", "-m", "leak")
    assert done.returncode != 0
    assert KEY not in done.stdout + done.stderr
    project("settings.py", "API_KEY = read()\n")
    git("add", "--all")
    assert git("commit", "-m", "sound").returncode == 0


def test_a_hook_that_is_there_is_left_alone(git, project, vallum, tmp_path):
    path = tmp_path / ".git" / "hooks" / "pre-commit"
    path.write_text("#!/bin/sh\nexit 0\n")
    status, _, err = vallum("secrets", "hook")
    assert status == 2
    assert "vallum secrets scan --staged" in err
    assert path.read_text() == "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize("script", ["exit 0", "exit 1", "no-such-program", "git diff --cached; exit 1"])
def test_a_hook_that_does_not_do_its_work_is_told(git, vallum, monkeypatch, tmp_path, script):
    path = tmp_path / ".git" / "hooks" / "pre-commit"
    monkeypatch.setattr("vallum.cli.secrets.install_hook", lambda _: path)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    status, _, err = vallum("secrets", "hook")
    assert status == 3
    assert "does not do its work" in err


def test_outside_of_a_repository_it_is_one_line(project, vallum):
    status, _, err = vallum("secrets", "history")
    assert status == 2
    assert "git repository" in err
