"""Uploads whose type is what the client, or the name, says."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Comparison
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.uploads import Upload, uploads_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_CLAIMS: Final = frozenset({"content_type", "mimetype"})
_OBJECT: Final = re.compile(r"file|upload|picture|image|avatar|document|attachment|photo", re.IGNORECASE)
_SNIFFERS: Final = (
    "magic.from_buffer", "magic.from_file", "magic.Magic().*", "filetype.guess", "filetype.guess_mime", "puremagic.*",
    "PIL.Image.open", "magic.from_descriptor",
)  # fmt: skip
_SNIFFS: Final = re.compile(
    r"magic\.|filetype\.|puremagic|Image\.open|startswith\(b[\"']|\.receive\(|checked_type|sniff"
)
_ATTACK: Final = "A visitor sends a page with scripts and calls it image/png; it is believed, stored and served."
_FIX: Final = (
    "Detect the type from the first bytes, magic.from_buffer(head, mime=True), and compare it with the extension."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at claims that are compared or stored, and at detection by bytes."""
    remarks: dict[Place, Remark] = {}
    for found in project.comparisons:
        if not is_test(found.place.path):
            for remark in _judge(found):
                remarks.setdefault(found.place, remark)
    for upload in uploads_of(project):
        for place in _kept(upload):
            if not any(place.path == known.path and place.line == known.line for known in remarks):
                why = "The client's word for the type is kept, and nothing looks at the bytes."
                remarks[place] = RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    for call in project.calls(*_SNIFFERS):
        if not is_test(call.place.path):
            remarks.setdefault(call.place, RULE.site(call.place, "told by the bytes"))
    yield from remarks.values()
    guards = list(guard_sites(RULE, project, "*.UploadPolicy"))
    yield from guards
    if not remarks and not guards:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is uploaded")


def _judge(found: Comparison) -> Iterator[Remark]:
    if found.function is not None and _SNIFFS.search(found.function.text):
        return
    for side in (found.left, found.right):
        for node in iter_nodes(side.node):
            if not isinstance(node, nodes.Attribute | nodes.Call):
                continue
            base = node.base if isinstance(node, nodes.Attribute) and node.name in _CLAIMS else None
            if base is not None and _OBJECT.search(found.module.text_of(base)):
                yield RULE.finding(found.place, _ATTACK, "The client says what type the file has.", fix=_FIX)
            guess = isinstance(node, nodes.Call) and "guess_type" in found.module.text_of(node.function)
            if guess and re.search(r"filename|\.name\b", found.module.text_of(node)):
                yield RULE.finding(
                    found.place, _ATTACK, "mimetypes guesses from the name, not from the bytes.", fix=_FIX
                )


def _kept(upload: Upload) -> Iterator[Place]:
    """Where the claim of an upload is passed on: `insert(type=file.content_type)`."""
    if _SNIFFS.search(upload.text) or upload.guarded:
        return
    for call in upload.function.calls:
        if not re.search(r"insert|create|save|store|keep|add|put|[A-Z]", call.method):
            continue
        for node in (inner for argument in call.arguments for inner in iter_nodes(argument.node)):
            if isinstance(node, nodes.Attribute) and node.name in _CLAIMS and upload.holds(node.base):
                yield call.place


RULE = Rule(
    slug="upload-type-believed",
    control="upload-content-sniffed",
    languages=("python",),
    unit=("type of a file", "types of files"),
    sound="told by the bytes",
    examine=examine,
)
