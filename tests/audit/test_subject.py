import subprocess

import pytest

from vallum.audit.baseline import read_baseline, write_baseline
from vallum.audit.subject import describe
from vallum.base.errors import ConfigError


def git(folder, *arguments):
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@meadow.example", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


def test_project_outside_git_has_a_name_and_no_commit(tmp_path):
    folder = tmp_path / "meadow"
    folder.mkdir()
    subject = describe(folder, "meadow:app")
    assert (subject.name, subject.app, subject.commit, subject.uncommitted) == ("meadow", "meadow:app", "", 0)


def test_project_in_git_names_its_commit_and_what_is_not_committed(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "meadow-shop"\n')
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Begin")
    (tmp_path / "new.py").write_text("")
    subject = describe(tmp_path)
    assert (subject.name, subject.branch, subject.uncommitted) == ("meadow-shop", "main", 1)
    assert len(subject.commit) >= 7


@pytest.mark.parametrize("text", ["not toml [", "[project]\n", "[project]\nname = 3\n", 'project = "x"\n'])
def test_project_without_a_usable_name_takes_its_folder(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    assert describe(tmp_path).name == tmp_path.name


def test_machine_without_git_still_names_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert describe(tmp_path).commit == ""


def test_baseline_reads_what_it_wrote_sorted_and_once(tmp_path):
    path = tmp_path / "baseline.txt"
    entries = [("ff", "csrf", "app.py:3"), ("aa", "hsts", "GET /"), ("ff", "csrf", "app.py:3")]
    assert write_baseline(path, entries) == 2
    assert read_baseline(path) == {"aa", "ff"}
    assert [line.split()[0] for line in path.read_text().splitlines()[1:]] == ["aa", "ff"]


def test_baseline_that_is_missing_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_baseline(tmp_path / "none.txt")
