"""Values that an honest user would send, and the ids that an identity has seen."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vallum.probe.exchange import Exchange
from vallum.probe.operation import HOLE, Operation, Parameter, normalise_template

_ID_KEYS: Final = ("id", "uuid", "pk", "slug", "key", "name")
_SEGMENT: Final = "([^/?#]+)"
_DEEPEST: Final = 6
_MOST_ITEMS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An id that an identity has met: where it stood, and its value."""

    identity: str
    prefix: str
    """The normalised path before the id, such as `/notes`."""
    key: str
    """The JSON name, or the template's name for it."""
    value: str
    made: bool = False
    """Whether the probe itself created the object."""


def find_ids(exchange: Exchange, operations: Iterable[Operation], *, made: bool = False) -> Iterator[Held]:
    """The ids in an answer: in links, in the Location, in JSON."""
    answer, who = exchange.answer, exchange.shot.identity
    if answer.status >= 400 or not answer.status:
        return
    paths = [*answer.page.links, *(form.action for form in answer.page.forms), answer.header("location")]
    value = answer.json() if answer.is_json else None
    paths += [text for _, text in _walk(value) if isinstance(text, str) and text.startswith("/")]
    templates = [operation.template for operation in operations if operation.holes]
    for path in paths:
        for template in templates:
            yield from _match(path, template, who, made=made)
    prefix = normalise_template(exchange.shot.route or exchange.shot.target.partition("?")[0])
    for key, text in _walk(value):
        if key and isinstance(text, str | int) and not isinstance(text, bool) and str(text):
            yield Held(identity=who, prefix=prefix, key=key, value=str(text), made=made)


def choose_id(parameter: Parameter, operation: Operation, held: Iterable[Held]) -> Held | None:
    """The id that fits this hole of the template best; None when nothing seen fits."""
    prefix = _prefix_of(operation, parameter)
    ranked = sorted(
        ((_rank(item, parameter.name, prefix), index, item) for index, item in enumerate(held)),
        key=lambda entry: (-entry[0], not entry[2].made, entry[1]),
    )
    return ranked[0][2] if ranked and ranked[0][0] else None


def good_value(parameter: Parameter, mark: str) -> Any:
    """A value that an honest user could send; text carries the mark."""
    if parameter.choices:
        offered = parameter.value if parameter.value in parameter.choices else parameter.choices[0]
        return offered if offered not in (None, "") else next((c for c in parameter.choices if c), "")
    if parameter.value not in (None, "") and parameter.form in ("hidden", "csrf", "checkbox"):
        return parameter.value
    if parameter.kind == "string":
        return _good_text(parameter, mark)
    if parameter.value is not None and parameter.value != "":
        return parameter.value
    least = parameter.least or 1
    plain: Mapping[str, Any] = {"integer": int(least), "number": float(least), "boolean": True, "object": {}}
    return plain.get(parameter.kind, [])


def _good_text(parameter: Parameter, mark: str) -> str:
    name = parameter.name.lower()
    by_form = {
        "email": f"{mark}@example.com",
        "uuid": "00000000-0000-4000-8000-000000000000",
        "date": "2026-01-02",
        "date-time": "2026-01-02T03:04:05Z",
        "uri": "https://example.com/",
        "url": "https://example.com/",
        "number": "1",
        "color": "#336699",
    }
    if parameter.form in by_form:
        return by_form[parameter.form]
    if "email" in name or name == "mail":
        return f"{mark}@example.com"
    if "passw" in name or parameter.form == "password":
        return f"Correct-horse-{mark}-9"
    if "url" in name or name in ("link", "website", "homepage"):
        return "https://example.com/"
    if name.endswith("_at") or "date" in name:
        return "2026-01-02"
    return mark[: parameter.longest] if parameter.longest else mark


def _prefix_of(operation: Operation, parameter: Parameter) -> str:
    before = operation.template.partition("{" + parameter.name + "}")[0]
    return normalise_template(before)


def _rank(held: Held, name: str, prefix: str) -> int:
    key, lowered = held.key.lower(), name.lower()
    fits = key in _ID_KEYS[:4] or key == lowered
    if held.prefix == prefix and fits:
        return 4 if key == lowered else 3
    if key == lowered and lowered not in _ID_KEYS:
        return 2
    stem = re.sub(r"_?(id|uuid|pk|slug)$", "", lowered)
    last = prefix.rpartition("/")[2]
    same_last = held.prefix.rpartition("/")[2] == last and last != ""
    return 1 if key in _ID_KEYS[:4] and (same_last or (stem and held.prefix.endswith((stem, f"{stem}s")))) else 0


def match_template(path: str, template: str) -> Mapping[str, str] | None:
    """The values of the template's holes in a path; None when the path is another's."""
    names = HOLE.findall(template)
    pattern = "".join(_SEGMENT if odd else re.escape(part) for part, odd in _split(template))
    found = re.fullmatch(pattern + "/?", re.split(r"[?#]", path, maxsplit=1)[0])
    return dict(zip(names, found.groups(), strict=True)) if found else None


def _split(template: str) -> Iterator[tuple[str, bool]]:
    for index, part in enumerate(HOLE.split(template)):
        yield part, bool(index % 2)


def _match(path: str, template: str, who: str, *, made: bool) -> Iterator[Held]:
    values = match_template(path, template)
    for name, value in (values or {}).items():
        before = template.partition("{" + name + "}")[0]
        yield Held(identity=who, prefix=normalise_template(before), key=name, value=value, made=made)


def _walk(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, Mapping | list):
                yield from _walk(inner, depth + 1)
            else:
                yield str(key), inner
    elif isinstance(value, list):
        for inner in value[:_MOST_ITEMS]:
            if isinstance(inner, Mapping | list):
                yield from _walk(inner, depth + 1)
            else:
                yield "", inner
