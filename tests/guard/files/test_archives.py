import bz2
import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.files.archives import ArchiveLimits, ArchiveRefusedError, extract_archive
from vallum.guard.files.paths import PathRefusedError, SafeFolder

ESCAPES = ["../x", "a/../../x", "/etc/x", "a\\..\\x", "..\\x", "C:/x", "C:\\x", "a/%2e%2e/x", "nul", "a:b", "a\x01b"]


def make_zip(*entries: tuple[str | zipfile.ZipInfo, bytes], **options: Any) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", **options) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return made


def make_tar(*entries: tuple[str | tarfile.TarInfo, bytes], pack: Callable[[bytes], bytes] = bytes) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return io.BytesIO(pack(made.getvalue()))


MAKERS: dict[str, Callable[..., io.BytesIO]] = {
    "zip": make_zip,
    "tar": make_tar,
    "tar.gz": lambda *entries: make_tar(*entries, pack=gzip.compress),
    "tar.bz2": lambda *entries: make_tar(*entries, pack=bz2.compress),
}
each_format = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@pytest.fixture
def folder(tmp_path: Path) -> SafeFolder:
    (tmp_path / "into").mkdir()
    return SafeFolder(tmp_path / "into")


def files(folder: SafeFolder) -> set[str]:
    return {str(path.relative_to(folder.root)) for path in folder.root.rglob("*") if not path.is_dir()}


@each_format
def test_files_and_folders_are_unpacked(make: Callable[..., io.BytesIO], folder: SafeFolder) -> None:
    assert extract_archive(make(("a.txt", b"a"), ("deep/er/b.txt", b"bb"), ("empty", b"")), folder) == (
        "a.txt",
        "deep/er/b.txt",
        "empty",
    )
    assert (folder.root / "deep" / "er" / "b.txt").read_bytes() == b"bb"
    assert stat.S_IMODE((folder.root / "a.txt").stat().st_mode) == 0o600


@each_format
@pytest.mark.parametrize("name", ESCAPES)
def test_an_entry_that_leads_out_stops_everything(
    make: Callable[..., io.BytesIO], folder: SafeFolder, name: str
) -> None:
    with pytest.raises(PathRefusedError):
        extract_archive(make(("good.txt", b"a"), (name, b"evil")), folder)
    assert files(folder) == set()
    assert not (folder.root.parent / "x").exists()


def test_a_zip_name_that_python_cuts_at_nul_is_refused(folder: SafeFolder) -> None:
    archive = make_zip(("good.txtXevil", b"a"))
    with pytest.raises(PathRefusedError):
        extract_archive(io.BytesIO(archive.getvalue().replace(b"good.txtX", b"good.txt\0")), folder)


def test_folders_and_the_leading_dot_of_tar_are_understood(folder: SafeFolder) -> None:
    top, inner = tarfile.TarInfo("."), tarfile.TarInfo("./deep")
    top.type = inner.type = tarfile.DIRTYPE
    assert extract_archive(make_tar((top, b""), (inner, b""), ("./deep/a", b"a")), folder) == ("deep/a",)
    extract_archive(make_zip(("folder/", b"")), folder)
    assert (folder.root / "folder").is_dir()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"Z"]
)
def test_links_and_devices_in_a_tar_are_refused(folder: SafeFolder, kind: bytes) -> None:
    info = tarfile.TarInfo("entry")
    info.type, info.linkname = kind, "../../secret"
    with pytest.raises(ArchiveRefusedError) as caught:
        extract_archive(make_tar((info, b"")), folder)
    assert caught.value.code in {"archive-special", "archive-refused"}
    assert files(folder) == set()


def test_a_sparse_file_in_a_tar_is_refused(folder: SafeFolder) -> None:
    info = tarfile.TarInfo("sparse")
    info.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "1000000"}
    with pytest.raises(ArchiveRefusedError) as caught:
        extract_archive(make_tar((info, b"x")), folder)
    assert caught.value.code == "archive-special"


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(folder: SafeFolder, mode: int) -> None:
    info = zipfile.ZipInfo("entry")
    info.external_attr = (mode | 0o777) << 16
    with pytest.raises(ArchiveRefusedError) as caught:
        extract_archive(make_zip((info, b"../secret")), folder)
    assert caught.value.code == "archive-special"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_in_a_zip_is_refused(folder: SafeFolder, method: int) -> None:
    with pytest.raises(ArchiveRefusedError):
        extract_archive(make_zip(("a", b"a"), compression=method), folder)


