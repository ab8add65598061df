"""Files of users that are sent without a type, as a page, or under the type that their owner claimed."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Function, Route
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.text import find_binding
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_RESPONSES: Final = frozenset(
    {"Response", "make_response", "HttpResponse", "StreamingResponse", "StreamingHttpResponse"}
)
_BYTES: Final = re.compile(r"\.(?:read|read_bytes|getvalue|data|content|body|blob|bytes)\b")
_ROUTE_HINT: Final = re.compile(
    r"(?:^|[^a-z])(?:files?|uploads?|uploaded|attachments?|avatars?|documents?|photos?|pictures?|images?|downloads?)(?![a-z])"
)
_OBJECT_HINT: Final = re.compile(
    r"(?:^|[^a-z])(?:upload|uploaded|attachment|stored|avatar|document|photo|picture)s?(?![a-z])"
)
_CLAIMED: Final = re.compile(
    r"claimed|guess_type|\.(?:content_type|mime_?type|media_type)\b|\[[\"'](?:content_type|mime_?type|type)[\"']\]"
)
_PAGES: Final = ("text/html", "application/xhtml", "image/svg", "text/xml", "application/xml")
_ATTACK: Final = "A file that an attacker uploaded runs as a page of this site, with the session of whoever opens it."
_FIX: Final = 'Send a type from a fixed table, or "application/octet-stream", with Content-Disposition: attachment.'


def examine(project: Project) -> Iterator[Remark]:
    """Look at the responses of handlers that send files."""
    seen: set[nodes.Node] = set()
    for route in project.routes:
        handler = route.handler
        if is_test(handler.place.path) or handler.node in seen:
            continue
        seen.add(handler.node)
        for call in handler.calls:
            if call.method in _RESPONSES and _sends_file(call, handler, route, project):
                yield from _judge(call, handler, project)


def _sends_file(call: Call, handler: Function, route: Route, project: Project) -> bool:
    body = call.argument(0, "content", "response", "streaming_content")
    if body is None:
        return False
    text = _origin(body, handler, project)
    if not _BYTES.search(text):
        return False
    named = _ROUTE_HINT.search(f"{handler.name} {route.path}".lower())
    return named is not None or _OBJECT_HINT.search(text.lower()) is not None


def _judge(call: Call, handler: Function, project: Project) -> Iterator[Remark]:
    headers = call.argument(None, "headers")
    sent = _origin(headers, handler, project).lower() if headers else ""
    kind = call.argument(
        3 if call.method == "Response" and "flask" in call.name else None, "mimetype", "media_type", "content_type"
    )
    if "attachment" in sent or "attachment;" in handler.text.lower() or call.expands:
        yield RULE.site(call.place, "sent as a download")
        return
    reason, confidence = _weakness(kind, sent, handler, project)
    if reason:
        yield RULE.finding(call.place, _ATTACK, reason, fix=_FIX, confidence=confidence)
    elif kind is not None and kind.known:
        yield RULE.site(call.place, f"the type is always {kind.constant}")


def _weakness(kind: Argument | None, sent: str, handler: Function, project: Project) -> tuple[str, Confidence]:
    if kind is None:
        missing = (
            "" if "content-type" in sent or "content_type" in handler.text.lower() else "The response names no type."
        )
        return missing, Confidence.HIGH
    if isinstance(kind.constant, str):
        page = kind.constant.lower().startswith(_PAGES)
        return f"The file is sent as {kind.constant}, which browsers show as a page." if page else "", Confidence.HIGH
    if _CLAIMED.search(_origin(kind, handler, project)):
        return (
            "The type is the one that came with the file, and no Content-Disposition makes it a download.",
            Confidence.MEDIUM,
        )
    return "", Confidence.LOW


def _origin(value: Argument, handler: Function, project: Project) -> str:
    """The source text of a value, and of what its variable was bound to."""
    text = value.text
    scope = project.facts.names.scope_of(value.module, value.module.by_node.get(handler.node))
    for node in (value.node, getattr(value.node, "left", None)):
        if isinstance(node, nodes.Name):
            binding, _ = find_binding(node.id, scope)
            if isinstance(binding, nodes.Expression):
                text += f" {value.module.text_of(binding)}"
    return text


RULE = Rule(
    slug="untyped-user-file",
    control="nosniff",
    languages=("python",),
    unit=("response with a user's file", "responses with users' files"),
    sound="of a fixed type or a download",
    examine=examine,
)
