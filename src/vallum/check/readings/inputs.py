"""What a request holds, before anybody has looked at it: where its body, form, query and headers go as they came."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Class, Function, Parameter, Value, last_word
from vallum.check.flow.scope import Scope
from vallum.check.project import Project
from vallum.check.readings.origins import Origins, origins_of

_HOLDERS: Final = frozenset({"request", "req"})
BODY: Final = frozenset({"json", "get_json", "form", "POST", "data", "get_data", "body", "values", "stream"})
CLIENT: Final = BODY | {"args", "GET", "query_params", "cookies", "COOKIES", "headers", "META", "path_params"}
_RAW: Final = frozenset({"dict", "list", "Dict", "List", "Any", "Mapping", "MutableMapping"})
_VALIDATES: Final = re.compile(
    r"^(?:model_validate\w*|parse_obj|parse_raw|validate\w*|validated|check\w*|clean\w*|load|load_json|safe_parse"
    r"|TypeAdapter|deserialize|is_valid|from_dict|structure|convert|sanitise|sanitize|accept\w*|verify\w*"
    r"|require_\w+|ensure_\w+|int|float|bool|len|isinstance|UUID|Decimal|getlist_int)$"
)
_CLASS: Final = re.compile(r"^[A-Z]\w*[a-z]\w*$")


class Inputs:
    """The raw data of requests in one project."""

    def __init__(self, project: Project) -> None:
        """Look when asked."""
        self.origins: Origins = origins_of(project)
        self._handlers = frozenset(route.handler.node for route in project.routes)

    def read_from(self, node: nodes.Node, scope: Scope, parts: frozenset[str] = BODY, *, text: bool = False) -> bool:
        """Whether data of these parts of a request are in a value as they came; with `text`, `str()` ends it too."""
        enters = _enter_text if text else _enter_all
        return any(
            self.is_read(found, home, parts) for found, home in self.origins.trace(node, scope, enters, callers=True)
        )

    def reads(self, value: Value, parts: frozenset[str] = BODY, *, text: bool = False) -> bool:
        """The same for a value of the facts."""
        return self.read_from(value.node, self.origins.scope_at(value), parts, text=text)

    def is_read(self, node: nodes.Node, scope: Scope, parts: frozenset[str] = BODY) -> bool:
        """Whether this very node is such a part: `request.json`, `await request.form()`, a parameter that is a dict."""
        if isinstance(node, nodes.Attribute):
            return node.name in parts and last_word(node.base) in _HOLDERS
        if isinstance(node, nodes.Name) and parts & BODY:
            function = self.origins.facts.function_at(scope)
            if function is None or function.node not in self._handlers:
                return False
            return any(parameter.name == node.id and is_raw(parameter) for parameter in function.parameters)
        return False


def _enter_all(node: nodes.Call, _scope: Scope) -> bool:
    word = last_word(node.function) if isinstance(node.function, nodes.Name | nodes.Attribute) else ""
    return not names_validator(word)


def _enter_text(node: nodes.Call, scope: Scope) -> bool:
    word = node.function.id if isinstance(node.function, nodes.Name) else ""
    return word not in {"str", "repr", "hash"} and _enter_all(node, scope)


def names_validator(word: str) -> bool:
    """Whether a call of this name gives back something that was looked at, or something of a class of its own."""
    return _VALIDATES.match(word) is not None or _CLASS.match(word) is not None


def is_raw(parameter: Parameter) -> bool:
    """A parameter of a handler that FastAPI fills with the body as it came: `data: dict`, `items: list = Body()`."""
    if parameter.annotation is None:
        return False
    word = parameter.annotation.name.rpartition(".")[2]
    default = parameter.default.text if parameter.default is not None else ""
    if re.search(r"Depends|Security|Query|Header|Cookie|Path\(", f"{default} {parameter.annotation.text}"):
        return False
    generic = re.match(r"(?:\w+\.)*(\w+)\[", parameter.annotation.text)
    if (
        generic is not None
        and generic[1] in _RAW
        and re.search(r"\[\s*(?:\w+\.)*(?!Any\b)[A-Z]\w*[a-z]", parameter.annotation.text)
    ):
        return False
    return word in _RAW or ("Body(" in default and word in _RAW)


@lru_cache(maxsize=2)
def inputs_of(project: Project) -> Inputs:
    """The inputs of a project, worked out once."""
    return Inputs(project)


_SCHEMA_BASES: Final = frozenset({"BaseModel", "RequestModel", "Schema", "Serializer", "Struct"})


def is_schema(found: Class) -> bool:
    """A class of pydantic, marshmallow, msgspec or the guard."""
    return any(base.rpartition(".")[2] in _SCHEMA_BASES for base in found.bases)


@lru_cache(maxsize=2)
def schemas_of(project: Project) -> dict[str, Class]:
    """The project's schemas by qualified name."""
    return {found.qualified: found for found in project.classes if is_schema(found)}


def schema_text(found: Class, project: Project) -> str:
    """The source of a schema with that of its bases in the project: where its settings stand."""
    known = schemas_of(project)
    texts = [found.module.text_of(found.node)]
    for base in found.bases:
        inner = known.get(base.removesuffix("()"))
        texts.append(inner.module.text_of(inner.node) if inner is not None else base)
    return "\n".join(texts)


def iter_fields(found: Class) -> Iterator[nodes.Assign]:
    """The assignments in the body of a class."""
    for node in found.node.body:
        if isinstance(node, nodes.Assign) and node.targets and isinstance(node.targets[0], nodes.Name):
            yield node


def is_bound(name: str, function: Function) -> bool:
    """Whether a function tests a name for membership in a fixed set before it uses it."""
    return re.search(rf"\b{re.escape(name)}\s+(?:not\s+)?in\s+[\w.\[({{]", function.text) is not None
