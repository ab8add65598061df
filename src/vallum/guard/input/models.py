"""Map plain data to declared types, strictly: no coercion, no unknown field, no missing one (CWE-20, CWE-915).

Dataclasses and the types that annotate their fields are bound here; a pydantic model binds itself.
"""

import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from vallum.base.errors import ConfigError, RefusedError
from vallum.guard.errors.validation import Failure, find_failures

Model = TypeVar("Model")
_PLAIN: Final[Mapping[object, tuple[type, ...]]] = {
    str: (str,),
    int: (int,),
    float: (float, int),
    bool: (bool,),
    None: (type(None),),
    type(None): (type(None),),
}
_NAMES: Final = {str: "text", int: "an integer", float: "a number", bool: "true or false"}


class InputRefusedError(RefusedError):
    """Data that cannot be parsed or does not have the declared type. Names the place, never the value."""

    code = "input-refused"

    def __init__(self, message: str, *, hint: str = "", code: str = "", failures: Iterable[Failure] = ()) -> None:
        """Keep which fields break which rules, for the answer."""
        super().__init__(message, hint=hint, code=code)
        self.failures = tuple(failures)


def bind_model(value: object, into: type[Model]) -> Model:
    """Return `value` as an instance of `into`: a dataclass, a pydantic model, or a type built from plain ones.

    Known are str, int, float (an integer will do), bool, None, Any, list[T], tuple[T, ...], dict[str, T], unions,
    Literal, Enum (by value) and dataclasses. Raises `InputRefusedError` (400) and, for another type, `ConfigError`.
    """
    validate = getattr(into, "model_validate", None)
    if validate is not None:
        return run_model(validate, value, into)
    bound: Model = _bind(value, into, "")
    return bound


def run_model(validate: Callable[[Any], Any], value: object, into: type[Model]) -> Model:
    """Call a pydantic model's validation, and keep the values out of its error."""
    try:
        validated: Model = validate(value)
    except ValueError as error:
        failures = find_failures(error) or ()
        places = ", ".join(_spell(failure) for failure in failures)
        raise _refuse(places, f"does not fit {into.__name__}", *failures) from None
    return validated


def _spell(failure: Failure) -> str:
    """Where a model's field is; the name of a field that the model does not have is the client's, and is left out."""
    named = [failure.field] if failure.field else []
    return ".".join([*named, "an unknown field"] if failure.code == "unknown" else named) or "the whole"


def _bind(value: object, into: Any, place: str) -> Any:
    for applies, bind in _BINDERS:
        if applies(into):
            return bind(value, into, place)
    raise ConfigError(
        f"data cannot be bound to {into!r}.", hint="Use a dataclass or a pydantic model.", code="no-model"
    )


def _keep(value: object, _into: Any, _place: str) -> Any:
    return value


def _bind_plain(value: object, into: Any, place: str) -> Any:
    if not isinstance(value, _PLAIN[into]) or (isinstance(value, bool) and into is not bool):
        raise _refuse(place, f"must be {_NAMES.get(into, 'null')}", Failure(place, "type"))
    return float(value) if into is float and isinstance(value, int) else value


def _bind_fields(value: object, into: type, place: str) -> Any:
    if not isinstance(value, dict):
        raise _refuse(place, "must be an object", Failure(place, "type"))
    fields = _list_fields(into)
    unknown = sorted(str(name) for name in value if name not in fields)
    missing = sorted(name for name, (_, required) in fields.items() if required and name not in value)
    if unknown or missing:
        told = [f"lacks {', '.join(missing)}"] if missing else []
        failures = [Failure(_join(place, name), "required") for name in missing]
        failures += [Failure(place, "unknown")] if unknown else []
        raise _refuse(place, " and ".join([*told, *(["has unknown fields"] if unknown else [])]), *failures)
    bound = {name: _bind(item, fields[name][0], _join(place, name)) for name, item in value.items()}
    try:
        return into(**bound)
    except ValueError:
        raise _refuse(place, f"does not fit {into.__name__}") from None


@cache
def _list_fields(into: type) -> Mapping[str, tuple[Any, bool]]:
    hints = typing.get_type_hints(into)
    missing = dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(into)
        if field.init
    }


def _bind_union(value: object, into: Any, place: str) -> Any:
    choices = typing.get_args(into)
    refusals = []
    for choice in choices:
        try:
            return _bind(value, choice, place)
        except InputRefusedError as refusal:
            refusals.append(refusal)
    raise refusals[0] if len(choices) == 2 and type(None) in choices else _refuse(place, "fits none of its types")


def _bind_dict(value: object, into: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _refuse(place, "must be an object")
    key, inner = typing.get_args(into)
    return {_bind(name, key, f"{place} key"): _bind(item, inner, f"{place}.*") for name, item in value.items()}


def _bind_list(value: object, into: Any, place: str) -> Any:
    if not isinstance(value, list):
        raise _refuse(place, "must be a list", Failure(place, "type"))
    inner = typing.get_args(into)[0]
    return typing.get_origin(into)(_bind(item, inner, f"{place}[{number}]") for number, item in enumerate(value))


def _bind_literal(value: object, into: Any, place: str) -> Any:
    return _choose(value, [(choice, choice) for choice in typing.get_args(into)], place)


def _bind_enum(value: object, into: Any, place: str) -> Any:
    return _choose(value, [(member.value, member) for member in into], place)


def _choose(value: object, choices: Iterable[tuple[object, Any]], place: str) -> Any:
    for choice, result in choices:
        if type(choice) is type(value) and choice == value:
            return result
    raise _refuse(place, "is not one of its choices", Failure(place, "choice"))


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _refuse(place: str, what: str, *failures: Failure) -> InputRefusedError:
    """The error for what is at `place`, a path of declared names."""
    told = failures or (Failure(place, "invalid"),)
    return InputRefusedError(f"{place or 'the input'} {what}.", code="input-type", failures=told)


_BINDERS: Final[tuple[tuple[Callable[[Any], bool], Callable[[object, Any, str], Any]], ...]] = (
    (lambda into: into in _PLAIN, _bind_plain),
    (lambda into: into is Any or into is object, _keep),
    (dataclasses.is_dataclass, _bind_fields),
    (lambda into: isinstance(into, enum.EnumMeta), _bind_enum),
    (lambda into: typing.get_origin(into) is typing.Literal, _bind_literal),
    (lambda into: typing.get_origin(into) in {typing.Union, types.UnionType}, _bind_union),
    (lambda into: typing.get_origin(into) is dict, _bind_dict),
    (lambda into: typing.get_origin(into) is list, _bind_list),
    (lambda into: typing.get_origin(into) is tuple and typing.get_args(into)[-1] is ..., _bind_list),
)
