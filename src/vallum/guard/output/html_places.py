"""Where a value may stand in an HTML template: in text and in quoted attribute values that run nothing."""

import re
from functools import lru_cache
from html.parser import HTMLParser
from string import Formatter
from typing import Final

from vallum.base.errors import ConfigError

_MARK: Final = "vallum_field"
_FIXED_START: Final = re.compile(r"/(?![/\\]|vallum_field)|[?#]|https://[a-z0-9.-]+/|mailto:")
_URL_ATTRIBUTES: Final = frozenset({
    "action", "background", "cite", "data", "formaction", "href", "ping", "poster", "src", "srcset", "xlink:href",
})  # fmt: skip
_RAW_ELEMENTS: Final = frozenset({"script", "style", "iframe", "noscript", "noembed", "noframes", "xmp", "plaintext"})


@lru_cache(maxsize=512)
def read_template(template: str) -> tuple[tuple[str, str | None], ...]:
    """Return pairs of constant HTML and the name of the value after it (None at the end).

    Raises `ConfigError` for a place where escaping does not protect, and for anything but `{name}` between braces.
    """
    parts = tuple(_read_fields(template))
    places = _Places(convert_charrefs=False)
    places.feed("".join(text + (_MARK if name else "") for text, name in parts))
    places.close()
    if places.seen != sum(name is not None for _, name in parts):
        raise _refuse("a value stands in a comment or declaration")
    return parts


def _read_fields(template: str) -> list[tuple[str, str | None]]:
    try:
        fields = list(Formatter().parse(template))
    except ValueError as error:
        raise _refuse(f"its braces do not match ({error})") from None
    if _MARK in template.lower():
        raise _refuse(f"it holds the word {_MARK}")
    for _, name, form, conversion in fields:
        if name is not None and (not name.isidentifier() or form or conversion):
            raise _refuse(f"{{{name}}} is not the plain name of a value")
    return [(text, name) for text, name, _, _ in fields]


class _Places(HTMLParser):
    """Counts the marks in places that are fit for a value; refuses the others."""

    seen = 0
    raw = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _MARK in tag or any(_MARK in name for name, _ in attrs):
            raise _refuse("a value stands in the name of a tag or attribute")
        self.raw = tag if tag in _RAW_ELEMENTS else ""
        unquoted = re.sub(r"\"[^\"]*\"|'[^']*'", "", self.get_starttag_text() or "")
        if _MARK in unquoted:
            raise _refuse("a value stands in an attribute without quotes")
        for name, value in attrs:
            self._check_attribute(name, value or "")

    def handle_endtag(self, tag: str) -> None:
        if _MARK in tag:
            raise _refuse("a value stands in the name of a tag")
        self.raw = ""

    def handle_data(self, data: str) -> None:
        if _MARK in data and self.raw:
            raise _refuse(f"a value stands inside <{self.raw}>")
        if "<" in data and not self.raw:
            raise _refuse("a tag is not closed (write &lt; for the character)")
        self.seen += data.count(_MARK)

    def _check_attribute(self, name: str, value: str) -> None:
        if _MARK not in value:
            return
        if name.startswith("on") or name in {"style", "srcdoc"}:
            raise _refuse(f"a value stands in {name}, which the browser runs")
        if name in _URL_ATTRIBUTES and not _FIXED_START.match(value):
            raise _refuse(f"a value can choose the scheme or host of {name}")
        self.seen += value.count(_MARK)


def _refuse(reason: str) -> ConfigError:
    return ConfigError(
        f"an HTML template cannot be filled safely: {reason}.",
        hint="Put values in text or in quoted attributes; pass data to scripts as a JSON block.",
        code="html-template",
    )
