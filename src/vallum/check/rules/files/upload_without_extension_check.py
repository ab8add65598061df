"""Uploads that are kept whatever they are called, or whose name is tested by a denylist or by its case."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Comparison
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.uploads import Upload, uploads_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_DENIED: Final = re.compile(r"block|forbid|denied|deny|banned|blacklist|bad_|dangerous", re.IGNORECASE)
_SUFFIX: Final = re.compile(r"suffix|extension|\bext\b|splitext|rsplit\(|filename|\.name\b", re.IGNORECASE)
_LOWER: Final = re.compile(r"\.(?:lower|casefold)\(\)|IGNORECASE")
_ATTACK: Final = "A visitor uploads a page, a script or a program, and it is stored and served under its own name."
_FIX: Final = "Test os.path.splitext(name.lower())[1] for membership in a set of allowed extensions before it is kept."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every function that keeps an upload, and at the tests of names."""
    remarks: list[Remark] = []
    told = {found.function for found in project.comparisons if _is_suffix(found) and _DENIED.search(found.right.words)}
    for found in project.comparisons:
        if _is_suffix(found) and found.operator in {"in", "not in"} and not is_test(found.place.path):
            remarks += _judge_list(found)
    for upload in uploads_of(project):
        remarks += _judge_ends(upload)
        if upload.function not in told:
            remarks += _judge_upload(upload)
    for call in project.calls("*.FileExtensionValidator"):
        remarks.append(RULE.site(call.place, "a validator with a list of extensions"))
    remarks += guard_sites(RULE, project, "*.UploadPolicy")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is uploaded")


def _is_suffix(found: Comparison) -> bool:
    return _SUFFIX.search(found.left.text) is not None and not found.left.known


def _judge_list(found: Comparison) -> Iterator[Remark]:
    if _DENIED.search(found.right.words):
        why = "The list names what is forbidden; other extensions run as well."
        yield RULE.finding(found.place, _ATTACK, why, fix=_FIX)
    elif re.search(r"allow|permit|accept|ext|type|kind|suffix", found.right.words, re.IGNORECASE):
        yield RULE.site(found.place, "membership in a list of allowed extensions")


def _judge_ends(upload: Upload) -> Iterator[Remark]:
    for call in upload.function.calls:
        if call.method != "endswith" or call.receiver is None or "filename" not in call.receiver.text:
            continue
        if _LOWER.search(call.receiver.text):
            yield RULE.site(call.place, "the end of the lower-cased name is tested")
        else:
            why = "The test depends on case, and `shell.php.png` passes it."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_upload(upload: Upload) -> Iterator[Remark]:
    store = next(upload.stores(), None) or next(upload.reads(), None)
    if store is None:
        return
    if upload.guarded or upload.looks_at_name:
        yield RULE.site(store.place, "the name is looked at")
    else:
        yield RULE.finding(store.place, _ATTACK, "Nothing looks at the extension of the file.", fix=_FIX)


RULE = Rule(
    slug="upload-without-extension-check",
    control="upload-extension-allowlist",
    languages=("python",),
    unit=("upload or test of a name", "uploads and tests of names"),
    sound="from a list of allowed extensions",
    examine=examine,
)
