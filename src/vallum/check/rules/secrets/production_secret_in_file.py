"""Values of production secrets in manifests and files of an image, and copies of managed ones on the disk."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.check.secrets.entries import place_hidden, read_entries
from vallum.check.secrets.values import is_placeholder
from vallum.findings.finding import Confidence, Remark, Silence

FETCHES: Final = (
    "*.get_secret_value", "*.read_secret_version", "*.access_secret_version", "*.read_secret",
    "*SecretClient().get_secret", "*.kv.v1.read_secret", "*.get_parameter",
)  # fmt: skip
_CLIENTS: Final = (
    "hvac.Client",
    "*.SecretClient",
    "*.SecretManagerServiceClient",
    "google.cloud.secretmanager.*Client",
)
_WRITES: Final = ("*.write_text", "*.write_bytes", "json.dump", "*.write", "pickle.dump", "yaml.dump", "*.set_key")
_READS: Final = ("*.read_text", "*.read_bytes", "open", "*.open")
_FILE: Final = re.compile(r"(?:secret|credential)\w*\.(?:json|ya?ml|toml|ini|env|txt)\b", re.IGNORECASE)
_MOUNTED: Final = re.compile(r"/run/secrets|/mnt/secrets|/etc/secrets|/var/run/|kubernetes\.io")
_PRODUCTION: Final = re.compile(r"(?:^|[^a-z])(?:prod|production|live)(?:[^a-z]|$)", re.IGNORECASE)
_SAYS_PRODUCTION: Final = re.compile(r"^\s*(?:-\s+)?\w*ENV\w*\s*[:=]\s*[\"']?(?:prod|production)\b", re.MULTILINE)
_KIND: Final = re.compile(r"^kind:\s*Secret\s*$", re.MULTILINE)
_SEALED: Final = re.compile(r"^kind:\s*(?:SealedSecret|ExternalSecret)\b|^sops:\s*$|\bENC\[", re.MULTILINE)
_REFERENCE: Final = re.compile(
    r"^\s*(?:-\s+)?(?:secretKeyRef|secretRef|remoteRef|secretStoreRef)\s*:|^kind:\s*ExternalSecret"
)
_ATTACK: Final = "Whoever reads the repository, the image or the disk has the secret, and no log says so."
_FIX: Final = "Keep it in a secrets manager; the deployment names a reference, the process fetches it at run time."


def examine(project: Project) -> Iterator[Remark]:
    """Look at manifests, production settings, and at what happens to fetched values."""
    remarks = [*_judge_files(project), *_judge_reads(project), *_judge_copies(project)]
    remarks += [
        RULE.site(call.place, "fetched from a manager")
        for call in project.calls(*FETCHES, *_CLIENTS)
        if call.arguments and not is_test(call.place.path)
    ]
    remarks += guard_sites(RULE, project, "vallum.guard.secrets.vault.SecretVault")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no configuration of production and no secrets manager is in sight")


def _judge_files(project: Project) -> Iterator[Remark]:
    for source in project.configs("yaml", "dotenv", "terraform", "ini", "toml"):
        if is_test(source.path) or is_document(source.path) or source.path.endswith((".example", ".sample")):
            continue
        for number, line in enumerate(source.lines if source.kind == "yaml" else (), 1):
            if _REFERENCE.match(line):
                yield RULE.site(project.place_in(source, number), "a reference to a manager")
        if source.kind == "yaml" and _KIND.search(source.text) and not _SEALED.search(source.text):
            yield from _judge_manifest(source)
        elif _PRODUCTION.search(source.path) or (source.kind == "yaml" and _SAYS_PRODUCTION.search(source.text)):
            for entry in read_entries(source):
                if entry.is_secret and "$" not in entry.value and "secrets." not in entry.value:
                    place = place_hidden(source, entry.line, entry.value)
                    yield RULE.finding(place, _ATTACK, f"{entry.key} has its value in the file.", fix=_FIX)


def _judge_manifest(source: Source) -> Iterator[Remark]:
    """The values below `data:` or `stringData:` of a Secret of Kubernetes."""
    inside = False
    documents = _secret_lines(source)
    for entry_line, line in enumerate(source.lines, 1):
        if re.match(r"^(?:data|stringData):\s*(?:#.*)?$", line):
            inside = entry_line in documents
        elif line.strip() and not line.startswith((" ", "#")):
            inside = False
        match = re.match(r"^\s+[\"']?(?P<key>[\w.-]+)[\"']?:\s*(?P<value>\S.*)$", line) if inside else None
        if match and not re.search(r"[<{]|\$", match["value"]) and not is_placeholder(match["value"].strip("\"'")):
            place = place_hidden(source, entry_line, match["value"])
            yield RULE.finding(place, _ATTACK, f"{match['key']} has its value in the manifest.", fix=_FIX)


def _secret_lines(source: Source) -> set[int]:
    """The lines of the documents of a YAML file that are Secrets."""
    found: set[int] = set()
    current: list[int] = []
    for number, line in enumerate((*source.lines, "---"), 1):
        if line.startswith("---"):
            if any(_KIND.match(source.line(inner)) for inner in current):
                found.update(current)
            current = []
        else:
            current.append(number)
    return found


def _judge_reads(project: Project) -> Iterator[Remark]:
    """Production settings that read a file of secrets from the image."""
    for call in project.calls(*_READS):
        if not _PRODUCTION.search(call.place.path) or is_test(call.place.path):
            continue
        text = call.text
        if _FILE.search(text) and not _MOUNTED.search(text):
            why = "Production reads its secrets from a file of the image."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _judge_copies(project: Project) -> Iterator[Remark]:
    """What was fetched from a manager and is written to the disk."""
    functions = {
        call.function.qualified: call.function for call in project.calls(*FETCHES) if call.function and call.arguments
    }
    for function in functions.values():
        for call in function.calls:
            if call.method in {pattern.rpartition(".")[2] for pattern in _WRITES} and _holds_fetched(call, project):
                why = "A value of the manager is written to the disk."
                yield RULE.finding(call.place, _ATTACK, why, fix="Keep it in memory for some minutes.")


def _holds_fetched(call: Call, project: Project) -> bool:
    argument = call.argument(0, "data", "obj")
    if argument is None or is_test(call.place.path) or not re.search(r"write|dump|set_key", call.method):
        return False
    origins = origins_of(project)
    words = {pattern.rpartition(".")[2] for pattern in FETCHES}
    for node, _ in origins.trace(argument.node, origins.scope_at(call)):
        if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute) and node.function.name in words:
            return True
    return False


RULE = Rule(
    slug="production-secret-in-file",
    control="secrets-manager",
    languages=("python", "yaml", "dotenv", "terraform"),
    unit=("production secret", "production secrets"),
    sound="from a manager",
    examine=examine,
)
