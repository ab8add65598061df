"""Files in shared folders whose name another user of the machine can guess and take first."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_NAMES_ONLY: Final = ("tempfile.mktemp", "os.tempnam", "os.tmpnam", "tempfile.template")
_GOOD: Final = (
    "tempfile.NamedTemporaryFile", "tempfile.TemporaryFile", "tempfile.SpooledTemporaryFile", "tempfile.mkstemp",
    "tempfile.mkdtemp", "tempfile.TemporaryDirectory",
)  # fmt: skip
_SHARED: Final = re.compile(r"/(?:var/)?tmp/[^/]|/dev/shm/[^/]")
_WRITES: Final = re.compile(r"[wa]|r\+")
_ATTACK: Final = "Another user of the machine puts a file or a link there first, and the program writes where it leads."
_FIX: Final = "Let tempfile make the file: NamedTemporaryFile, mkstemp, or a TemporaryDirectory for several."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every name of a temporary file, and at files that are written in shared folders."""
    remarks: list[Remark] = []
    for call in project.calls(*_NAMES_ONLY):
        if not _is_apart(call):
            why = f"{call.name} only gives a name: the file is made later, by whoever is first."
            remarks.append(RULE.finding(call.place, _ATTACK, why, fix=_FIX))
    for call in project.calls("open", "io.open", "os.open", "codecs.open"):
        if not _is_apart(call) and _is_shared(call):
            why = "The name is fixed, and everybody may write in that folder."
            remarks.append(RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM))
    remarks += [RULE.site(call.place, f"by {call.name}") for call in project.calls(*_GOOD) if not _is_apart(call)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no temporary file is made")


def _is_apart(call: Call) -> bool:
    return is_test(call.place.path) or is_document(call.place.path)


def _is_shared(call: Call) -> bool:
    """Whether a file of a fixed name in a shared folder is opened for writing, and not exclusively."""
    name = call.constant_of(0, "file", "filename", "path")
    mode = call.constant_of(1, "mode", default="r")
    return (
        isinstance(name, str)
        and _SHARED.match(name) is not None
        and isinstance(mode, str)
        and _WRITES.match(mode) is not None
    )


RULE = Rule(
    slug="guessable-temporary-file",
    control="atomic-check-then-act",
    languages=("python",),
    unit=("temporary file", "temporary files"),
    sound="made in one step",
    examine=examine,
    cwe=(377, 379),
)
