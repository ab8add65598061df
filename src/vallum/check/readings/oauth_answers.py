"""What becomes of the answer to a token request, within the function that sends it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import last_word
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes

_ASKS: Final = frozenset({"len", "print", "isinstance", "debug", "info", "warning", "error", "bool", "type"})


@dataclass(frozen=True)
class Use:
    """The uses of what one call answers: of its parts by name, and of the whole."""

    call: nodes.Node
    scope: Scope

    @cached_property
    def names(self) -> frozenset[str]:
        """The local names that hold the answer, parsed or not."""
        found: set[str] = set()
        for _ in range(3):
            for node in self.scope.nodes:
                match node:
                    case nodes.Assign(value=nodes.Expression() as value, targets=(nodes.Name(id=name), *_)):
                        if self._holds(value, found):
                            found.add(name)
                    case nodes.With(items=items):
                        for context, target in items:
                            if isinstance(target, nodes.Name) and any(
                                part is self.call for part in iter_nodes(context)
                            ):
                                found.add(target.id)
        return frozenset(found)

    def _holds(self, value: nodes.Expression, names: set[str]) -> bool:
        """Whether an expression is the answer: the call, `reply.json()`, `json.loads(reply.text)`, `checked(reply)`."""
        match value:
            case nodes.Await(value=inner):
                return self._holds(inner, names)
            case nodes.Name(id=name):
                return name in names
            case nodes.Call():
                inside = (value.function, *value.arguments)
                return value is self.call or any(self._holds(part, names) for part in inside)
            case nodes.Attribute(base=base):
                return self._holds(base, names)
        return False

    def _is_answer(self, node: nodes.Expression) -> bool:
        return self._holds(node, set(self.names))

    def _parts(self) -> Iterator[str]:
        for node in self.scope.nodes:
            match node:
                case nodes.Subscript(base=base, index=nodes.Const(value=str(key))) if self._is_answer(base):
                    yield key
                case nodes.Call(function=nodes.Attribute(name="get" | "pop", base=base)) if self._is_answer(base):
                    first = node.arguments[0] if node.arguments else None
                    yield str(first.value) if isinstance(first, nodes.Const) else ""
                case nodes.Attribute(base=nodes.Name(id=name), name=key) if name in self.names:
                    yield key
                case nodes.Compare(left=nodes.Const(value=str(key)), others=(other, *_)) if self._is_answer(other):
                    yield key if key == "refresh_token" else ""

    @cached_property
    def read(self) -> bool:
        """Whether the access token is taken out of it."""
        return "access_token" in set(self._parts())

    @cached_property
    def kept(self) -> bool:
        """Whether the new refresh token is taken out of it, or the whole is handed to what can keep it."""
        return "refresh_token" in set(self._parts()) or any(self._hands_over(node) for node in self.scope.nodes)

    def _hands_over(self, node: nodes.Node) -> bool:
        match node:
            case nodes.Call():
                given = (*node.arguments, *(value for _, value in node.keywords))
                whole = any(isinstance(part, nodes.Name) and part.id in self.names for part in given)
                return whole and last_word(node) not in _ASKS and not self._is_reading(node)
            case nodes.Table(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return any(
                    key is None and isinstance(value, nodes.Name) and value.id in self.names for key, value in pairs
                )
            case nodes.Binary(operator="|", left=left, right=right):
                return any(isinstance(part, nodes.Name) and part.id in self.names for part in (left, right))
        return False

    def _is_reading(self, node: nodes.Call) -> bool:
        """Whether the call only parses or checks: its result is the answer again."""
        return any(isinstance(other, nodes.Assign | nodes.Return) and other.value is node for other in self.scope.nodes)

    @cached_property
    def returned(self) -> bool:
        """Whether the function gives the whole back."""
        return any(
            isinstance(node, nodes.Return) and node.value is not None and self._is_answer(node.value)
            for node in self.scope.nodes
        )
