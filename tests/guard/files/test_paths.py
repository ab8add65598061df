import json
import os
import re
import socket
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.files import paths
from vallum.guard.files.names import split_name
from vallum.guard.files.paths import PathRefusedError, SafeFolder

CORPUS = json.loads((Path(__file__).parent / "path_payloads.json").read_text(encoding="utf-8"))
PAYLOADS = CORPUS["refused"]


@pytest.fixture
def folder(tmp_path: Path) -> SafeFolder:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "notes-other").mkdir()
    (tmp_path / "notes-other" / "x").write_text("secret")
    root = tmp_path / "notes"
    root.mkdir()
    (root / "a.txt").write_text("a")
    (root / "deep").mkdir()
    (root / "deep" / "b.txt").write_text("b")
    return SafeFolder(root)


def test_the_corpus_is_large() -> None:
    assert len(set(PAYLOADS)) >= 300


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_is_taken_as_a_name(folder: SafeFolder, payload: str) -> None:
    for act in (folder.join, folder.open, folder.create, folder.make_folder, folder.remove):
        with pytest.raises(PathRefusedError) as caught:
            act(payload)
        assert caught.value.status == 400


@pytest.mark.parametrize("name", CORPUS["accepted"])
def test_ordinary_names_stand_below_the_root_unchanged(folder: SafeFolder, name: str) -> None:
    assert folder.join(name) == folder.root / name


@given(st.text(max_size=30))
def test_a_name_is_refused_or_stays_below_whoever_decodes_it(name: str) -> None:
    try:
        segments = split_name(name)
    except PathRefusedError:
        return
    assert "/".join(segments) == name
    for reading in (name, name.replace("\\", "/"), quote(name)):
        assert not re.search(r"(?:^|/)\.*(?:/|$)", reading)
        assert not Path(reading).is_absolute()


def test_files_are_read_written_and_removed(folder: SafeFolder) -> None:
    with folder.create("deep/new.txt") as file:
        file.write(b"new")
    assert stat.S_IMODE((folder.root / "deep" / "new.txt").stat().st_mode) == 0o600
    with folder.open("deep/new.txt") as file:
        assert file.read() == b"new"
    with pytest.raises(FileExistsError):
        folder.create("deep/new.txt")
    folder.remove("deep/new.txt")
    with pytest.raises(FileNotFoundError):
        folder.open("deep/new.txt")
    with pytest.raises(FileNotFoundError):
        folder.create("missing/new.txt")


def test_folders_are_made_for_their_owner_only(folder: SafeFolder) -> None:
    folder.make_folder("one/two")
    folder.make_folder("one/two/three")
    assert stat.S_IMODE((folder.root / "one" / "two").stat().st_mode) == 0o700


@pytest.mark.parametrize("target", ["../secret.txt", "/etc/passwd", "a.txt", "missing"])
def test_a_link_is_never_followed(folder: SafeFolder, target: str) -> None:
    (folder.root / "link").symlink_to(target)
    for act in (folder.open, folder.make_folder):
        with pytest.raises(PathRefusedError):
            act("link")
    with pytest.raises(FileExistsError):
        folder.create("link")


@pytest.mark.parametrize("target", ["..", "../notes-other", "/etc", "deep"])
def test_a_linked_folder_is_never_entered(folder: SafeFolder, target: str) -> None:
    (folder.root / "link").symlink_to(target)
    for act in (folder.open, folder.create, folder.remove, folder.make_folder):
        with pytest.raises(PathRefusedError):
            act("link/x")


def test_join_resolves_links_and_compares_by_components(folder: SafeFolder) -> None:
    for name, target in {"out": "../secret.txt", "twin": "../notes-other/x", "self": ".", "loop": "loop"}.items():
        (folder.root / name).symlink_to(target)
        with pytest.raises(PathRefusedError):
            folder.join(name)
    (folder.root / "inside").symlink_to("deep")
    assert folder.join("inside/b.txt") == folder.root / "deep" / "b.txt"


def test_removing_a_link_leaves_its_target(folder: SafeFolder) -> None:
    (folder.root / "link").symlink_to("a.txt")
    folder.remove("link")
    assert (folder.root / "a.txt").read_text() == "a"


def test_folders_pipes_and_sockets_are_no_files(folder: SafeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder.root / "pipe")
    monkeypatch.chdir(folder.root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("deep", "pipe", "socket", "a.txt/x"):
            with pytest.raises(PathRefusedError):
                folder.open(name)


def test_other_errors_of_the_system_are_not_hidden(folder: SafeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> int:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(paths.os, "open", fail)
    with pytest.raises(PermissionError):
        paths._open_at("a", 0, 0)


def test_the_root_must_exist_and_may_itself_be_a_link(folder: SafeFolder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        SafeFolder(tmp_path / "missing")
    (tmp_path / "linked").symlink_to("notes")
    with SafeFolder(tmp_path / "linked").open("a.txt") as file:
        assert file.read() == b"a"


def test_a_system_without_openat_says_so(folder: SafeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_CAN_WALK", False)
    with pytest.raises(ConfigError, match="following links"):
        folder.open("a.txt")
    assert folder.join("a.txt")
