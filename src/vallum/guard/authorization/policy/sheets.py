"""The rules of one action on one resource, compiled: what forbids it, what allows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.evaluation import Environment, Test, compile_condition
from vallum.guard.authorization.policy.rules import Effect, Rule, name_fields
from vallum.guard.authorization.policy.vocabulary import Vocabulary

Line = tuple[Rule, Test]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is said about one action. `public` are the allowing tests that count for strangers too."""

    forbidding: tuple[Line, ...]
    allowing: tuple[Line, ...]
    forbids: tuple[Test, ...]
    allows: tuple[Test, ...]
    public: tuple[Test, ...]

    def answer(self, actor: Any, item: Any, environment: Environment) -> bool:
        """Whether nothing forbids, not even perhaps, and something allows for certain."""
        for test in self.forbids:
            if test(actor, item, environment) is not False:
                return False
        for test in self.allows if actor is not None else self.public:
            if test(actor, item, environment) is True:
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A resource with the sheets of its actions, those that stand for fields included."""

    words: Vocabulary
    sheets: Mapping[str, Sheet]

    def sheet(self, action: str) -> Sheet:
        """The sheet of an action. Raises `ConfigError` for one that is not declared."""
        if action not in self.sheets:
            known = ", ".join(sorted(name for name in self.sheets if ":" not in name))
            raise ConfigError(
                f"{self.words.resource.name} has no action {action!r}.",
                hint=f"Its actions are: {known}.",
                code="policy-action",
            )
        return self.sheets[action]


def build_register(words: Vocabulary, rules: Iterable[Rule]) -> Register:
    """Check and compile the rules of one resource. Raises `ConfigError`."""
    resource = words.resource
    fields = name_fields("read", resource.fields) | name_fields("write", resource.fields)
    actions = frozenset(resource.actions) | fields
    lines: list[Line] = []
    for rule in rules:
        if unknown := sorted(rule.actions - actions):
            raise ConfigError(
                f"{rule.name}: {resource.name} does not declare {', '.join(unknown)}.",
                hint="Add it to actions= or fields= of the Resource.",
                code="policy-action",
            )
        settled = replace(rule, condition=words.settle(rule.condition))
        lines.append((settled, compile_condition(settled.condition, words)))
    return Register(words=words, sheets={action: _build_sheet(action, lines) for action in actions})


def _build_sheet(action: str, lines: list[Line]) -> Sheet:
    forbidding = tuple(line for line in lines if action in line[0].actions and line[0].effect is Effect.FORBID)
    allowing = tuple(line for line in lines if action in line[0].actions and line[0].effect is Effect.ALLOW)
    return Sheet(
        forbidding=forbidding,
        allowing=allowing,
        forbids=tuple(test for _, test in forbidding),
        allows=tuple(test for _, test in allowing),
        public=tuple(test for rule, test in allowing if rule.strangers),
    )
