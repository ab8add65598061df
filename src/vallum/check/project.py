"""Every file of a project that a rule may look at, and the facts about its code.

A rule asks for what it judges: `project.calls("hashlib.md5", "*.set_cookie")`, `project.routes`, `project.settings`,
`project.configs("dockerfile")`. See `flow.facts` for what the answers hold.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Class, Comparison, Function, Route, Setting, Value, match_names
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.reader import FactReader
from vallum.check.flow.routes.finder import find_routes
from vallum.check.read.source import Source
from vallum.check.taint.flows import Flow
from vallum.findings.place import Place


@dataclass(frozen=True, kw_only=True, eq=False)
class Project:
    """The files under a root, and what is known of their code."""

    root: Path
    sources: tuple[Source, ...] = field(repr=False)
    """All files whose kind is known, sorted by path."""
    modules: tuple[Module, ...] = field(repr=False)
    """The Python files that could be parsed."""
    facts: FactReader = field(repr=False)
    followed: tuple[Flow, ...] = field(default=(), repr=False)
    """Every sink, and what data reaches it."""
    clock: Clock = field(default=SYSTEM_CLOCK, repr=False)

    @property
    def today(self) -> date:
        """The day, in UTC, for rules about what expires."""
        return datetime.fromtimestamp(self.clock(), UTC).date()

    def configs(self, *kinds: str) -> tuple[Source, ...]:
        """The files of these kinds: `requirements`, `dockerfile`, `toml`, `yaml`, `html`, ... (see `read.kinds`)."""
        return tuple(source for source in self.sources if source.kind in kinds)

    def place_in(self, source: Source, line: int) -> Place:
        """The place of a whole line of any file."""
        text = source.line(line)
        indent = len(text) - len(text.lstrip())
        return Place(
            path=source.path, line=line, column=indent + 1, end_line=line, end_column=len(text) + 1, text=text.strip()
        )

    def calls(self, *patterns: str) -> Iterator[Call]:
        """The calls of functions with these qualified names, in the order of the files.

        `*` stands for anything: `random.*`; `*.execute` for any receiver, known or not. Without a pattern, all calls.
        """
        matches = match_names(patterns or ("*",))
        words = [pattern.rpartition(".")[2] for pattern in patterns]
        table = self.facts.call_nodes
        known = list(dict.fromkeys(words)) if words and not any("*" in word for word in words) else list(table)
        found = [(node, scope) for word in known for node, scope in table.get(word, ())]
        for node, scope in sorted(found, key=lambda pair: (pair[1].module.path, pair[0].line, pair[0].column)):
            if matches(self.facts.called(node, scope)):
                yield self.facts.call(node, scope)

    def flows(self, *kinds: str) -> tuple[Flow, ...]:
        """The sinks of these kinds (`sql`, `shell`, `path`, ...), each with what reaches it and on which way."""
        return tuple(flow for flow in self.followed if flow.kind in kinds)

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function and method, lambdas left out."""
        return tuple(
            self.facts.function(found) for found in self._definitions if isinstance(found.node, nodes.Function)
        )

    @cached_property
    def classes(self) -> tuple[Class, ...]:
        """Every class."""
        return tuple(self.facts.klass(found) for found in self._definitions if isinstance(found.node, nodes.Class))

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """Every value that is given to a name, attribute, key, keyword or parameter's default."""
        return tuple(setting for module, found in self.facts.bodies for setting in self.facts.settings(module, found))

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every comparison of two values."""
        return tuple(found for module, outer in self.facts.bodies for found in self.facts.comparisons(module, outer))

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every way into the application that its frameworks would serve."""
        return tuple(find_routes(self.facts))

    @cached_property
    def imports(self) -> frozenset[str]:
        """The dotted names of all that is imported anywhere: `flask`, `flask.request`, `django.db`."""
        return frozenset(name for module in self.modules for name in _imported(module, self.facts))

    def uses(self, *libraries: str) -> bool:
        """Whether one of these libraries, or something within it, is imported."""
        return any(name == library or name.startswith(f"{library}.") for name in self.imports for library in libraries)

    @cached_property
    def literals(self) -> tuple[Value, ...]:
        """Every text and bytes literal, docstrings and the constant parts of f-strings included."""
        return tuple(
            Value(module=module, node=node, constant=node.value)
            for module, outer in self.facts.bodies
            for node in self.facts.iter_body(module, outer)
            if isinstance(node, nodes.Const) and isinstance(node.value, str | bytes)
        )

    @property
    def _definitions(self) -> Iterable[Definition]:
        return (definition for module in self.modules for definition in module.definitions)


def _imported(module: Module, facts: FactReader) -> Iterator[str]:
    for outer in (None, *module.definitions):
        for node in facts.iter_body(module, outer):
            if isinstance(node, nodes.Import):
                base = facts.index.resolve_relative(module, node.module, node.level)
                for name, _ in node.names:
                    yield name if node.whole else f"{base}.{name}"
                if base:
                    yield base