def test_an_encrypted_zip_is_refused(folder: SafeFolder) -> None:
    data = bytearray(make_zip(("a", b"a")).getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ArchiveRefusedError):
        extract_archive(io.BytesIO(data), folder)


@each_format
def test_one_name_twice_is_refused_in_any_letter_case(make: Callable[..., io.BytesIO], folder: SafeFolder) -> None:
    with pytest.raises(ArchiveRefusedError) as caught:
        extract_archive(make(("A.txt", b"a"), ("a.TXT", b"b")), folder)
    assert caught.value.code == "archive-entries"
    assert files(folder) == set()


@each_format
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"entries": 2}, "archive-entries"),
        ({"entry_bytes": 1000}, "archive-too-large"),
        ({"total_bytes": 2500}, "archive-too-large"),
        ({"archive_bytes": 50}, "archive-too-large"),
    ],
)
def test_each_limit_stops_and_cleans_up(
    make: Callable[..., io.BytesIO], folder: SafeFolder, limits: dict[str, int], code: str
) -> None:
    entries = [("a", b"x" * 1001), ("b", b"y" * 1000), ("c", b"z" * 1000)]
    with pytest.raises(ArchiveRefusedError) as caught:
        extract_archive(make(*entries), folder, limits=ArchiveLimits(**limits))
    assert caught.value.code == code
    assert files(folder) == set()


BOMB = bytes(30 * 1024 * 1024)


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_zip(("bomb", BOMB[: 20 * 1024 * 1024]), compression=zipfile.ZIP_DEFLATED),
        lambda: make_tar(("bomb", BOMB[: 20 * 1024 * 1024]), pack=gzip.compress),
        lambda: make_tar(("bomb", BOMB[: 20 * 1024 * 1024]), pack=bz2.compress),
    ],
)
def test_a_bomb_within_the_sizes_is_seen_by_its_ratio(folder: SafeFolder, make: Callable[..., io.BytesIO]) -> None:
    with pytest.raises(ArchiveRefusedError) as caught:
        extract_archive(make(), folder)
    assert caught.value.code == "archive-too-large"


def test_the_headers_of_a_tar_are_bounded_too(folder: SafeFolder) -> None:
    header = tarfile.TarInfo("pax")
    header.type = tarfile.XHDTYPE
    with pytest.raises(ArchiveRefusedError) as caught:
        extract_archive(
            make_tar((header, BOMB), pack=gzip.compress), folder, limits=ArchiveLimits(total_bytes=1024, entries=1)
        )
    assert caught.value.code == "archive-too-large"


def test_an_existing_file_is_never_overwritten(folder: SafeFolder) -> None:
    (folder.root / "a").write_text("mine")
    with pytest.raises(FileExistsError):
        extract_archive(make_zip(("first", b"1"), ("a", b"evil")), folder)
    assert (folder.root / "a").read_text() == "mine"
    assert files(folder) == {"a"}


def test_a_file_cannot_be_used_as_a_folder(folder: SafeFolder) -> None:
    with pytest.raises(PathRefusedError):
        extract_archive(make_zip(("a", b"1"), ("a/b", b"evil")), folder)
    assert files(folder) == set()


@pytest.mark.parametrize(
    "content", [b"", b"no archive", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"x" * 600, b"\xfd7zXZ\0"]
)
def test_broken_and_unknown_archives_are_refused(folder: SafeFolder, content: bytes) -> None:
    with pytest.raises(ArchiveRefusedError):
        extract_archive(io.BytesIO(content), folder)


GOOD = [MAKERS[name](("a.txt", b"hello" * 50), ("b/c.txt", b"x" * 300)).getvalue() for name in ("zip", "tar", "tar.gz")]


@given(which=st.sampled_from(GOOD), place=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_damaged_archive_gives_clean_refusals(
    tmp_path_factory: pytest.TempPathFactory, which: bytes, place: int, value: int
) -> None:
    damaged = bytearray(which)
    damaged[place % len(damaged)] = value
    folder = SafeFolder(tmp_path_factory.mktemp("fuzz"))
    try:
        names = extract_archive(io.BytesIO(damaged), folder)
    except (ArchiveRefusedError, PathRefusedError):
        names = ()
    assert files(folder) == set(names)


def test_limits_are_checked_when_built() -> None:
    with pytest.raises(ConfigError):
        ArchiveLimits(entries=0)
