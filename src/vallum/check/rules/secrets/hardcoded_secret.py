"""Keys, passwords and tokens that stand in the code or in a file beside it."""

from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.secrets.code import CodeScan
from vallum.check.secrets.detection import place_masked
from vallum.check.secrets.scan import scan_source
from vallum.findings.finding import Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "Whoever can read this file, or a copy of it, can act with this secret."
_FIX: Final = "Revoke it, and read the new one from the environment, a mounted file or a secret manager."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every file for formats, keys and connection strings, and at its syntax for secret names."""
    modules = {module.path: module for module in project.modules}
    code = CodeScan(project.facts)
    for source in project.sources:
        module = modules.get(source.path)
        found = scan_source(source, module, code)
        for detection in found:
            scope = module.scope_at(detection.line) if module else ""
            why = f"{detection.what[0].upper()}{detection.what[1:]} stands here as a literal."
            place = place_masked(source, detection, found, scope)
            yield RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=detection.confidence)
        if not found:
            yield RULE.site(Place(path=source.path, line=1))
    if not project.sources:
        yield RULE.silence(Silence.NOTHING_EXAMINED, "there is no file to read")


RULE = Rule(
    slug="hardcoded-secret",
    control="no-hardcoded-secrets",
    languages=(
        "python", "javascript", "typescript", "vue", "yaml", "json", "toml", "ini", "dotenv", "dockerfile", "shell",
        "terraform", "makefile", "nginx", "html", "jinja", "sql", "requirements", "pem", "notebook",
    ),
    unit=("file", "files"),
    sound="without a secret",
    examine=examine,
)  # fmt: skip
