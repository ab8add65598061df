"""Calls that read or issue JSON Web Tokens: PyJWT, python-jose, Authlib, joserfc."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call
from vallum.check.flow.folding import fold
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of

_READERS: Final = (
    "jwt.decode", "jwt.decode_complete", "jwt.api_jwt.decode", "jwt.PyJWT().decode", "jose.jwt.decode",
    "jose.jws.verify", "joserfc.jwt.decode", "authlib.jose.jwt.decode", "authlib.jose.JsonWebToken().decode",
)  # fmt: skip
_ISSUERS: Final = (
    "jwt.encode", "jwt.api_jwt.encode", "jwt.PyJWT().encode", "jose.jwt.encode", "joserfc.jwt.encode",
    "authlib.jose.jwt.encode", "authlib.jose.JsonWebToken().encode",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A call that reads a token."""

    call: Call
    library: str
    """`jwt`, `jose`, `joserfc` or `authlib`."""
    algorithms: Argument | None
    options: dict[str, Any]
    """What `options={...}` says, as far as it is known."""

    @property
    def key(self) -> Argument | None:
        """The key argument."""
        return self.call.argument(1, "key")

    @property
    def unverified(self) -> bool:
        """Whether the signature is not looked at."""
        return self.options.get("verify_signature") is False or self.call.constant_of(None, "verify") is False


def find_readings(project: Project) -> Iterator[Reading]:
    """The calls outside tests that read a token."""
    for call in project.calls(*_READERS):
        if is_test(call.place.path):
            continue
        library = call.name.partition(".")[0]
        yield Reading(
            call=call,
            library=library,
            algorithms=_algorithms_of(call, library, project),
            options=read_table(call.argument(3 if library == "jwt" else None, "options"), call, project),
        )


def find_issues(project: Project) -> Iterator[tuple[Call, Argument | None]]:
    """The calls outside tests that issue a token, each with its claims."""
    for call in project.calls(*_ISSUERS):
        if not is_test(call.place.path):
            headed = call.name.startswith(("joserfc.", "authlib."))
            yield call, call.argument(1 if headed else 0, "payload", "claims")


def read_table(argument: Argument | None, call: Call, project: Project) -> dict[str, Any]:
    """What a dictionary holds by its constant keys, seen through a name; `UNKNOWN` for a value that cannot be told."""
    if argument is None:
        return {}
    if isinstance(argument.constant, dict):
        return argument.constant
    origins = origins_of(project)
    found: dict[str, Any] = {}
    for node, scope in origins.trace(argument.node, origins.scope_at(call), lambda *_: False):
        if isinstance(node, nodes.Table):
            for key, value in zip(node.keys, node.values, strict=True):
                name = fold(key, scope, project.facts.names)
                if isinstance(name, str):
                    found.setdefault(name, fold(value, scope, project.facts.names))
            break
    return found


def _algorithms_of(call: Call, library: str, project: Project) -> Argument | None:
    if library != "authlib":
        return call.argument(2, "algorithms")
    made = call.receiver.node if call.receiver else None
    origins = origins_of(project)
    if made is None:
        return None
    for node, scope in origins.trace(made, origins.scope_at(call)):
        if isinstance(node, nodes.Call):
            constructor = project.facts.call(node, scope)
            if constructor.method == "JsonWebToken":
                return constructor.argument(0, "algorithms")
    return None


def list_elements(argument: Argument, call: Call, project: Project) -> list[Any] | None:
    """The elements of a list of constants, `UNKNOWN` for each that cannot be told; None for what is no list."""
    if isinstance(argument.constant, str):
        return [argument.constant]
    if isinstance(argument.constant, list | tuple):
        return list(argument.constant)
    origins = origins_of(project)
    for node, scope in origins.trace(argument.node, origins.scope_at(call), lambda *_: False):
        if isinstance(node, nodes.Items):
            return [fold(element, scope, project.facts.names) for element in node.elements]
    return None
