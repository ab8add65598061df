"""Sealed files: whole or not at all, for their owner alone, in constant memory."""

import stat
import tracemalloc
from pathlib import Path

import pytest

from vallum.guard.crypto.file_sealing import SealedFiles, SealRefusedError
from vallum.guard.crypto.sealing import generate_field_key

OLD, NEW = generate_field_key(), generate_field_key()
FILES = SealedFiles.from_secrets([NEW, OLD])


def test_there_and_back(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"line\n" * 30_000)
    FILES.seal_file(tmp_path / "plain", tmp_path / "sealed", context="backup:7")
    assert b"line" not in (tmp_path / "sealed").read_bytes()
    FILES.open_file(tmp_path / "sealed", tmp_path / "back", context="backup:7")
    assert (tmp_path / "back").read_bytes() == b"line\n" * 30_000
    assert stat.S_IMODE((tmp_path / "back").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"plain", "sealed", "back"}


def test_a_file_that_was_cut_off_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x" * 200_000)
    FILES.seal_file(tmp_path / "plain", tmp_path / "sealed", context="c")
    (tmp_path / "sealed").write_bytes((tmp_path / "sealed").read_bytes()[:-70_000])
    (tmp_path / "back").write_bytes(b"what was there")
    with pytest.raises(SealRefusedError):
        FILES.open_file(tmp_path / "sealed", tmp_path / "back", context="c")
    assert (tmp_path / "back").read_bytes() == b"what was there"
    assert {path.name for path in tmp_path.iterdir()} == {"plain", "sealed", "back"}


def test_old_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x")
    SealedFiles.from_secrets([OLD]).seal_file(tmp_path / "plain", tmp_path / "old", context="c")
    FILES.seal_file(tmp_path / "plain", tmp_path / "new", context="c")
    assert FILES.needs_rotation(tmp_path / "old")
    assert not FILES.needs_rotation(tmp_path / "new")


def test_memory_does_not_follow_the_size(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(bytes(8 * 1024 * 1024))
    tracemalloc.start()
    FILES.seal_file(tmp_path / "plain", tmp_path / "sealed", context="c")
    FILES.open_file(tmp_path / "sealed", tmp_path / "back", context="c")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1024 * 1024
