"""Servers of development and sockets that listen on every address of the machine."""

from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.readings.gates import is_gated
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_EVERY_IPV4: Final = ".".join("0000")
_EVERYWHERE: Final = frozenset({_EVERY_IPV4, "::", "[::]"})
_SERVERS: Final = (
    "flask.Flask().run", "quart.Quart().run", "bottle.run", "bottle.Bottle().run", "uvicorn.run", "aiohttp.web.run_app",
    "sanic.Sanic().run", "werkzeug.serving.run_simple", "wsgiref.simple_server.make_server", "app.run", "?.run",
)  # fmt: skip
_ATTACK: Final = "Everybody in the network reaches this port, past the proxy that is meant to stand before it."
_FIX: Final = "Listen on 127.0.0.1 or one named address, and let deployment choose another."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every server that is started, and at every socket that is bound."""
    remarks: list[Remark] = []
    for call in project.calls(*_SERVERS):
        if not _is_apart(call) and _is_server(call):
            address = call.constant_of(0, "host", "hostname", default="127.0.0.1")
            remarks += _judge(call, address, Confidence.MEDIUM)
    for call in project.calls("socket.socket().bind", "?.bind"):
        pair = call.constant_of(0, "address")
        if not _is_apart(call) and project.uses("socket"):
            first = pair[0] if isinstance(pair, list | tuple) and pair else _first(call)
            remarks += _judge(call, _EVERY_IPV4 if first == "" else first, Confidence.LOW)
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing listens by a call in the code")


def _is_apart(call: Call) -> bool:
    path = call.place.path
    return is_test(path) or is_document(path) or names_development(path) or is_gated(call.module, call.node)


def _is_server(call: Call) -> bool:
    """`app.run(...)` of whatever object is called so; other objects that run are none."""
    known = not call.name.startswith(("?", "app."))
    return known or (call.receiver is not None and call.receiver.words in {"app", "application", "server"})


def _first(call: Call) -> Any:
    """The address of `bind(("0.0.0.0", port))`, whose port is not known."""
    elements = getattr(call.arguments[0].node, "elements", ()) if call.arguments else ()
    return getattr(elements[0], "value", None) if elements else None


def _judge(call: Call, address: Any, confidence: Confidence) -> Iterator[Remark]:
    if not isinstance(address, str):
        return
    if address in _EVERYWHERE:
        why = f"{call.method} listens on {address}, which is every address."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=confidence)
    else:
        yield RULE.site(call.place, f"on {address}")


RULE = Rule(
    slug="bound-to-all-addresses",
    control="secure-defaults",
    languages=("python",),
    unit=("listener", "listeners"),
    sound="on named addresses",
    examine=examine,
    cwe=(605, 668),
)
