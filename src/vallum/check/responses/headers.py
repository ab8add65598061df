"""Every place that gives a response header its value: Python of any framework, and nginx."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import fold
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.scope import Names, Scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.responses.text import UNKNOWN_PART, read_text
from vallum.findings.place import Place

HEADERS: Final = frozenset({
    "strict-transport-security", "x-content-type-options", "x-frame-options", "content-security-policy",
    "content-security-policy-report-only", "access-control-allow-origin", "access-control-allow-credentials",
    "x-xss-protection", "referrer-policy", "permissions-policy", "feature-policy", "x-powered-by", "server",
    "x-aspnet-version", "x-runtime",
})  # fmt: skip
_SETTERS: Final = frozenset(
    {"setdefault", "add", "append", "set", "set_header", "add_header", "__setitem__", "appendlist"}
)
_QUOTED: Final = ('"server"', "'server'")
_NGINX: Final = re.compile(
    r"""^\s*(?:add_header|more_set_headers)\s+(?P<name>[\w-]+)\s+(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s;"']+))(?P<rest>[^;]*);"""
)


@dataclass(frozen=True, kw_only=True)
class HeaderSetting:
    """One header that is given a value."""

    name: str
    """In lower case."""
    text: str
    """The value, with a mark from `responses.text` for each part that is not known."""
    place: Place
    everywhere: bool
    """Whether it stands in a hook, middleware, table or server block, and not in the handler of one route."""
    always: bool = True
    """False for nginx's `add_header` without `always`, which leaves error pages bare."""
    module: Module | None = field(default=None, repr=False)
    node: nodes.Expression | None = field(default=None, repr=False)
    scope: Scope | None = field(default=None, repr=False)

    @property
    def known(self) -> bool:
        """Whether the whole value is known."""
        return UNKNOWN_PART not in self.text


@lru_cache(maxsize=2)
def read_headers(project: Project) -> tuple[HeaderSetting, ...]:
    """Every header setting of a project outside its tests, by file and line."""
    handlers = frozenset(route.handler.qualified for route in project.routes)
    found = [setting for source in project.configs("nginx") for setting in _nginx_headers(source, project)]
    names = project.facts.names
    for module in project.modules:
        if is_test(module.path) or not _mentions(module.source.text.lower()):
            continue
        for definition in (None, *module.definitions):
            everywhere = definition is None or definition.qualified not in handlers
            found += _scope_headers(project, module, definition, names, everywhere)
    return tuple(sorted(found, key=lambda setting: (setting.place.path, setting.place.line, setting.name)))


def _mentions(text: str) -> bool:
    """Whether a text in lower case has the name of a header: plain search is ten times as fast as a pattern."""
    return any(name in text for name in HEADERS if name != "server") or any(name in text for name in _QUOTED)


def select_headers(project: Project, name: str) -> list[HeaderSetting]:
    """The settings of one header, given in lower case."""
    return [setting for setting in read_headers(project) if setting.name == name]


def _scope_headers(
    project: Project, module: Module, definition: Definition | None, names: Names, everywhere: bool
) -> Iterator[HeaderSetting]:
    scope = names.scope_of(module, definition)
    for node in project.facts.iter_body(module, definition):
        for key, value in _pairs(node):
            name = _header_name(key, scope, names)
            if name in HEADERS:
                yield HeaderSetting(
                    name=name,
                    text=read_text(value, scope, names),
                    place=module.place(value),
                    everywhere=everywhere,
                    module=module,
                    node=value,
                    scope=scope,
                )


def _pairs(node: nodes.Node) -> Iterator[tuple[nodes.Expression, nodes.Expression]]:
    match node:
        case nodes.Assign(value=nodes.Expression() as value, targets=targets):
            yield from ((target.index, value) for target in targets if isinstance(target, nodes.Subscript))
        case nodes.Call(function=nodes.Attribute(name=name), arguments=(key, value, *_)) if name in _SETTERS:
            yield key, value
        case nodes.Table(keys=keys, values=values):
            yield from ((key, value) for key, value in zip(keys, values, strict=True) if key is not None)
        case nodes.Items(kind="tuple", elements=(nodes.Const() as key, value)):
            yield key, value


def _header_name(key: nodes.Expression, scope: Scope, names: Names) -> str:
    if not isinstance(key, nodes.Const | nodes.Name):
        return ""
    value = fold(key, scope, names)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.lower() if isinstance(value, str) else ""


def _nginx_headers(source: Source, project: Project) -> Iterator[HeaderSetting]:
    for number, line in enumerate(source.lines, 1):
        match = _NGINX.match(line)
        if match and match["name"].lower() in HEADERS:
            value = match["double"] or match["single"] or match["bare"] or ""
            yield HeaderSetting(
                name=match["name"].lower(),
                text=re.sub(r"\$\{?\w+\}?", UNKNOWN_PART, value),
                place=project.place_in(source, number),
                everywhere=True,
                always="always" in match["rest"].split(),
            )
