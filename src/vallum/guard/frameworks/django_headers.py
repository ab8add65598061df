"""The headers of a Django response, read and replaced without checking each anew: the core has checked them."""

from collections.abc import Collection
from typing import Any, Final

from django.http.response import ResponseHeaders

from vallum.guard.frameworks.declared import refuse_version
from vallum.guard.response import spell_head

Pair = tuple[bytes, bytes]
_STORE: Final = "_store"
"""Private to Django: lower-case names to pairs. `check_headers` looks for it before the guard starts."""


def check_headers() -> None:
    """Raise `ConfigError` unless Django keeps headers where the guard puts them."""
    headers = ResponseHeaders({"A": "b"})
    if getattr(headers, _STORE, None) != {"a": ("A", "b")}:
        raise refuse_version("Django", "ResponseHeaders._store")


def pairs_of(response: Any) -> list[Pair]:
    """The headers of `response`, its cookies aside."""
    kept = getattr(response.headers, _STORE)
    return [(key.encode("latin-1"), value.encode("latin-1")) for key, (_, value) in kept.items()]


def put_headers(response: Any, head: Collection[Pair]) -> None:
    """Give `response` the headers of `head`, and no others; cookies have a place of their own in Django."""
    kept: dict[str, tuple[str, str]] = getattr(response.headers, _STORE)
    kept.clear()
    for name, text in spell_head(head):
        if name == "set-cookie":
            response.cookies.load(text)
        else:
            kept[name] = (name, f"{kept[name][1]}, {text}" if name in kept else text)
