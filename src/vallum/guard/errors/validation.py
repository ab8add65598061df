"""Failures of a schema as names of fields and fixed codes; values, messages and types stay behind (CWE-209).

Known are the errors of pydantic, FastAPI, Litestar (msgspec and others) and Django, told by the names of their classes,
so that none of them is imported here.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal

KEEPS: Final = ("validation-errors-safe",)

WRONG_FORM: Final = "The request does not have the expected form."
_MOST: Final = 100
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}|\d{1,9}")
_STEP: Final = re.compile(r"[.\[\]]+")
_NOTHING_FIELD: Final = "__all__"
"""Where Django keeps what is wrong with a form as a whole."""
_CODES: Final = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"missing.*|required|blank|null|union_tag_not_found", "required"),
        (r"extra_forbidden|unexpected_.*|no_such_attribute", "unknown"),
        (r".*too_short|min_length", "too-short"),
        (r".*too_long|max_length", "too-long"),
        (
            r"(greater|less)_than.*|(min|max)_(value|digits|decimal_places|whole_digits)|.*_max_.*|.*multiple_of",
            "range",
        ),
        (r"finite_number|step_size", "range"),
        (r"literal_error|enum|invalid_choice|invalid_list|union_tag_invalid", "choice"),
        (r"string_pattern_mismatch|json_invalid|(url|uuid)_.*|.*_from_.*|invalid_date|.*_null", "format"),
        (r".*_(type|parsing)|is_instance_of|.*_strict", "type"),
    )
)
_WORDS: Final = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"Object missing required field|Missing required|Field required", "required"),
        (r"Object contains unknown field|Extra inputs", "unknown"),
        (r"Expected `\w+` of length >", "too-short"),
        (r"Expected `\w+` of length <", "too-long"),
        (r"Expected `\w+` (<|>|that's a multiple)", "range"),
        (r"Invalid enum value|Invalid value", "choice"),
        (r"Expected `\w+` matching|Invalid ", "format"),
        (r"Expected ", "type"),
    )
)
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")


@dataclass(frozen=True, slots=True)
class Failure:
    """One field that breaks a rule. `place` is what holds it (body, query), or empty."""

    field: str
    code: str
    place: str = ""

    @property
    def path(self) -> str:
        """Place and field, as programs read it."""
        return ".".join(part for part in (self.place, self.field) if part)


class ValidationFailedError(PublicError):
    """The request does not fit the schema (400); the answer names fields and codes."""

    refusal = Refusal(400, "validation-failed", WRONG_FORM)
    event = "input-refused"

    def __init__(self, failures: Iterable[Failure], cause: str = "") -> None:
        """Answer `failures`; the log gets them too, and what else is known of the cause."""
        told = tuple(dict.fromkeys(failures))[:_MOST]
        fields = sorted({failure.field for failure in told} - {""})
        text = f"{WRONG_FORM} Look at: {', '.join(fields)}." if fields else WRONG_FORM
        errors = [{"field": failure.path, "code": failure.code} for failure in told]
        own = Refusal(400, "validation-failed", text, members={"errors": errors})
        self.refusal = own  # type: ignore[misc]  # as fixed as the class's: made of declared names and codes
        super().__init__("; ".join([*([cause] if cause else []), *(f"{item.path}: {item.code}" for item in told)]))


def find_failures(error: BaseException) -> tuple[Failure, ...] | None:
    """What a schema's `error` says about fields; None for any other exception."""
    for cls in type(error).__mro__:
        read = _READERS.get((cls.__module__.partition(".")[0], cls.__name__))
        if read is not None:
            return tuple(read(error))
    return None


def _read_pydantic(error: Any) -> Iterator[Failure]:
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        yield _of_detail(detail, detail["loc"])


def _read_fastapi(error: Any) -> Iterator[Failure]:
    for detail in error.errors():
        place, *loc = detail["loc"] or ("",)
        yield _of_detail(detail, loc, _clean([place]))


def _of_detail(detail: Mapping[str, Any], loc: Iterable[object], place: str = "") -> Failure:
    code, parts = code_of(str(detail["type"])), list(loc)
    return Failure(_clean(parts[:-1] if code == "unknown" else parts), code, place)


def _read_litestar(error: Any) -> Iterator[Failure]:
    """Litestar has messages only; where pydantic stands behind them, its codes are read."""
    behind = error
    while (behind := behind.__cause__ or behind.__context__) is not None:
        if type(behind).__module__.startswith("pydantic_core"):
            yield from (Failure(failure.field, failure.code, "body") for failure in _read_pydantic(behind))
            return
    for detail in error.extra if isinstance(error.extra, list) else ():
        message, key = str(detail.get("message", "")), str(detail.get("key", ""))
        source = str(getattr(detail.get("source", ""), "value", detail.get("source", "")))
        yield _of_message(message, "" if key == "data" else key, _clean([source]) if source else "")


def _read_msgspec(error: BaseException) -> Iterator[Failure]:
    message, _, path = str(error).partition(" - at `$")
    yield _of_message(message, path.rstrip("`"))


def _of_message(message: str, key: str, place: str = "") -> Failure:
    code = next((code for pattern, code in _WORDS if pattern.match(message)), "invalid")
    steps = [step for step in _STEP.split(key) if step]
    if missing := _MISSING.match(message):
        steps.append(missing[1])
    return Failure(_clean(steps), code, place)


def _read_django(error: Any) -> Iterator[Failure]:
    fields = getattr(error, "error_dict", None)
    if fields is None:
        fields = {"": error.error_list}
    for name, failures in fields.items():
        field = "" if name in {"", _NOTHING_FIELD} else _clean([name])
        for failure in failures:
            yield Failure(field, code_of(str(failure.code or "")))


def schema_errors() -> list[type[Exception]]:
    """The classes of pydantic and msgspec, whose errors know the values, as far as they are loaded."""
    modules = (sys.modules.get(name) for name in ("pydantic_core", "msgspec"))
    return [module.ValidationError for module in modules if module is not None]


def code_of(kind: str) -> str:
    """The fixed code for what a library calls `kind`."""
    return next((code for pattern, code in _CODES if pattern.fullmatch(kind)), "invalid")


def _clean(parts: Iterable[object]) -> str:
    """A path of names; what does not look like the name of a field may be the client's, or a type."""
    return ".".join(str(part) if _NAME.fullmatch(str(part)) else "?" for part in parts)


_READERS: Final[Mapping[tuple[str, str], Callable[[Any], Iterator[Failure]]]] = {
    ("pydantic_core", "ValidationError"): _read_pydantic,
    ("msgspec", "ValidationError"): _read_msgspec,
    ("fastapi", "RequestValidationError"): _read_fastapi,
    ("litestar", "ValidationException"): _read_litestar,
    ("django", "ValidationError"): _read_django,
}
