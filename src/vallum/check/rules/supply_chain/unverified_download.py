"""Programs, models and packages that are fetched and used without a digest or a signature."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.npm_lock import find_npm_locks, line_of
from vallum.check.readings.pipelines import command_lines
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "Whoever holds the server, its name or the way to it runs his program here."
_FIX: Final = "Keep the SHA-256 in the repository and compare before use: sha256sum -c, cosign verify-blob, --checksum."
_PIPED: Final = re.compile(
    r"\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:ba|z|da|k)?sh\b"
    r"|\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:python3?|perl|ruby|node)\b"
    r"|(?:\b(?:ba|z)?sh|\bsource|\beval|\.)\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)\b"
)
_FETCHED: Final = re.compile(
    r"\bcurl\b(?=[^|;&]*\s(?:-\w*[oO]\b|--output\b|--remote-name\b))[^|;&]*https?://[^\s\"']+"
    r"|\bwget\b(?![^|;&]*-q?O\s*-)[^|;&]*https?://[^\s\"']+"
)
_CHECKED: Final = re.compile(
    r"\bsha(?:256|512)sum\b[^\n]*(?:-c|--check)|\bshasum\b[^\n]*-c|\bcosign\s+verify|\bgpg\b[^\n]*--verify|\bminisign\b"
    r"|\bgh attestation verify\b|\bslsa-verifier\b|\bopenssl dgst\b[^\n]*-verify|--checksum\b"
)
_ADD: Final = re.compile(r"^\s*ADD\s+(?P<options>(?:--\S+\s+)*)https?://", re.IGNORECASE)
_HTTP_INDEX: Final = re.compile(r"(?:--(?:extra-)?index-url|-i|--find-links)[= ]\s*http://(?!localhost|127\.)")
_RETRIEVES: Final = (
    "urllib.request.urlretrieve",
    "wget.download",
    "torch.hub.load",
    "torch.hub.load_state_dict_from_url",
)
_GETS: Final = ("requests.get", "httpx.get", "urllib.request.urlopen", "httpx.stream", "urllib3.request")
_WRITES: Final = frozenset({"write_bytes", "write", "copyfileobj", "extractall"})
_COMPARES: Final = re.compile(
    r"hashlib|compare_digest|sha256|sha512|blake2|verify\(|\.digest\(|check_hash|progress_?hash"
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at the downloads of scripts, images, pipelines and programs, and at the entries of lock files."""
    remarks = [*_judge_commands(project), *_judge_code(project), *_judge_locks(project), *_judge_lists(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is downloaded here")


def _judge_commands(project: Project) -> Iterator[Remark]:
    for source, number, text in command_lines(project):
        place = project.place_in(source, number)
        added = _ADD.match(text) if source.kind == "dockerfile" else None
        if _PIPED.search(text):
            yield RULE.finding(place, _ATTACK, "A download is run as it comes.", fix=_FIX)
        elif added:
            if "--checksum" in added["options"]:
                yield RULE.site(place, "with its digest")
            else:
                yield RULE.finding(
                    place, _ATTACK, "ADD takes whatever the server sends.", fix="ADD --checksum=sha256:..."
                )
        elif _FETCHED.search(text) and not re.search(r"localhost|127\.0\.0\.1", text):
            if _CHECKED.search(source.text):
                yield RULE.site(place, "compared before use")
            else:
                yield RULE.finding(place, _ATTACK, "Nothing compares the download.", fix=_FIX)
        elif _CHECKED.search(text):
            yield RULE.site(place, "compared before use")


def _judge_code(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_RETRIEVES):
        if not is_test(call.place.path):
            yield _judge_call(call, call)
    for call in project.calls(*_GETS):
        address = call.constant_of(0, "url")
        if call.function is None or is_test(call.place.path) or not isinstance(address, str):
            continue
        if not re.search(r"\.(?:\w{2,6})$", address):
            continue
        written = next((other for other in call.function.calls if other.method in _WRITES), None)
        if written is not None and written.node.line >= call.node.line:
            yield _judge_call(call, written)


def _judge_call(call: Call, place: Call) -> Remark:
    text = call.function.text if call.function is not None else call.module.source.text
    if _COMPARES.search(text):
        return RULE.site(place.place, "compared before use")
    why = "Nothing compares what was fetched with a known digest."
    return RULE.finding(place.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_locks(project: Project) -> Iterator[Remark]:
    for source, packages in find_npm_locks(project):
        bare = [
            name
            for name, entry in packages.items()
            if name and str(entry.get("resolved", "")).startswith("http") and not entry.get("integrity")
        ]
        for name in bare:
            place = project.place_in(source, line_of(source, name, "resolved"))
            yield RULE.finding(place, _ATTACK, f"{name} has no integrity value.", fix="Lock again from the registry.")
        if packages and not bare:
            yield RULE.site(project.place_in(source, 1), "each entry has its digest")


def _judge_lists(project: Project) -> Iterator[Remark]:
    """Requirements with hashes, and indexes in clear."""
    for source in project.configs("requirements"):
        if is_test(source.path) or is_document(source.path):
            continue
        if "--hash=sha256:" in source.text or "--hash=sha512:" in source.text:
            yield RULE.site(project.place_in(source, 1), "each package has its digest")
        for number, line in enumerate(source.lines, 1):
            if _HTTP_INDEX.search(line):
                yield RULE.finding(
                    project.place_in(source, number), _ATTACK, "The index is asked in clear.", fix="https"
                )


RULE = Rule(
    slug="unverified-download",
    control="integrity-verified",
    languages=("python", "shell", "dockerfile", "yaml", "makefile", "json", "requirements"),
    unit=("download", "downloads"),
    sound="compared before use",
    examine=examine,
)
