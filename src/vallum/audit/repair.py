"""What `vallum check --fix` changes: a unified diff, or the files themselves."""

import os
import shutil
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from tempfile import NamedTemporaryFile

from vallum.base.errors import UsageError
from vallum.check.rewriting import Rewritten, rewrite_file
from vallum.findings.finding import Finding
from vallum.findings.place import Place
from vallum.findings.report import Report


def repair(report: Report, root: Path) -> Iterator[Rewritten]:
    """The files below `root` of which some findings can be mended without a doubt."""
    by_path: dict[str, list[Finding]] = {}
    for verdict in report.verdicts:
        for finding in verdict.findings:
            if isinstance(finding.where, Place) and finding.where.path.endswith(".py"):
                by_path.setdefault(finding.where.path, []).append(finding)
    for path, findings in sorted(by_path.items()):
        text = _read(root / path)
        found = rewrite_file(path, text, findings) if text else None
        if found is not None:
            yield found


def show_diff(rewritten: Iterable[Rewritten]) -> str:
    """The changes as a unified diff that `git apply` and `patch -p1` take."""
    parts: list[str] = []
    for one in rewritten:
        before, after = one.before.splitlines(keepends=True), one.after.splitlines(keepends=True)
        lines = unified_diff(before, after, f"a/{one.path}", f"b/{one.path}")
        parts += [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join(parts)


def write_files(rewritten: Iterable[Rewritten], root: Path) -> None:
    """Change each file at once or not at all; its mode stays. Raises `UsageError` for one that cannot be written."""
    for one in rewritten:
        path = root / one.path
        try:
            with NamedTemporaryFile("wb", dir=path.parent, prefix=".vallum-", delete=False) as draft:
                draft.write(one.after.encode("utf-8"))
            shutil.copymode(path, draft.name)
            os.replace(draft.name, path)  # noqa: PTH105 - the draft has a name, and no path
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Give it to yourself.") from error


def _read(path: Path) -> str:
    """The text; empty for what would not come back byte for byte: other encodings, other line ends, links."""
    data = path.read_bytes()
    if path.is_symlink() or b"\r" in data or data.startswith(b"\xef\xbb\xbf"):
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
