"""JSON as RFC 8259 and I-JSON (RFC 7493) have it, within limits, at the speed of the standard parser."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError

_CONTAINERS: Final = frozenset({dict, list})
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLimits:
    """The most bytes, levels of nesting, and values (aliases expanded) that are read."""

    size: int = 1024 * 1024
    depth: int = 32
    values: int = 100_000

    def __post_init__(self) -> None:
        """Raise `ConfigError` for limits that the interpreter's own stack could not bear."""
        if not (self.size > 0 and 0 < self.depth <= 200 and self.values > 0):
            raise ConfigError("the limits of a loader must be positive, with at most 200 levels.")


def parse_json(data: str | bytes, limits: LoadLimits) -> tuple[Any, str]:
    """Return the value and the text it was read from. Raises `InputRefusedError`."""
    text = decode_text(data, limits)
    try:
        value = _DECODER.decode(text)
        brackets = text.count("{") + text.count("[")
        if brackets > 1 and type(value) in _CONTAINERS:
            members = _count_members(value, limits.depth, brackets)
        else:
            members = len(value) if type(value) is dict else 0
        if members != text.count(":") and members != _estimate_members(text):
            _CAREFUL_DECODER.decode(text)
        if "\\" in text and "\\u" in text and _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError:
        # The messages of the parser quote the input.
        raise InputRefusedError("the input is not valid JSON.", code="input-syntax") from None
    except RecursionError:
        raise _refuse_depth(limits.depth) from None
    return value, text


def decode_text(data: str | bytes, limits: LoadLimits) -> str:
    """Return the UTF-8 text of `data`. Raises `InputRefusedError`, with status 413 above the size."""
    try:
        size = len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode("utf-8"))
        if size > limits.size:
            refusal = InputRefusedError(f"the input has more than {limits.size} bytes.", code="input-too-large")
            refusal.status = 413
            raise refusal
        return data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeError:
        raise InputRefusedError("the input is not valid UTF-8.", code="input-syntax") from None


def _count_members(value: Any, most: int, brackets: int) -> int:
    """Return how many members all objects of the value have, and refuse what is nested too deeply.

    `brackets` is how many open in the text, in strings too: once so many containers are seen, the values of the last
    need no look.
    """
    level: list[Any] = [value]
    members, seen = 0, 1
    for _ in range(most):
        if seen == brackets:
            return members + sum([len(container) for container in level if type(container) is dict])
        items: list[Any] = []
        for container in level:
            if type(container) is dict:
                members += len(container)
                items += container.values()
            else:
                items += container
        level = [item for item in items if type(item) in _CONTAINERS]
        if not level:
            return members
        seen += len(level)
    raise _refuse_depth(most)


def _estimate_members(text: str) -> int:
    """Return a number that is never below that of the members in the text, or -1 when it cannot be told quickly.

    When it equals the number of members that were read, none was lost, so no key stood there twice.
    """
    spaced = " :" in text or "\n:" in text or "\t:" in text or "\r:" in text
    return -1 if spaced else text.count('":')


def _refuse_depth(most: int) -> InputRefusedError:
    return InputRefusedError(f"the input is nested more than {most} levels deep.", code="input-too-deep")


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        raise InputRefusedError("an object has a key twice.", code="input-duplicate-key")
    return built


def _refuse_constant(name: str) -> float:
    raise InputRefusedError(f"{name} is no JSON number.", code="input-number")


def _read_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InputRefusedError("a number is too large.", code="input-number")
    return value


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_read_float)
_CAREFUL_DECODER: Final = json.JSONDecoder(object_pairs_hook=_build_object)
