"""Uploads that lie on the disk under the name that the client gave them, or where they are served as they are."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Function
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.uploads import Upload, uploads_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_PUBLIC: Final = re.compile(r"(?:^|/)(?:static|public|www|wwwroot|htdocs|public_html)(?:/|$)")
_WRITES: Final = {"open": 0, "save": 0, "copyfile": 1, "write_bytes": -1, "move": 1, "store_file": 1}
_RANDOM: Final = re.compile(
    r"uuid|token_hex|token_urlsafe|token_bytes|random|urandom|hexdigest|\btoken\(", re.IGNORECASE
)
_ATTACK: Final = "A visitor overwrites another file, or puts a page where it is served, by the name that he sends."
_FIX: Final = (
    "Name it yourself, secrets.token_hex(16) + extension, outside of what is served; keep the name as a column."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at where each upload is written, and under which name."""
    remarks: list[Remark] = []
    for upload in uploads_of(project):
        for call in upload.function.calls:
            if call.method in _WRITES or _writer(call, project) is not None:
                remarks += _judge(call, upload, project)
    for setting in project.settings:
        if setting.key == "upload_to" and not is_test(setting.place.path):
            if isinstance(setting.constant, str) and _PUBLIC.search(setting.constant):
                remarks.append(RULE.finding(setting.place, _ATTACK, "Uploads lie where they are served.", fix=_FIX))
            elif isinstance(setting.node, nodes.Name):
                remarks.append(RULE.site(setting.place, "a function names the file"))
    remarks += guard_sites(RULE, project, "*.UploadStore")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no upload is written")


def _writer(call: Call, project: Project) -> Function | None:
    """The project's function that writes a file under a name that it gets."""
    function = origins_of(project).function_named(call.name)
    if function is not None and any(one.method in {"open", "write_bytes"} for one in function.calls):
        return function
    return None


def _judge(call: Call, upload: Upload, project: Project) -> Iterator[Remark]:
    targets = [one for one in call.arguments if not _is_content(one, upload)]
    if call.method == "write_bytes" and call.receiver is not None:
        named, text = _names_client(call.receiver.node, upload, project)
    else:
        found = [_names_client(one.node, upload, project) for one in targets]
        named, text = any(pair[0] for pair in found), " ".join(pair[1] for pair in found)
    if named and not _RANDOM.search(text):
        yield RULE.finding(call.place, _ATTACK, "The client's name is the name on the disk.", fix=_FIX)
    elif _PUBLIC.search(_folder(call, project)):
        yield RULE.finding(call.place, _ATTACK, "The file lies where it is served as it is.", fix=_FIX)
    elif _RANDOM.search(text):
        yield RULE.site(call.place, "a name that the server draws")


def _is_content(argument: Argument, upload: Upload) -> bool:
    return isinstance(argument.node, nodes.Name) and argument.node.id in upload.names


def _names_client(node: nodes.Node, upload: Upload, project: Project) -> tuple[bool, str]:
    """Whether the client's name is in an expression, and the source of all that is."""
    origins = origins_of(project)
    scope = origins.scope_of(upload.function)
    client, texts = False, []
    for found, home in origins.trace(node, scope):
        texts.append(home.module.text_of(found))
        if isinstance(found, nodes.Attribute) and found.name == "filename":
            client = True
        if isinstance(found, nodes.Attribute) and found.name == "name" and upload.holds(found.base):
            client = True
    return client, " ".join(texts)


def _folder(call: Call, project: Project) -> str:
    origins = origins_of(project)
    for argument in call.arguments:
        for found, _ in origins.trace(argument.node, origins.scope_at(argument)):
            if isinstance(found, nodes.Const) and isinstance(found.value, str) and _PUBLIC.search(found.value):
                return found.value
    return ""


RULE = Rule(
    slug="upload-under-client-name",
    control="upload-server-names",
    languages=("python",),
    unit=("stored upload", "stored uploads"),
    sound="named by the server",
    examine=examine,
)
