"""Escape text for HTML exactly once, and carry the fact that it was done in the type (CWE-79, ASVS 1.2.1).

    greeting = fill_html('<p title="{name}">Hello {name}</p>', name=user.name)
    page = join_html("<br>", lines)

The escape is for text and quoted attribute values. Script, style, comments, event handlers, URLs and the names of tags
and attributes need other encodings; `fill_html` refuses a template with a value in such a place.
"""

from collections.abc import Iterable
from typing import Final, LiteralString

from markupsafe import Markup
from markupsafe import escape as escape_text

from vallum.base.errors import ConfigError
from vallum.base.literal import check_literal
from vallum.guard.output.html_places import read_template

KEEPS: Final = ("html-escaped",)


class SafeHtml(Markup):
    """HTML that may be sent as it is. Every operation with plain text (`+`, `%`, `format`, `join`) escapes that text.

    Build it by `escape`, `fill_html` and `join_html`; its own constructor trusts what it is given.
    """

    __slots__ = ()


def escape(value: object) -> SafeHtml:
    """Return `value` as HTML text: `& < > " '` become entities. What is safe already (`__html__`) is left alone."""
    return SafeHtml(escape_text(value))


def fill_html(template: LiteralString, /, **values: object) -> SafeHtml:
    """Return the literal `template` with each `{name}` replaced by its escaped value. `{{` stands for a brace.

    Raises `ConfigError` when the template is no literal of the calling code, when a value is missing, and for a place
    where an escape does not protect.
    """
    check_literal(template, "an HTML template")
    parts = read_template(template)
    missing = sorted({name for _, name in parts if name} - values.keys())
    if missing:
        raise ConfigError(f"no value for {', '.join(missing)} in an HTML template.", code="html-template")
    return SafeHtml("".join(piece for text, name in parts for piece in (text, escape(values[name]) if name else "")))


def join_html(separator: LiteralString, parts: Iterable[object]) -> SafeHtml:
    """Return the parts, each escaped unless it is safe already, with the literal HTML `separator` between them."""
    check_literal(separator, "an HTML separator")
    return SafeHtml(separator).join(map(escape, parts))
