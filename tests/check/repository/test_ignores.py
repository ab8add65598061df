"""Ignore files: what is written satisfies git, Docker's patterns and our own rule, and nothing written is lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from vallum.check.repository.ignores import (
    add_missing,
    find_missing,
    find_tracked,
    find_uncovered,
    list_entries,
    name_ignores,
)
from vallum.check.run import check_text

SECRET = (".env", ".env.local", "deploy/tls.key", "server.pem", "config/credentials.json", "service-account-eu.json")
SAMPLE = (".env.example", "main.py", "keys.py", "package.json")


def test_git_leaves_out_what_the_entries_name(desk: Any) -> None:
    add_missing(desk.folder, ".gitignore")
    told = {
        path: desk.git("ls-files", "--others", "--ignored", "--exclude-standard", "--", path).strip()
        for path in (*SECRET, *SAMPLE)
        if not write(desk.folder / path)
    }
    assert {path for path, ignored in told.items() if ignored} == set(SECRET)


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")


@pytest.mark.parametrize("name", [".gitignore", ".dockerignore"])
def test_the_rule_is_content_with_what_is_written(tmp_path: Path, name: str) -> None:
    add_missing(tmp_path, name)
    files = {name: (tmp_path / name).read_text(), "app.py": "print(1)\n"}
    examination = check_text(files, frozenset({"secrets-not-committed"}))
    assert [type(remark).__name__ for remark in examination.remarks] == ["Site"]


def test_what_stood_there_stays_and_twice_is_once(tmp_path: Path) -> None:
    path = tmp_path / ".gitignore"
    path.write_text("build/\n.env")
    assert ".env" not in add_missing(tmp_path, ".gitignore")
    text = path.read_text()
    assert text.startswith("build/\n.env\n")
    assert add_missing(tmp_path, ".gitignore") == []
    assert path.read_text() == text


def test_patterns_of_ones_own_cover_too(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.env\n*.pem\n*.key\n*.json\n# credentials\n")
    assert find_uncovered(tmp_path, ".gitignore") == []
    (tmp_path / ".gitignore").write_text("*.env\n*.pem\n*.key\n*.json\n!credentials.json\n")
    assert find_uncovered(tmp_path, ".gitignore") == ["credentials.json"]
    assert find_missing(tmp_path, ".npmignore") == list_entries(".npmignore")


def test_docker_and_npm_are_asked_where_they_build(tmp_path: Path) -> None:
    assert name_ignores(tmp_path) == [".gitignore"]
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "package.json").write_text(json.dumps({}))
    assert name_ignores(tmp_path) == [".gitignore", ".dockerignore", ".npmignore"]


def test_tracked_files_with_names_of_secrets(desk: Any) -> None:
    for path in (*SECRET, *SAMPLE, "ca.pem", "id_ed25519", "docs/id_rsa.md"):
        desk.write(path, "x\n")
    assert set(find_tracked(desk.repository)) == {*SECRET, "id_ed25519"}
