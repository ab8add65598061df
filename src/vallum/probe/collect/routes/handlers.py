"""The parameters that a handler reads by name, taken from its source: no document tells of those."""

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any, Final

from vallum.probe.operation import In, Parameter

_READS: Final = re.compile(
    r"\b(?P<store>query_params|args|GET|form|POST|files|FILES|form_data|data|body|payload|json)"
    r"(?:\.get(?:list|one)?\(|\[)\s*(?P<quote>[\"'])(?P<name>[\w.-]{1,40})(?P=quote)"
)
_PLACES: Final = {
    "query_params": In.QUERY,
    "args": In.QUERY,
    "GET": In.QUERY,
    "form": In.FORM,
    "POST": In.FORM,
    "form_data": In.FORM,
    "files": In.FILE,
    "FILES": In.FILE,
}


def read_handler(handler: Callable[..., Any] | None) -> tuple[Parameter, ...]:
    """The query, form and JSON names in the handler's source; nothing when there is no source."""
    source = _source(handler)
    takes_json = bool(re.search(r"\bget_json\(|\.json\(\)|request\.json\b|json\.loads\(", source))
    found: dict[tuple[str, str], Parameter] = {}
    for match in _READS.finditer(source):
        fallback = In.JSON if takes_json else In.FORM
        parameter = Parameter(name=match["name"], place=_PLACES.get(match["store"], fallback))
        if parameter.place is In.FILE:
            parameter = Parameter(name=match["name"], place=In.FILE, kind="file")
        found.setdefault(parameter.key, parameter)
    return tuple(found.values())


def _source(handler: Callable[..., Any] | None) -> str:
    if handler is None:
        return ""
    plain = inspect.unwrap(handler)
    plain = getattr(plain, "__wrapped__", plain)
    try:
        return textwrap.dedent(inspect.getsource(plain))
    except (OSError, TypeError):
        return ""
