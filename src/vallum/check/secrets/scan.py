"""All secrets of one file, the surest way of telling first."""

from collections.abc import Iterator
from itertools import chain

from vallum.check.flow.module import Module
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.secrets.code import CodeScan
from vallum.check.secrets.detection import Detection, keep_first
from vallum.check.secrets.formats import find_formats
from vallum.check.secrets.keys import find_keys
from vallum.check.secrets.lines import find_entries
from vallum.check.secrets.urls import find_passwords
from vallum.findings.finding import Confidence


def scan_source(source: Source, module: Module | None, code: CodeScan) -> list[Detection]:
    """The secrets of a file, by line; tests, documents and samples are judged mildly, and never with certainty."""
    mild = is_test(source.path) or is_document(source.path) or _is_sample(source.path)
    syntax = code.find(module, mild=mild) if module is not None else find_entries(source, mild=mild)
    return keep_first(chain(_scan_text(source, mild), syntax))


def _is_sample(path: str) -> bool:
    return path.lower().endswith((".example", ".sample", ".template", ".dist", ".tpl"))


def _scan_text(source: Source, mild: bool) -> Iterator[Detection]:
    text = source.text
    for start, end, confidence in find_keys(text):
        yield _detect(text, start, end, "a private key", Confidence.LOW if mild else confidence)
    for kind, start, end in find_formats(text):
        yield _detect(text, start, end, kind.what, Confidence.LOW if mild else kind.confidence)
    for start, end, confidence in find_passwords(text):
        if not mild or confidence is Confidence.HIGH:
            what = "the password in a connection string"
            yield _detect(text, start, end, what, Confidence.LOW if mild else confidence)


def _detect(text: str, start: int, end: int, what: str, confidence: Confidence) -> Detection:
    first, last = text.rfind("\n", 0, start) + 1, text.rfind("\n", 0, end) + 1
    return Detection(
        line=text.count("\n", 0, start) + 1,
        column=start - first,
        end_line=text.count("\n", 0, end) + 1,
        end_column=end - last,
        what=what,
        confidence=confidence,
        value=text[start:end],
    )
