"""What stands in a branch for development only."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.module import Module
from vallum.check.flow.walk import iter_nodes, iter_scope

_GATE: Final = re.compile(r"\b(?:dev|development|develop|local|debug|is_dev\w*|is_local|testing)\b", re.IGNORECASE)
_PRODUCTION: Final = re.compile(r"!=\s*[\"']?(?:prod|production|live)\b|\bnot\s+(?:\w+\.)*is_?prod\w*", re.IGNORECASE)


def is_gated(module: Module, node: nodes.Node) -> bool:
    """Whether the node stands in a branch whose test speaks of development."""
    return any(start <= node.line <= end for start, end in _gates(module))


@lru_cache(maxsize=256)
def _gates(module: Module) -> tuple[tuple[int, int], ...]:
    """The lines of the branches that run in development only."""
    return tuple(_branches(module))


def _branches(module: Module) -> Iterator[tuple[int, int]]:
    for outer in (module.body, *(definition.node.body for definition in module.definitions)):
        for branch in iter_scope(outer):
            if isinstance(branch, nodes.If) and branch.then:
                test = module.text_of(branch.test)
                plain = _GATE.search(test) and "!=" not in test and " not " not in f" {test}"
                if plain or _PRODUCTION.search(test):
                    last = max(
                        (node.end_line for part in branch.then for node in iter_nodes(part)), default=branch.line
                    )
                    yield branch.then[0].line, last
