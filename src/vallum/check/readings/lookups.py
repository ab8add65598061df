"""Where objects are looked up by an identifier from the client, and whether the lookup knows whose they are."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, Parameter, Route, last_word
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes, iter_scope
from vallum.check.project import Project
from vallum.check.readings.origins import Origins, origins_of
from vallum.check.readings.words import iter_identifiers, split_words
from vallum.check.responses.text import UNKNOWN_PART, read_text

OWNERS: Final = frozenset({
    "owner", "owners", "owned", "user", "users", "tenant", "tenants", "account", "org", "organization",
    "organisation", "company", "team", "teams", "customer", "author", "creator", "created_by", "member", "members",
    "membership", "memberships", "workspace", "principal", "actor", "viewer", "caller", "uploader", "subject",
    "reader", "me", "identity", "shares", "household", "patient",
})  # fmt: skip
_ID_WORDS: Final = frozenset({"id", "ids", "pk", "uuid", "guid", "pks", "uuids", "uid"})
_POLICY: Final = frozenset({
    "may", "can", "check", "authorize", "authorise", "ensure", "require", "allowed", "allow", "permit", "permitted",
    "permission", "permissions", "assert", "verify", "policy", "owns", "owner", "owned", "access", "enforce",
    "forbid", "visible", "has", "is",
})  # fmt: skip
_SQL: Final = re.compile(r"\s*(?:select|update|delete)\b.*?\bwhere\b(?P<where>.*)", re.IGNORECASE | re.DOTALL)
_FETCHES: Final = frozenset({
    "get", "get_one", "get_or_404", "aget", "get_by_id", "get_or_none", "find_by_id", "find_one", "delete_one",
    "update_one", "find_one_and_update", "find_one_and_delete", "replace_one",
})  # fmt: skip
_FILTERS: Final = frozenset({"filter", "filter_by", "where", "in_", "exclude", "aget", "in_bulk", "having"})
_BY_MODEL: Final = frozenset({"get_object_or_404", "aget_object_or_404", "get_list_or_404"})
_REQUEST: Final = frozenset(
    {"args", "form", "json", "GET", "POST", "query_params", "path_params", "kwargs", "values", "data"}
)
_PARTS: Final = frozenset({"Query", "Path", "Form", "Body"})
_DEEPEST: Final = 2


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """An object that a handler looks up by an identifier from the client."""

    call: Call
    scoped: str
    """What restricts it to the caller; empty when nothing does."""
    model: str = ""
    """The qualified name of the class that is looked up, if it can be told."""


class Lookups:
    """The lookups of one project's handlers."""

    def __init__(self, project: Project) -> None:
        """Look when first asked."""
        self._project = project
        self._origins: Origins = origins_of(project)

    def of(self, route: Route) -> Iterator[Lookup]:
        """The lookups of a route's handler, in the order of its lines."""
        clients = client_ids(route)
        yield from self._in_function(route.handler, clients, 0)

    def _in_function(self, function: Function, clients: frozenset[str], depth: int) -> Iterator[Lookup]:
        scope = self._origins.scope_of(function)
        calls = sorted(function.calls, key=lambda call: (call.node.line, call.node.column))
        for call in calls:
            asked = self._asked(call, clients, scope)
            if not asked:
                continue
            found = self._lookup(call, asked, clients, function, depth)
            if found is not None:
                yield found

    def _asked(self, call: Call, clients: frozenset[str], scope: Scope) -> list[int]:
        """The arguments, by their order, that hold an identifier from the client."""
        return [
            order
            for order, argument in enumerate(call.arguments)
            if any(_is_client(node, clients) for node, _ in self._trace(argument.node, scope))
        ]

    def _lookup(
        self, call: Call, asked: list[int], clients: frozenset[str], function: Function, depth: int
    ) -> Lookup | None:
        scope = self._origins.scope_of(function)
        whole = _statement_of(call, function)
        if call.name.startswith("vallum.guard.authorization.ownership."):
            return Lookup(call=call, scoped="the actor goes with it")
        if _is_query(call, asked, self._statement(call)):
            scoped = self._query_scope(call, whole, scope, clients) or self._policy(function, whole)
            return Lookup(call=call, scoped=scoped, model=self._model(call, scope))
        inner = self._origins.function_named(call.name)
        if inner is None or depth >= _DEEPEST:
            return None
        return self._inner_lookup(call, asked, clients, function, inner, depth)

    def _inner_lookup(
        self, call: Call, asked: list[int], clients: frozenset[str], function: Function, inner: Function, depth: int
    ) -> Lookup | None:
        """A lookup in a function of the project that gets the identifier."""
        names = frozenset(name for order in asked for name in [_parameter(call, order, inner)] if name)
        found = list(self._in_function(inner, names, depth + 1))
        if not found:
            return None
        scope = self._origins.scope_of(function)
        own = next((lookup.scoped for lookup in found if lookup.scoped), "")
        whole = _statement_of(call, function)
        scoped = own or self._evidence(call.node, scope, clients, arguments=True) or self._policy(function, whole)
        return Lookup(call=call, scoped=scoped, model=found[0].model)

    def _evidence(self, node: nodes.Node, scope: Scope, clients: frozenset[str], *, arguments: bool = False) -> str:
        """The word for an owner in a query; of a call of the project's own only its arguments count."""
        roots: list[nodes.Node] = [node]
        if arguments and isinstance(node, nodes.Call):
            roots = [*node.arguments, *(value for _, value in node.keywords)]
        for root in roots:
            for inner, _ in self._trace(root, scope):
                for word in _own_identifiers(inner):
                    if word not in clients and names_owner(word):
                        return word
        return ""

    def _trace(self, node: nodes.Node, scope: Scope) -> Iterable[tuple[nodes.Node, Scope]]:
        return self._origins.trace(node, scope, returns=False)

    def _query_scope(self, call: Call, whole: nodes.Node | None, scope: Scope, clients: frozenset[str]) -> str:
        """The owner in a query; of SQL its WHERE counts: who is only joined or selected restricts nothing."""
        match = _SQL.match(self._statement(call))
        if match is None:
            return self._evidence(whole or call.node, scope, clients)
        words = re.findall(r"\w+", match["where"].partition(" ORDER BY ")[0])
        owner = next((word for word in words if names_owner(word)), "")
        unknown = UNKNOWN_PART in match["where"]
        return owner or (self._evidence(call.node, scope, clients) if unknown else "")

    def _statement(self, call: Call) -> str:
        """The first argument as text, with a mark for each part that is not known."""
        first = call.arguments[0].node if call.arguments else None
        if not isinstance(first, nodes.Const | nodes.Text | nodes.Name | nodes.Binary | nodes.Call):
            return ""
        return read_text(first, self._origins.scope_at(call), self._project.facts.names)

    def _policy(self, function: Function, whole: nodes.Node | None) -> str:
        """A check of the loaded object: a policy called with it, or a comparison with its owner in a condition."""
        loaded = _targets(whole)
        scope = self._origins.scope_of(function)
        for call in function.calls:
            word = _called(call.node)
            given = {name for argument in call.arguments for name in iter_identifiers(argument.node)}
            if loaded & given and not _POLICY.isdisjoint(split_words(word)) and "password" not in word:
                return f"{word}()"
        for test in _tests(function):
            for node, _ in self._trace(test, scope):
                if isinstance(node, nodes.Compare) and _compares_owner(node):
                    return "the owner is compared"
        return ""

    def _model(self, call: Call, scope: Scope) -> str:
        for node in iter_nodes(call.node):
            if isinstance(node, nodes.Name) and node.id[:1].isupper() and not node.id.isupper():
                return self._origins.name_of(node, scope)
        return ""


