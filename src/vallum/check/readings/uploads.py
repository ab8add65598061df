"""Uploaded files in handlers: which names hold one, and what is done with its name, type and bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test

_FILES: Final = re.compile(r"\b(?:request|req|self\.request)\.(?:files|FILES)\b")
_TYPES: Final = re.compile(r"\b(?:UploadFile|FileStorage|UploadedFile|InMemoryUploadedFile)\b")
_GUARDED: Final = re.compile(r"\.receive\(|UploadStore|UploadPolicy|store_upload|check_upload|checked_upload")
_EXTENSION: Final = re.compile(
    r"splitext|\.suffix\b|allowed_(?:file|extension|name)|extension|FileExtensionValidator|\.endswith\(|file_type|detect",
    re.IGNORECASE,
)
_SAVES: Final = frozenset(
    {"save", "keep", "copyfileobj", "write", "write_bytes", "upload_fileobj", "put_object", "read"}
)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A function that gets an uploaded file."""

    function: Function
    names: frozenset[str]
    """The variables that hold a file."""
    text: str
    """Its source, with that of the project's functions that get the file or a part of it."""

    @property
    def guarded(self) -> bool:
        """Whether the guard's store or a function that says that it checks uploads gets it."""
        return _GUARDED.search(self.text) is not None

    @property
    def looks_at_name(self) -> bool:
        """Whether something looks at the extension."""
        return _EXTENSION.search(self.text) is not None

    def holds(self, node: nodes.Node) -> bool:
        """Whether a file is in an expression: `file`, `file.file`, `request.files["a"]`."""
        return any(
            (isinstance(inner, nodes.Name) and inner.id in self.names)
            or (isinstance(inner, nodes.Attribute) and inner.name in {"files", "FILES"})
            for inner in iter_nodes(node)
        )

    def stores(self) -> Iterator[Call]:
        """The calls that keep it."""
        for call in self.function.calls:
            subject = call.receiver is not None and call.method == "save" and self.holds(call.receiver.node)
            passed = call.method in _SAVES - {"read"} and any(self.holds(one.node) for one in call.arguments)
            if subject or passed:
                yield call

    def reads(self) -> Iterator[Call]:
        """The calls that read it whole."""
        for call in self.function.calls:
            whole = call.method == "read" and not call.arguments
            if whole and call.receiver is not None and self.holds(call.receiver.node):
                yield call


def _uploads(project: Project) -> Iterator[Upload]:
    by_name = {function.qualified: function for function in project.functions}
    for function in project.functions:
        if is_test(function.place.path):
            continue
        names = {
            parameter.name
            for parameter in function.parameters
            if parameter.annotation is not None and _TYPES.search(parameter.annotation.text)
        }
        if not names and not _FILES.search(function.text):
            continue
        for node in iter_nodes(function.node):
            if not isinstance(node, nodes.Assign) or node.value is None:
                continue
            if _FILES.search(function.module.text_of(node.value)):
                names |= {target.id for target in node.targets if isinstance(target, nodes.Name)}
        texts = [function.text, *(by_name[call.name].text for call in function.calls if call.name in by_name)]
        yield Upload(function=function, names=frozenset(names), text="\n".join(texts))


@lru_cache(maxsize=2)
def uploads_of(project: Project) -> tuple[Upload, ...]:
    """Every function of a project that gets an uploaded file, worked out once."""
    return tuple(_uploads(project))
