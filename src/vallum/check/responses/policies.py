"""The Content Security Policies of a project: as a header's text, as a table, or as django-csp's settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Setting
from vallum.check.flow.scope import Names, Scope
from vallum.check.project import Project
from vallum.check.responses.apps import django_settings, talisman_calls
from vallum.check.responses.headers import select_headers
from vallum.check.responses.text import CONSTANT_PART, UNKNOWN_PART, find_binding, read_text
from vallum.findings.place import Place

_HEADER: Final = "content-security-policy"
_CONSTANTS: Final = {
    "NONE": "'none'", "SELF": "'self'", "UNSAFE_INLINE": "'unsafe-inline'", "UNSAFE_EVAL": "'unsafe-eval'",
    "STRICT_DYNAMIC": "'strict-dynamic'", "NONCE": f"'nonce-{UNKNOWN_PART}'",
}  # fmt: skip
TALISMAN_DEFAULT: Final = {"default-src": ("'self'",), "object-src": ("'none'",)}


@dataclass(frozen=True, kw_only=True)
class ContentPolicy:
    """One policy that browsers are to enforce."""

    place: Place
    directives: Mapping[str, tuple[str, ...]]
    """Values by directive, in lower case; a value that is not known is a mark of `responses.text`."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where each directive stands, if it has a line of its own."""
    open: bool = False
    """Whether there may be directives that cannot be seen."""

    def values(self, name: str) -> tuple[str, ...] | None:
        """The values of a fetch directive, or those of `default-src`; None when neither is there."""
        return self.directives.get(name, self.directives.get("default-src"))

    def where(self, name: str) -> Place:
        """The place to blame for a directive."""
        return self.places.get(name, self.place)


@lru_cache(maxsize=2)
def read_policies(project: Project) -> tuple[ContentPolicy, ...]:
    """Every policy outside tests; policies that only report are not among them."""
    return (*_header_policies(project), *_talisman_policies(project), *_django_policies(project))


def parse_policy(text: str, place: Place) -> ContentPolicy:
    """The policy that a header's value stands for; of a directive that is given twice the first counts (CSP 3)."""
    directives: dict[str, tuple[str, ...]] = {}
    is_open = False
    for part in text.split(";"):
        words = part.split()
        if not words:
            continue
        name = words[0].lower()
        if UNKNOWN_PART in name:
            is_open = True
        else:
            directives.setdefault(name, tuple(_lower(word) for word in words[1:]))
    return ContentPolicy(place=place, directives=directives, open=is_open)


def _header_policies(project: Project) -> Iterator[ContentPolicy]:
    for setting in select_headers(project, _HEADER):
        if setting.text.strip(UNKNOWN_PART):
            yield parse_policy(setting.text, setting.place)


def _talisman_policies(project: Project) -> Iterator[ContentPolicy]:
    for call in talisman_calls(project):
        argument = call.argument(None, "content_security_policy")
        if argument is None:
            if not call.expands:
                yield ContentPolicy(place=call.place, directives=TALISMAN_DEFAULT)
        elif isinstance(argument.constant, str):
            yield parse_policy(argument.constant, argument.place)
        else:
            scope = _scope_of(project, argument.module, argument.node)
            yield from _table_policy(argument.node, scope, project.facts.names)


def _django_policies(project: Project) -> Iterator[ContentPolicy]:
    settings, names = django_settings(project), project.facts.names
    for setting in (*settings.get("CONTENT_SECURITY_POLICY", []), *settings.get("SECURE_CSP", [])):
        scope = names.scope_of(setting.module, None)
        node = setting.node
        if isinstance(node, nodes.Table):
            inner = dict(_entries(node, scope, names)).get("DIRECTIVES", node)
            yield from _table_policy(inner, scope, names, setting.place)
    flat = {
        name[4:].lower().replace("_", "-"): setting
        for name, found in settings.items()
        if name.startswith("CSP_") and name.endswith(("_SRC", "_URI", "_ANCESTORS", "_ACTION", "_ELEM", "_ATTR"))
        for setting in found
    }
    if flat:
        yield _flat_policy(flat, names)


def _flat_policy(flat: Mapping[str, Setting], names: Names) -> ContentPolicy:
    first = next(iter(flat.values()))
    return ContentPolicy(
        place=flat.get("default-src", first).place,
        directives={
            name: _words(setting.node, names.scope_of(setting.module, None), names) for name, setting in flat.items()
        },
        places={name: setting.place for name, setting in flat.items()},
    )


def _table_policy(
    node: nodes.Expression, scope: Scope, names: Names, place: Place | None = None
) -> Iterator[ContentPolicy]:
    home = scope
    if isinstance(node, nodes.Name):
        binding, home = find_binding(node.id, scope)
        node = binding if isinstance(binding, nodes.Expression) else node
    if not isinstance(node, nodes.Table):
        return
    entries = list(_entries(node, home, names))
    yield ContentPolicy(
        place=place or home.module.place(node),
        directives={name: _words(value, home, names) for name, value in entries},
        places={name: home.module.place(value) for name, value in entries},
        open=len(entries) < len(node.keys),
    )


def _entries(node: nodes.Table, scope: Scope, names: Names) -> Iterator[tuple[str, nodes.Expression]]:
    for key, value in zip(node.keys, node.values, strict=True):
        name = read_text(key, scope, names)
        if UNKNOWN_PART not in name:
            yield name, value


def _words(node: nodes.Expression, scope: Scope, names: Names) -> tuple[str, ...]:
    if isinstance(node, nodes.Items):
        return tuple(word for element in node.elements for word in _words(element, scope, names))
    if isinstance(node, nodes.Name | nodes.Attribute):
        constant = _CONSTANTS.get(names.name_of(node, scope).rpartition(".")[2])
        if constant:
            return (constant,)
    return tuple(_lower(word) for word in read_text(node, scope, names).split())


def _lower(word: str) -> str:
    """Keywords and hosts are compared without case; what a nonce or hash says is not."""
    return word if word.lower().startswith(("'nonce-", "'sha")) else word.lower()


def _scope_of(project: Project, module: object, node: nodes.Expression) -> Scope:
    names = project.facts.names
    found = next(one for one in project.modules if one is module)
    inside = [one for one in found.definitions if one.scope == found.scope_at(node.line)]
    return names.scope_of(found, inside[-1] if inside else None)


def is_constant(word: str) -> bool:
    """Whether a nonce source is the same on every response: a literal, or made once when the module is loaded."""
    return word.lower().startswith("'nonce-") and (CONSTANT_PART in word or UNKNOWN_PART not in word)