def client_ids(route: Route) -> frozenset[str]:
    """The parameters of a handler that hold an identifier from the client."""
    found = set()
    for parameter in route.handler.parameters:
        injected = parameter.default is not None and isinstance(parameter.default.node, nodes.Call | nodes.Name)
        annotated = parameter.annotation is not None and "Depends(" in parameter.annotation.text
        if parameter.name in {"self", "request", "cls"} or annotated or (injected and not _is_request_part(parameter)):
            continue
        words = split_words(parameter.name)
        in_path = re.search(rf"[{{<:]{re.escape(parameter.name)}[}}>:]", route.path) is not None
        numbered = parameter.annotation is not None and parameter.annotation.name in {"int", "uuid.UUID"}
        numbered |= re.search(rf"<(?:int|uuid):{re.escape(parameter.name)}>", route.path) is not None
        if (words and words[-1] in _ID_WORDS) or (in_path and numbered):
            found.add(parameter.name)
    return frozenset(found)


def _is_request_part(parameter: Parameter) -> bool:
    """`Query()`, `Path()`, `Form()` and `Body()` bring what the client sent; `Depends()` does not."""
    default = parameter.default
    return default is not None and default.name.removesuffix("()").rpartition(".")[2] in _PARTS


def names_owner(word: str) -> bool:
    """Whether an identifier speaks of the one to whom something belongs; class names do not count."""
    if word[:1].isupper():
        return False
    return word == "created_by" or not OWNERS.isdisjoint(split_words(word))


