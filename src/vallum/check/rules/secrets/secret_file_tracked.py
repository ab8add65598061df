"""Secret files in the repository, ignore files that forget them, and checkouts that are served."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.servers import Directive, find_directives
from vallum.check.rule import Rule
from vallum.check.secrets.entries import read_entries
from vallum.check.secrets.files import ENVIRONMENT, NAMES, PATTERNS, SAMPLE, SECRET_JSON, leaves_out
from vallum.check.secrets.names import secret_kind
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_TAKEN_BACK: Final = re.compile(
    r"^!\s*(?P<name>.*(?:\.env(?:\.\w+)?|\.pem|\.key|service-account\.json|credentials\.json))\s*$"
)
_PRIVATE: Final = re.compile(r"-----BEGIN (?:\w+ )*PRIVATE KEY-----")
_COPY_ALL: Final = re.compile(r"^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*\.\s+\S", re.IGNORECASE)
_BUILT: Final = re.compile(r"^(?:public|static|dist|build|html|htdocs|www|media|assets|_site|site|nginx)$")
_ATTACK: Final = "What is committed once is in every clone for ever, and found by those who look for nothing else."
_SERVED: Final = "A visitor fetches /.git/ and has the source with its whole history."


def examine(project: Project) -> Iterator[Remark]:
    """Look at ignore files, at tracked names, at build contexts and at the roots of web servers."""
    remarks = [*_judge_ignores(project), *_judge_tracked(project), *_judge_images(project), *_judge_servers(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no ignore file and no file with the name of a secret is in sight")


def _judge_ignores(project: Project) -> Iterator[Remark]:
    for source in project.configs("gitignore"):
        name = source.path.rpartition("/")[2]
        if is_test(source.path) or name == ".npmignore":
            continue
        taken = [number for number, line in enumerate(source.lines, 1) if _is_taken(line)]
        for number in taken:
            why = f"{source.line(number).strip()} takes a secret file back in."
            yield RULE.finding(project.place_in(source, number), _ATTACK, why, fix="Remove the line.")
        wanted = (*NAMES, ".git") if name == ".dockerignore" else NAMES
        missing = [PATTERNS.get(file, file) for file in wanted if not leaves_out(source.lines, file)]
        place = project.place_in(source, 1)
        if missing and (name == ".dockerignore" or "/" not in source.path):
            confidence = Confidence.HIGH if ".env" in missing else Confidence.MEDIUM
            why = f"The file does not name {', '.join(missing)}."
            yield RULE.finding(place, _ATTACK, why, fix="Add these lines.", confidence=confidence)
        elif not taken:
            yield RULE.site(place, "secret files are left out")


def _is_taken(line: str) -> bool:
    match = _TAKEN_BACK.match(line)
    return match is not None and not SAMPLE.search(match["name"])


def _judge_tracked(project: Project) -> Iterator[Remark]:
    ignores = [source for source in project.configs("gitignore") if source.path.endswith(".gitignore")]
    for source in project.configs("dotenv", "pem", "json"):
        name = source.path.rpartition("/")[2]
        if is_test(source.path) or is_document(source.path):
            continue
        what = _secret_name(source)
        place = Place(path=source.path, line=1)
        if any(_covers(ignore, source.path) for ignore in ignores):
            continue
        if what and not SAMPLE.search(name):
            yield RULE.finding(
                place, _ATTACK, f"{what} is part of the repository.", fix="git rm --cached, and revoke it."
            )
        elif ENVIRONMENT.search(source.path) or source.kind == "pem":
            yield RULE.site(place, "a sample or a public key")


def _covers(ignore: Source, path: str) -> bool:
    folder = ignore.path[: -len(".gitignore")]
    return path.startswith(folder) and any(leaves_out(ignore.lines, part) for part in path[len(folder) :].split("/"))


def _secret_name(source: Source) -> str:
    if source.kind == "dotenv":
        plain = source.path.rpartition("/")[2] == ".env"
        holds = plain or any(secret_kind(entry.key) and entry.value for entry in read_entries(source))
        return "An environment file" if holds and ENVIRONMENT.search(source.path) else ""
    if source.kind == "json":
        return "A file of credentials" if SECRET_JSON.search(source.path) else ""
    return "A private key" if _PRIVATE.search(source.text) else ""


def _judge_images(project: Project) -> Iterator[Remark]:
    """Images that copy everything, in a repository without a .dockerignore."""
    ignores = {source.path.rpartition("/")[2] for source in project.configs("gitignore")}
    if ".gitignore" not in ignores or ".dockerignore" in ignores:
        return
    for source in project.configs("dockerfile"):
        for number, line in enumerate(source.lines, 1):
            if _COPY_ALL.match(line) and not is_test(source.path):
                why = "The image takes the whole folder, and no .dockerignore leaves secret files out."
                yield RULE.finding(
                    project.place_in(source, number), _ATTACK, why, fix="Write one.", confidence=Confidence.MEDIUM
                )


def _judge_servers(project: Project) -> Iterator[Remark]:
    for found in find_directives(project, "root"):
        if not found.arguments:
            continue
        if _denies_hidden(found.outer) or _BUILT.match(found.arguments[0].rstrip("/").rpartition("/")[2]):
            yield RULE.site(found.place(project), "hidden files are not served")
        else:
            fix = "Serve the built pages, and answer 404: location ~ /\\. { return 404; }"
            yield RULE.finding(
                found.place(project), _SERVED, "The folder may hold .git, and nothing refuses it.", fix=fix
            )


def _denies_hidden(block: Directive | None) -> bool:
    while block is not None:
        for inner in block.within:
            if inner.name == "location" and any("\\." in word or ".git" in word for word in inner.arguments):
                return True
        block = block.outer
    return False


RULE = Rule(
    slug="secret-file-tracked",
    control="secrets-not-committed",
    languages=("gitignore", "dotenv", "pem", "json", "dockerfile", "nginx"),
    unit=("ignore file, secret file or web root", "ignore files, secret files and web roots"),
    sound="secret files are left out",
    examine=examine,
)
