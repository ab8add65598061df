"""What a request body may hold: a setting of the policy and of single routes."""

from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError

MIB: Final = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyShape:
    """What a body may hold, whatever its size; an excess is answered 400 before anything parses it.

    `depth` of nested arrays and objects and `values` in a JSON document, `fields` of a form or parts of a multipart
    body, and bytes in one `field`: a form's value (files aside) or a JSON string.
    """

    depth: int = 32
    values: int = 10_000
    fields: int = 1_000
    field: int = MIB // 4

    def __post_init__(self) -> None:
        """Refuse limits that let nothing in."""
        check_positive(self, "depth", "values", "fields", "field")

    @property
    def slight(self) -> int:
        """Bytes of a body that can exceed none of these but the depth."""
        return min(self.values, self.fields, self.field)


def check_positive(limits: object, *names: str) -> None:
    """Raise `ConfigError` for a limit that lets nothing in."""
    for name in names:
        if getattr(limits, name) <= 0:
            raise ConfigError(f"limits: {name} must be above 0.", hint="Leave it out.", code="limits-contradict")
