"""The secrets of staged files and of a whole history, each told without its value."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from vallum.check.flow.index import Index
from vallum.check.flow.module import Module, read_module
from vallum.check.flow.reader import FactReader
from vallum.check.read.source import Source, UnreadableError, decode_source, make_source
from vallum.check.read.suppression import read_suppressions
from vallum.check.repository.git import Blob, Repository
from vallum.check.secrets.code import CodeScan
from vallum.check.secrets.detection import Detection, place_masked
from vallum.check.secrets.scan import scan_source
from vallum.findings.examination import Progress, show_nothing
from vallum.findings.finding import Confidence

KEEPS: Final = ("git-history-scan",)

CONTROL: Final = "no-hardcoded-secrets"
MESSAGE: Final = "(the message of the commit)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret in a repository. `text` is its line with every secret masked; `commit` is empty for what is staged."""

    path: str
    line: int
    what: str
    """Such as `a GitHub token`; never the value."""
    confidence: Confidence
    text: str
    commit: str = ""
    day: str = ""
    versions: int = 1
    """In how many versions of the file it stands."""

    @property
    def fingerprint(self) -> str:
        """What a baseline names it by: made of the place and never of the value, which could be guessed from it."""
        told = "\0".join((self.commit, self.path, str(self.line), self.what))
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:20]

    @property
    def is_sample(self) -> bool:
        """Whether it stands where samples stand (tests, documents), or looks like one."""
        return self.confidence is Confidence.LOW


def scan_staged(repository: Repository) -> list[Leak]:
    """The secrets that the next commit would bring."""
    leaks: list[Leak] = []
    for blob in repository.read_staged():
        source, found = find_secrets(blob)
        leaks.extend(_tell(source, one, found) for one in found)
    return leaks


def scan_history(repository: Repository, progress: Progress = show_nothing) -> list[Leak]:
    """The secrets in every version of every file, and in the messages of all commits, each with its first commit.

    The same secret in later versions of one file is told once.
    """
    objects = repository.list_objects()
    places = {name: place for place, (name, _) in enumerate(objects)}
    versions: dict[tuple[str, str, str], list[tuple[str, Leak]]] = {}
    for blob in repository.read_blobs(objects):
        progress(f"reading {blob.path}", places[blob.id], len(objects))
        source, found = find_secrets(blob)
        for one in found:
            versions.setdefault((blob.path, one.what, one.value), []).append((blob.id, _tell(source, one, found)))
    find_first = cache(repository.find_first)
    leaks = list(_scan_messages(repository))
    for seen in versions.values():
        blob_id, leak = seen[-1]  # git lists the newest first
        commit, count = find_first(blob_id), len({name for name, _ in seen})
        leaks.append(replace(leak, commit=commit.id, day=commit.day, versions=count))
    return sorted(leaks, key=lambda leak: (leak.day, leak.path, leak.line))


def find_secrets(blob: Blob) -> tuple[Source, list[Detection]]:
    """The text of a file and its secrets, but those that a comment silences with a reason."""
    if b"\0" in blob.data[:8192] and not blob.data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return make_source(blob.path, ""), []
    try:
        source = decode_source(blob.path, blob.data)
    except UnreadableError:
        source = make_source(blob.path, blob.data.decode("utf-8", "replace"))
    found = scan_source(source, *_read_code(source))
    silenced, _ = read_suppressions(source)
    return source, [one for one in found if not any(word.covers(one.line, CONTROL) for word in silenced)]


def _read_code(source: Source) -> tuple[Module | None, CodeScan]:
    try:
        modules = [read_module(source)] if source.kind == "python" else []
    except UnreadableError:
        modules = []
    return (modules[0] if modules else None), CodeScan(FactReader(Index(modules)))


def _tell(source: Source, one: Detection, every: list[Detection]) -> Leak:
    text = place_masked(source, one, every).text
    return Leak(path=source.path, line=one.line, what=one.what, confidence=one.confidence, text=text)


def _scan_messages(repository: Repository) -> Iterator[Leak]:
    for commit in repository.list_commits():
        source = make_source(MESSAGE, commit.message)
        found = scan_source(source, *_read_code(source))
        yield from (replace(_tell(source, one, found), commit=commit.id, day=commit.day) for one in found)
