"""What is remembered: the same answer, only for the same question, and only from this user."""

import json
import os
import stat
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum.check import run as check_module
from vallum.check.cache import identity, vault
from vallum.check.cache.answers import open_answers
from vallum.check.cache.packing import pack_examination, unpack_examination
from vallum.check.cache.vault import Vault, open_vault
from vallum.check.run import CheckPolicy, check
from vallum.findings.examination import Examination
from vallum.findings.finding import Confidence, Finding, Fix, Gap, Silence, Site, Step, Unproven, Way
from vallum.findings.place import Act, Place
from vallum.findings.report import Counts

BROKEN = "import os\nfrom flask import request\ndef f():\n    os.system('ls ' + request.args['d'])\n"
SELECT = frozenset({"no-shell-injection"})
NOON = 1_790_000_000.0


@pytest.fixture
def key_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "vallum"


@pytest.fixture
def tree(tmp_path: Path, key_home: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "views.py").write_text(BROKEN)
    return tmp_path / "tree"


def policy_of(tree: Path, **changes) -> CheckPolicy:
    policy = {"root": tree, "select": SELECT, "cache": tree / ".vallum" / "cache", "clock": lambda: NOON, **changes}
    return CheckPolicy(**policy)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the check worked something out, instead of remembering it."""
    seen: list[int] = []
    look = check_module._look

    def count(*arguments):
        seen.append(1)
        return look(*arguments)

    monkeypatch.setattr(check_module, "_look", count)
    return seen


def entries(tree: Path) -> list[Path]:
    return sorted((tree / ".vallum" / "cache").glob("*.entry"))


def test_an_unchanged_tree_is_answered_from_memory(tree: Path, looked: list[int]):
    cold = check(policy_of(tree))
    assert check(policy_of(tree)) == cold
    assert len(looked) == 1
    assert any(isinstance(remark, Finding) for remark in cold.remarks)


@pytest.mark.parametrize("change", ["edit", "add", "rename", "remove", "select", "day", "broken"])
def test_whatever_the_answer_depends_on_asks_anew(tree: Path, looked: list[int], change: str):
    (tree / "other.py").write_text("x = 1\n")
    check(policy_of(tree))
    changes = {}
    if change == "edit":
        (tree / "views.py").write_text(BROKEN.replace("ls", "df"))
    elif change == "add":
        (tree / "more.py").write_text("")
    elif change == "rename":
        (tree / "other.py").rename(tree / "another.py")
    elif change == "remove":
        (tree / "other.py").unlink()
    elif change == "select":
        changes = {"select": SELECT | {"path-traversal"}}
    elif change == "day":
        changes = {"clock": lambda: NOON + 86400}
    else:
        (tree / "gone.py").symlink_to(tree / "views.py")
    check(policy_of(tree, **changes))
    assert len(looked) == 2


def test_another_vallum_asks_anew(tree: Path, looked: list[int], monkeypatch: pytest.MonkeyPatch):
    check(policy_of(tree))
    monkeypatch.setattr("vallum.check.cache.answers.own_digest", lambda: "another")
    check(policy_of(tree))
    assert len(looked) == 2


def test_without_sources_of_our_own_nothing_is_remembered(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vallum.check.cache.answers.own_digest", lambda: "")
    check(policy_of(tree))
    assert not (tree / ".vallum").exists()


def test_the_digest_is_of_our_sources_and_of_the_interpreter(monkeypatch: pytest.MonkeyPatch):
    identity.own_digest.cache_clear()
    before = identity.own_digest()
    identity.own_digest.cache_clear()
    monkeypatch.setattr(sys, "version", "4.0")
    after = identity.own_digest()
    identity.own_digest.cache_clear()
    assert before
    assert before != after


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign key", "other entry", "pickle"])
def test_what_this_user_did_not_write_is_ignored_and_rewritten(tree: Path, looked: list[int], damage: str, key_home):
    cold = check(policy_of(tree))
    entry = entries(tree)[0]
    content = entry.read_bytes()
    if damage == "cut":
        entry.write_bytes(content[:40])
    elif damage == "flipped":
        entry.write_bytes(content[:-3] + b"x" + content[-2:])
    elif damage == "foreign key":
        Vault(entry.parent, b"k" * 32).write(entry.stem, pack_examination(Examination(remarks=())))
    elif damage == "other entry":
        mine = Vault(entry.parent, (key_home / "key").read_bytes())
        mine.write("0" * 64, pack_examination(Examination(remarks=())))
        (entry.parent / f"{'0' * 64}.entry").replace(entry)
    else:
        entry.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert check(policy_of(tree)) == cold
    assert len(looked) == 2
    assert check(policy_of(tree)) == cold
    assert len(looked) == 2


def test_an_entry_of_ours_that_is_no_examination_is_not_known(tmp_path: Path, key_home: Path):
    answers = open_answers(tmp_path / "cache")
    assert answers is not None
    for text in (
        b"{}",
        b"[]",
        b"nonsense",
        b'["Examination",[["Site"]],[],["Counts"]]',
        b'"x"',
        b'["Counts"]',
        b"null",
    ):
        answers.vault.write("name", text)
        assert answers.recall("name") is None


def test_the_folder_is_the_users_own(tree: Path, key_home: Path):
    (tree / ".vallum").mkdir()
    (tree / ".vallum" / "cache").mkdir(mode=0o777)
    check(policy_of(tree))
    assert stat.S_IMODE((tree / ".vallum" / "cache").stat().st_mode) == 0o700
    assert stat.S_IMODE((key_home / "key").stat().st_mode) == 0o600
    assert [path.name for path in key_home.iterdir()] == ["key"]


@pytest.mark.parametrize("name", [".vallum", ".vallum/cache"])
def test_a_link_in_place_of_the_folder_is_not_written_through(tree: Path, tmp_path: Path, name: str):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).symlink_to(elsewhere)
    assert check(policy_of(tree)).counts.files == 1
    assert not [path for path in elsewhere.rglob("*") if path.is_file()]


def test_without_a_home_for_the_key_nothing_is_remembered(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert open_vault(tmp_path / "cache", {"XDG_CACHE_HOME": str(tmp_path / "file")}) is None
    (tmp_path / "home" / "vallum").mkdir(parents=True)
    (tmp_path / "home" / "vallum" / "key").write_bytes(b"short")
    assert open_vault(tmp_path / "cache", {"XDG_CACHE_HOME": str(tmp_path / "home")}) is None


def test_the_key_lies_in_the_home_where_nothing_else_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert open_vault(tmp_path / "cache", {}) is not None
    assert (tmp_path / ".cache" / "vallum" / "key").is_file()


def test_a_place_without_room_loses_only_the_memory(tmp_path: Path, key_home: Path, monkeypatch: pytest.MonkeyPatch):
    mine = open_vault(tmp_path / "cache")
    assert mine is not None

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    mine.write("name", b"data")
    assert mine.read("name") is None
    assert not list((tmp_path / "cache").iterdir())


def test_the_oldest_entries_make_room(tmp_path: Path, key_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vault, "MOST_ENTRIES", 2)
    mine = open_vault(tmp_path / "cache")
    assert mine is not None
    for number, name in enumerate(("old", "new", "newest")):
        mine.write(name, b"data")
        path = tmp_path / "cache" / f"{name}.entry"
        if path.exists():
            os.utime(path, ns=(number * 1000, number * 1000))
    mine.write("last", b"data")
    assert mine.read("old") is None
    assert mine.read("last") == b"data"


def test_runs_at_the_same_time_agree_on_the_key(tmp_path: Path, key_home: Path):
    opened: list[Vault | None] = []
    threads = [threading.Thread(target=lambda: opened.append(open_vault(tmp_path / "cache"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = opened[0]
    assert first is not None
    first.write("name", b"data")
    assert [mine.read("name") for mine in opened if mine is not None] == [b"data"] * 8


words = st.text(max_size=8)
places = st.builds(Place, path=words, line=st.integers(1, 9), text=words, scope=words)
wheres = places | st.builds(Act, method=words, path=words)
fixes = st.builds(Fix, text=words, before=st.tuples(words), after=st.tuples(words), place=st.none() | places)
shared = {"control": words, "source": words, "way": st.sampled_from(Way)}
findings = st.builds(
    Finding,
    **shared,
    where=wheres,
    message=words,
    reason=words,
    steps=st.tuples(st.builds(Step, verb=words, place=places, value=words)),
    fix=st.none() | fixes,
    confidence=st.sampled_from(Confidence),
    seen=st.tuples(words),
)
remarks = (
    findings
    | st.builds(Site, **shared, where=wheres, note=words)
    | st.builds(Unproven, **shared, silence=st.sampled_from(Silence), reason=words)
)
gaps = st.builds(Gap, what=words, why=words, way=st.sampled_from(Way), controls=st.tuples(words))
examinations = st.builds(
    Examination,
    remarks=st.lists(remarks, max_size=3).map(tuple),
    gaps=st.lists(gaps, max_size=2).map(tuple),
    counts=st.builds(Counts, files=st.integers(0, 9), routes=st.none() | st.integers(0, 9)),
)


@given(examinations)
@settings(max_examples=25)
def test_what_is_packed_comes_back_as_it_was(examination: Examination):
    found = unpack_examination(pack_examination(examination))
    assert found == examination
    for one, other in zip(found.remarks, examination.remarks, strict=True):
        assert repr(one) == repr(other)


@given(st.recursive(st.none() | st.integers() | words, lambda inner: st.lists(inner, max_size=4), max_leaves=8))
@settings(max_examples=25)
def test_other_texts_are_refused(value):
    with pytest.raises(ValueError, match="not an examination"):
        unpack_examination(json.dumps(value).encode())
