"""What is staged, and what the history holds: found wherever it stands, and told without its value."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vallum.base.errors import UsageError
from vallum.check.repository.git import Repository
from vallum.check.repository.scanning import MESSAGE, scan_history, scan_staged

Python = Callable[..., str]
PRIVATE = (
    Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


def test_what_is_staged_is_found_and_masked(desk: Any, python: Python, key: str) -> None:
    desk.write("shop/settings.py", python())
    (leak,) = scan_staged(desk.repository)
    assert (leak.path, leak.line, leak.commit) == ("shop/settings.py", 3, "")
    assert key not in repr(leak)
    assert "API_KEY" in leak.text


def test_the_staged_text_counts_and_not_the_file(desk: Any, python: Python) -> None:
    desk.write("settings.py", python())
    (desk.folder / "settings.py").write_text("API_KEY = read()\n")
    assert len(scan_staged(desk.repository)) == 1
    desk.write("settings.py", "API_KEY = read()\n")
    (desk.folder / "settings.py").write_text(python())
    assert scan_staged(desk.repository) == []


def test_only_what_the_commit_changes_is_scanned(desk: Any, python: Python) -> None:
    desk.write("old.py", python())
    desk.commit()
    desk.write("new.py", "print('hello')\n")
    assert scan_staged(desk.repository) == []
    desk.git("rm", "--quiet", "old.py")
    assert scan_staged(desk.repository) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("deploy/values.yaml", "database:\n  password: {key}\n"),
        (".env", "SESSION_SECRET={key}\n"),
        ("a b/ü\n.json", '{{"api_key": "{key}"}}\n'),
        ("notes.txt", "postgresql://shop:{key}@db.internal/shop\n"),
        ("unknown.kind", PRIVATE),
        ("broken.py", 'def (\npassword = "postgresql://shop:{key}@db.internal/shop"\n'),
    ],
)
def test_every_kind_of_file_is_read(desk: Any, key: str, path: str, text: str) -> None:
    desk.write(path, text.format(key=key))
    assert [leak.path for leak in scan_staged(desk.repository)] == [path]


@pytest.mark.parametrize("data", [b"\x00\x01password=hunter2222222", b"\xff\xfe\x00", b""])
def test_bytes_that_are_no_text_are_passed_over(desk: Any, data: bytes) -> None:
    desk.write("picture.bin", data)
    assert scan_staged(desk.repository) == []


def test_text_in_another_encoding_is_still_read(desk: Any, key: str) -> None:
    desk.write(
        "old.py", f'# caf\xe9\nAPI_KEY = "{key}"\nURL = "postgresql://shop:{key}@db.internal/x"\n'.encode("latin-1")
    )
    assert [leak.line for leak in scan_staged(desk.repository)] == [2, 3]


def test_a_comment_with_a_reason_silences_and_one_without_does_not(desk: Any, key: str) -> None:
    line = f'API_KEY = "{key}"  # vallum: ignore[no-hardcoded-secrets]'
    desk.write("a.py", f"{line} of the public sandbox\n")
    desk.write("b.py", f"{line}\n")
    assert [leak.path for leak in scan_staged(desk.repository)] == ["b.py"]


def test_what_was_taken_out_is_still_in_the_history(desk: Any, python: Python) -> None:
    desk.write("settings.py", python())
    first = desk.commit(day="2026-01-05")
    desk.write("settings.py", python() + "DEBUG = False\n")
    desk.commit(day="2026-02-05")
    desk.git("rm", "--quiet", "settings.py")
    desk.commit(day="2026-03-05")
    (leak,) = scan_history(desk.repository)
    assert (leak.commit, leak.day, leak.versions) == (first, "2026-01-05", 2)


def test_every_branch_tag_and_merge_is_read(desk: Any, key: str) -> None:
    desk.write("readme.md", "hello\n")
    desk.commit()
    for name in ("feature", "tagged"):
        desk.git("checkout", "--quiet", "-b", name, "main")
        desk.write(f"{name}.py", f'API_KEY = "{name}{key}"\n')
        desk.commit()
    desk.git("tag", "v1")
    desk.git("checkout", "--quiet", "main")
    desk.git("branch", "--quiet", "-D", "tagged")
    desk.git("merge", "--quiet", "--no-ff", "--no-commit", "feature")
    desk.write("evil.py", f'API_KEY = "evil{key}"\n')
    desk.commit("merge")
    assert {leak.path for leak in scan_history(desk.repository)} == {"feature.py", "tagged.py", "evil.py"}


def test_messages_of_commits_are_read(desk: Any, key: str) -> None:
    name = desk.commit(f"Point to postgresql://shop:{key}@db.internal/shop")
    (leak,) = scan_history(desk.repository)
    assert (leak.path, leak.commit, key in repr(leak)) == (MESSAGE, name, False)


def test_fingerprints_stay_and_do_not_follow_from_the_value(desk: Any, python: Python, key: str) -> None:
    desk.write("settings.py", python())
    desk.commit()
    (before,) = scan_history(desk.repository)
    desk.write("other.py", python("SIGNING_SECRET"))
    desk.commit(day="2026-03-02")
    after = {leak.path: leak.fingerprint for leak in scan_history(desk.repository)}
    assert after["settings.py"] == before.fingerprint != after["other.py"]


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository"):
        Repository(tmp_path)
    with pytest.raises(UsageError, match="cannot be started"):
        Repository(tmp_path / "absent")


def test_a_history_that_was_cut_is_told(desk: Any, tmp_path: Path) -> None:
    desk.commit("one")
    desk.commit("two")
    assert not desk.repository.is_shallow
    address = desk.folder.as_uri()
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", address, str(tmp_path / "cut")], check=True)
    assert Repository(tmp_path / "cut").is_shallow
