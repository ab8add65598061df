"""The policy: one set of rules that answers for one object, filters lists in SQL, and tells the log why.

Forbid wins, deny is the default, and what cannot be told never allows (CWE-863, ASVS 8.1.1, 8.1.3, 8.2.2 to 8.2.4).
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.evaluation import Environment, read_field
from vallum.guard.authorization.policy.kinds import MISSING, Attribute, Kind
from vallum.guard.authorization.policy.resources import Resource
from vallum.guard.authorization.policy.rules import Rule, allow
from vallum.guard.authorization.policy.sheets import Line, Register, build_register
from vallum.guard.authorization.policy.verdicts import Decision, Finding
from vallum.guard.authorization.policy.vocabulary import Vocabulary, fields_of
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import FORBIDDEN

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from vallum.guard.authorization.policy.filters import Filters

    Statement = TypeVar("Statement", bound=Select[Any])

KEEPS: Final = ("abac",)
_NOTHING: Final[Environment] = MappingProxyType({})


class AccessDeniedError(PublicError):
    """The policy refused; the answer is 403 and the reason is for the log."""

    refusal = FORBIDDEN


class Policy:
    """All rules of an app, checked when built.

    `actor` and `environment` declare attributes by name and kind. `roles` grants "resource:action" to roles, besides
    `rules`. An actor is any object with attributes and `roles`; None is a stranger. Raises `ConfigError` for whatever
    is not declared, of the wrong kind, or would mean another thing in SQL than in Python.
    """

    def __init__(
        self,
        *,
        resources: Iterable[Resource],
        rules: Iterable[Rule] = (),
        actor: Mapping[str, Kind | Attribute] = MappingProxyType({}),
        environment: Mapping[str, Kind] = MappingProxyType({}),
        roles: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> None:
        """Check and compile."""
        attributes = {name: Attribute(kind=one) if isinstance(one, Kind) else one for name, one in actor.items()}
        every = [*rules, *_read_roles(roles)]
        self.roles = frozenset(roles)
        self.registers: dict[str, Register] = {}
        for resource in resources:
            if resource.name in self.registers:
                raise ConfigError(f"two resources are named {resource.name!r}.", code="policy-name")
            words = Vocabulary(actor=attributes, environment=dict(environment), resource=resource)
            mine = [rule for rule in every if rule.resource == resource.name]
            self.registers[resource.name] = build_register(words, mine)
        if unknown := sorted({rule.resource for rule in every} - self.registers.keys()):
            raise ConfigError(f"rules for undeclared resources: {', '.join(unknown)}.", code="policy-resource")
        self._by_type = {one.words.resource.model: one for one in self.registers.values()}
        if len(self._by_type) != len(self.registers):
            raise ConfigError("two resources have the same model.", code="policy-resource")
        self._filters: Filters | None = None

    def check(self, actor: Any, action: str, item: Any, environment: Environment = _NOTHING) -> bool:
        """Whether the actor may do it to the object; a class as `item` asks about objects of which nothing is known.

        Raises `ConfigError` for a type or action that is not declared, and nothing else.
        """
        register = self._by_type.get(type(item))
        if register is None:
            register, item = self._find_register(item)
        sheet = register.sheets.get(action) or register.sheet(action)
        try:
            return sheet.answer(actor, item, environment)
        except Exception:  # noqa: BLE001 - a policy that fails denies; `decide` tells the log why
            return False

    def demand(self, actor: Any, action: str, item: Any, environment: Environment = _NOTHING) -> None:
        """Raise `AccessDeniedError` (403) unless `check` allows; its cause, for the log, is the reason."""
        if not self.check(actor, action, item, environment):
            raise AccessDeniedError(self.decide(actor, action, item, environment).reason)

    def decide(self, actor: Any, action: str, item: Any, environment: Environment = _NOTHING) -> Decision:
        """The answer with its reasons, for the log only. Says what is unknown by name, never a value."""
        register, item = self._find_register(item)
        sheet = register.sheet(action)
        try:
            findings = tuple(
                _examine(line, register, actor, item, environment) for line in (*sheet.forbidding, *sheet.allowing)
            )
        except Exception as error:  # noqa: BLE001 - as in check
            return Decision(register.words.resource.name, action, failure=type(error).__name__)
        return Decision(register.words.resource.name, action, findings=findings)

    def explain(self, actor: Any, action: str, item: Any, environment: Environment = _NOTHING) -> str:
        """`decide` as lines of text for the log; a user must not see it."""
        return str(self.decide(actor, action, item, environment))

    def filter(
        self, statement: "Statement", actor: Any, action: str, environment: Environment = _NOTHING, *, of: Any = None
    ) -> "Statement":
        """The statement with a WHERE that leaves exactly the rows for which `check` allows; order and limits follow it.

        `of` names the model or alias where the statement has several protected ones. Raises `ConfigError`.
        """
        return self.filters.narrow(statement, actor, action, environment, of)

    def where(
        self, actor: Any, action: str, model: type[Any], environment: Environment = _NOTHING
    ) -> "ColumnElement[bool]":
        """The WHERE of `filter` alone, for an UPDATE or DELETE of the model's table."""
        return self.filters.clause(actor, action, model, environment)

    @property
    def filters(self) -> "Filters":
        """The columns behind the attributes; ask for it at start-up to have them checked. Raises `ConfigError`."""
        if self._filters is None:
            from vallum.guard.authorization.policy.filters import Filters  # noqa: PLC0415 - loads SQLAlchemy

            self._filters = Filters(self.registers.values())
        return self._filters

    def register_of(self, item: Any) -> Register:
        """The register of an object or class. Raises `ConfigError` when none is declared."""
        return self._find_register(item)[0]

    def _find_register(self, item: Any) -> tuple[Register, Any]:
        is_class = isinstance(item, type)
        for ancestor in (item if is_class else type(item)).__mro__:
            if ancestor in self._by_type:
                return self._by_type[ancestor], None if is_class else item
        raise ConfigError(
            f"the policy does not know {type(item).__name__}.", hint="Declare a Resource.", code="policy-resource"
        )


def _read_roles(roles: Mapping[str, Collection[str]]) -> Iterable[Rule]:
    for role, permissions in roles.items():
        for permission in [permissions] if isinstance(permissions, str) else permissions:
            resource, colon, action = permission.partition(":")
            if isinstance(permissions, str) or not colon:
                raise ConfigError(
                    f"{role}: a collection of permissions was expected.",
                    hint='For example roles={"editor": {"note:read", "note:edit"}}.',
                    code="policy-roles",
                )
            yield allow(action, resource, roles={role}, name=f"role {role}")


def _examine(line: Line, register: Register, actor: Any, item: Any, environment: Environment) -> Finding:
    rule, test = line
    answer = test(actor, item, environment)
    unknown = []
    if answer is None:
        for field in fields_of(rule.condition):
            value = read_field(field, register.words)(actor, item, environment)
            if value is None or value is MISSING:
                unknown.append(f"{field!r} is {'missing or of another type' if value is MISSING else 'None'}")
    counts = actor is not None or rule.strangers
    return Finding(rule.name, rule.effect, answer, tuple(dict.fromkeys(unknown)), counts)
