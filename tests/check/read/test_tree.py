"""Which files are looked at, and what is said of those that are not."""

from pathlib import Path

import pytest

from vallum.base.errors import UsageError
from vallum.check.read.kinds import kind_of
from vallum.check.read.tree import find_files, is_excluded, make_sources, read_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in (
        "app/views.py",
        "app/data.bin",
        ".git/hook.py",
        ".venv/lib/x.py",
        "node_modules/a/index.js",
        "env/a.py",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    (root / "env" / "pyvenv.cfg").write_text("home = x\n")
    return root


def test_tools_and_environments_are_skipped(tree: Path):
    assert find_files(tree, [Path()]) == (["app/views.py"], [])


def test_a_single_file_and_an_absolute_folder_can_be_named(tree: Path):
    assert find_files(tree, [Path("app/views.py")])[0] == ["app/views.py"]
    assert find_files(tree, [tree / "app"])[0] == ["app/views.py"]


def test_patterns_exclude_files_and_folders(tree: Path):
    assert find_files(tree, [Path()], ["app"])[0] == []
    assert find_files(tree, [Path()], ["*/views.py"])[0] == []
    assert is_excluded("a/b/c_pb2.py", ["*_pb2.py"])
    assert not is_excluded("a/b/c.py", ["*_pb2.py"])


def test_a_missing_path_is_a_usage_error(tree: Path):
    with pytest.raises(UsageError, match="nowhere"):
        find_files(tree, [Path("nowhere")])


def test_links_out_of_the_root_are_not_followed(tree: Path, tmp_path: Path):
    outside = tmp_path / "outside.py"
    outside.write_text("secret = 1\n")
    (tree / "app" / "link.py").symlink_to(outside)
    (tree / "app" / "inner.py").symlink_to(tree / "app" / "views.py")
    assert find_files(tree, [Path()])[0] == ["app/inner.py", "app/views.py"]


def test_what_cannot_be_decoded_is_a_gap(tree: Path):
    (tree / "app" / "views.py").write_bytes(b"# ok\nx = '\xff'\n")
    sources, gaps = read_files(tree, ["app/views.py", "app/gone.py"])
    assert sources == []
    assert [gap.what for gap in gaps] == ["app/gone.py", "app/views.py:2"]
    assert "utf-8" in gaps[1].why


def test_huge_files_are_a_gap(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vallum.check.read.tree.LARGEST_FILE", 3)
    assert "larger" in read_files(tree, ["app/views.py"])[1][0].why


def test_files_in_memory_are_sorted_and_of_known_kinds():
    assert [source.path for source in make_sources({"b.py": "", "a.py": "", "c.bin": ""})] == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.py", "python"),
        ("requirements.txt", "requirements"),
        ("requirements-dev.in", "requirements"),
        ("requirements/base.txt", "requirements"),
        ("notes.txt", ""),
        ("Dockerfile", "dockerfile"),
        ("api.Dockerfile", "dockerfile"),
        (".env", "dotenv"),
        (".env.production", "dotenv"),
        ("nginx.conf", "nginx"),
        ("web/.gitignore", "gitignore"),
        (".dockerignore", "gitignore"),
        ("Jenkinsfile", "groovy"),
        (".husky/pre-commit", "shell"),
        (".husky/readme.md", ""),
        ("templates/a.html", "html"),
        ("a.j2", "jinja"),
        ("poetry.lock", "toml"),
        ("package.json", "json"),
        ("setup.cfg", "ini"),
        ("a.tsx", "typescript"),
        ("httpd.conf", "apache"),
        ("docs/threat-model.md", "threat-model"),
        ("docs/notes.md", ""),
    ],
)
def test_kinds_are_told_by_name(path: str, kind: str):
    assert kind_of(path) == kind