def _is_client(node: nodes.Node, clients: frozenset[str]) -> bool:
    match node:
        case nodes.Name(id=name):
            return name in clients
        case nodes.Subscript(base=base, index=nodes.Const(value=str(key))):
            return last_word(base) in _REQUEST and split_words(key)[-1:] != () and split_words(key)[-1] in _ID_WORDS
        case nodes.Call(
            function=nodes.Attribute(base=base, name="get" | "getlist"), arguments=(nodes.Const(value=str(key)), *_)
        ):
            return last_word(base) in _REQUEST and split_words(key)[-1:] != () and split_words(key)[-1] in _ID_WORDS
    return False


def _is_query(call: Call, asked: list[int], statement: str) -> bool:
    """Whether the call itself is a query of an object mapper or a statement of SQL with the identifier in it."""
    word, first = _called(call.node), call.arguments[0] if call.arguments else None
    if _SQL.match(statement):
        return any(order > 0 for order in asked)
    if word in _BY_MODEL:
        return True
    if word in _FETCHES:
        by_class = first is not None and last_word(first.node)[:1].isupper() and len(call.arguments) > 1
        return by_class or ".query." in call.text or ".objects." in call.text or word not in {"get", "aget"}
    if word not in _FILTERS:
        return False
    return word in {"filter_by", "where", "in_"} or ".query" in call.text or ".objects" in call.text


def _called(node: nodes.Node) -> str:
    function = node.function if isinstance(node, nodes.Call) else None
    if isinstance(function, nodes.Attribute):
        return function.name
    return function.id if isinstance(function, nodes.Name) else ""


def _own_identifiers(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Name(id=name) | nodes.Attribute(name=name):
            yield name
        case nodes.Subscript(index=nodes.Const(value=str(key))):
            yield key
        case nodes.Call(keywords=keywords):
            yield from (key for key, _ in keywords if key)


def _statement_of(call: Call, function: Function) -> nodes.Node | None:
    """The statement in which a call stands."""
    best: nodes.Node | None = None
    for node in iter_scope(function.node.body):
        if isinstance(node, nodes.Assign | nodes.Evaluate | nodes.Return | nodes.Walrus) and any(
            inner is call.node for inner in iter_nodes(node)
        ):
            best = node
    return best


def _targets(node: nodes.Node | None) -> set[str]:
    match node:
        case nodes.Assign(targets=targets):
            return {inner.id for target in targets for inner in iter_nodes(target) if isinstance(inner, nodes.Name)}
        case nodes.Walrus(target=nodes.Name(id=name)):
            return {name}
    return set()


def _tests(function: Function) -> Iterator[nodes.Expression]:
    for node in iter_scope(function.node.body):
        if isinstance(node, nodes.If | nodes.While | nodes.Choice | nodes.Check):
            yield node.test
        elif isinstance(node, nodes.Loop):
            yield from node.tests


def _compares_owner(node: nodes.Compare) -> bool:
    if not {"==", "!=", "in", "not in"} & set(node.operators):
        return False
    return any(
        names_owner(word)
        for side in (node.left, *node.others)
        for inner in iter_nodes(side)
        if isinstance(inner, nodes.Attribute | nodes.Subscript)
        for word in _own_identifiers(inner)
    )


def _parameter(call: Call, order: int, function: Function) -> str:
    argument = call.arguments[order]
    if argument.keyword:
        return argument.keyword if argument.keyword != "**" else ""
    names = [parameter.name for parameter in function.parameters if parameter.kind in {"any", "position"}]
    if function.owner and names[:1] in (["self"], ["cls"]):
        names = names[1:]
    return names[argument.position] if argument.position < len(names) else ""


@lru_cache(maxsize=2)
def lookups_of(project: Project) -> Lookups:
    """The lookups of a project, worked out once."""
    return Lookups(project)
