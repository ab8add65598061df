"""Read JSON and YAML as data, within limits, into declared types (CWE-502, CWE-400, CWE-776, ASVS 1.5.2).

    @dataclass(frozen=True)
    class Order:
        item: str
        count: int = 1

    order = load_json(await request.body(), Order)
    plan = load_yaml(upload, Plan, limits=LoadLimits(size=10_000))

No loader for pickle, marshal, shelve, jsonpickle or YAML objects is offered, signed or not.
"""

from typing import Final

from vallum.guard.input.json_text import LoadLimits, parse_json
from vallum.guard.input.models import InputRefusedError, Model, bind_model, run_model
from vallum.guard.input.yaml_text import parse_yaml

KEEPS: Final = ("safe-deserialization",)
__all__ = ["InputRefusedError", "LoadLimits", "load_json", "load_yaml"]
_DEFAULT_LIMITS: Final = LoadLimits()


def load_json(data: str | bytes, into: type[Model], *, limits: LoadLimits = _DEFAULT_LIMITS) -> Model:
    """Return JSON text (RFC 8259, UTF-8) as an instance of `into`, a dataclass or pydantic model.

    Raises `InputRefusedError` (400; 413 when too large) for a duplicate key, NaN or Infinity, a number too large, lone
    surrogates, too much nesting, and whatever does not fit the type.
    """
    value, text = parse_json(data, limits)
    # pydantic's JSON mode knows which texts are dates and decimals.
    validate = getattr(into, "model_validate_json", None)
    return run_model(validate, text, into) if validate else bind_model(value, into)


def load_yaml(data: str | bytes, into: type[Model], *, limits: LoadLimits = _DEFAULT_LIMITS) -> Model:
    """Return one YAML document as an instance of `into`, a dataclass or pydantic model.

    Plain values are those of the YAML 1.2 core schema: `no` is text, and so is a date. Raises `InputRefusedError` (400;
    413 when too large) for tags, duplicate keys, aliases that expand too far, too much nesting, and a wrong type.
    """
    return bind_model(parse_yaml(data, limits), into)
