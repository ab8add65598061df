"""Formulas, literals and named operations from users, without eval (CWE-94, CWE-95, ASVS 1.3.2).

Formula("price * (1 + vat / 100)").evaluate({"price": 80, "vat": 25})      # 100.0
parse_literal("[1, 'two', None]")                                          # plain data, never an object
REPORTS = Operations(total=sum, largest=max)
REPORTS[request.query_params["report"]](rows)                              # one of the list, or a 400
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, ParamSpec, TypeVar

from vallum.base.errors import ConfigError, RefusedError
from vallum.guard.input.formulas import ExpressionRefusedError, Formula, FormulaLimits
from vallum.guard.input.literals import parse_literal

KEEPS: Final = ("no-dynamic-code",)
__all__ = [
    "ExpressionRefusedError",
    "Formula",
    "FormulaLimits",
    "OperationRefusedError",
    "Operations",
    "parse_literal",
]
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class OperationRefusedError(RefusedError):
    """The name of an operation that is not in the table."""

    code = "operation-refused"


class Operations(Mapping[str, Callable[Arguments, Result]], Generic[Arguments, Result]):
    """A fixed table of functions by name: what a request may call. Nothing is imported or looked up by text."""

    __slots__ = ("_operations",)

    def __init__(self, **operations: Callable[Arguments, Result]) -> None:
        """Keep the table. Raises `ConfigError` for a value that cannot be called."""
        for name, operation in operations.items():
            if not callable(operation):
                raise ConfigError(f"the operation {name} cannot be called.")
        self._operations = operations

    def __getitem__(self, name: object) -> Callable[Arguments, Result]:
        """The function called `name`. Raises `OperationRefusedError` (400) for any other."""
        operation = self._operations.get(name) if isinstance(name, str) else None
        if operation is None:
            raise OperationRefusedError(f"not one of the operations: {', '.join(sorted(self._operations))}.")
        return operation

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._operations)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._operations)
