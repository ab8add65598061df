"""Uploads that are read or saved whole before anybody counts their bytes."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.servers import find_directives
from vallum.check.readings.uploads import Upload, uploads_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_SETTINGS: Final = frozenset({"MAX_CONTENT_LENGTH", "FILE_UPLOAD_MAX_MEMORY_SIZE", "MAX_UPLOAD_SIZE"})
_MEASURES: Final = re.compile(r"getsize\(|\blen\(|\.st_size\b")
_BEFORE: Final = re.compile(
    r"content[-_]length|\.size\b|\.read\(\s*[\w(]|accepts_body|stream\(|max_part_size|seek\(0, *(?:2|os)"
)
_ATTACK: Final = "A visitor fills the memory or the disk by one upload of many gigabytes."
_FIX: Final = "Read in pieces and stop at the first byte over 5 MB, or receive it by UploadStore of the guard."


def examine(project: Project) -> Iterator[Remark]:
    """Look at each function that reads or saves an upload, and at limits of the whole application."""
    remarks: list[Remark] = []
    limit = ""
    for setting in project.settings:
        if setting.key in _SETTINGS and isinstance(setting.constant, int) and not is_test(setting.place.path):
            limit = limit or (setting.key if setting.key != "FILE_UPLOAD_MAX_MEMORY_SIZE" else "")
            remarks.append(RULE.site(setting.place, f"{setting.key} is {setting.constant:,}"))
    limit = limit or ("nginx" if list(find_directives(project, "client_max_body_size")) else "")
    for upload in uploads_of(project):
        remarks += _judge(upload, limit)
    remarks += guard_sites(RULE, project, "*.UploadPolicy", "vallum.guard.accepts_body")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is uploaded")


def _judge(upload: Upload, limit: str) -> Iterator[Remark]:
    call = next(upload.reads(), None)
    why = "The whole file is in memory before its size is looked at."
    if call is None:
        call = next((one for one in upload.stores() if one.method == "save"), None)
        why = "It is saved first and measured afterwards."
        if call is not None and not _MEASURES.search(upload.function.text):
            return
    if call is None:
        return
    text = f"{upload.text} {' '.join(one.text for one in upload.function.decorators)}"
    if limit or upload.guarded or _BEFORE.search(text):
        yield RULE.site(call.place, limit or "bounded before or while it is read")
    else:
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="upload-without-limit",
    control="upload-size-limit",
    languages=("python",),
    unit=("read of an upload", "reads of uploads"),
    sound="bounded",
    examine=examine,
)
