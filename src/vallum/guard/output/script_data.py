"""Data for scripts: JSON that cannot leave its place in a page (CWE-79, ASVS 1.2.3, 3.5.7).

page = fill_html("<main>{board}</main>", board=data_block("board", {"cards": cards}))

const board = JSON.parse(document.getElementById("board").textContent);
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from vallum.base.errors import VallumError
from vallum.guard.output.html import SafeHtml

KEEPS: Final = ("js-context-encoded",)
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_:.-]{0,63}")
_ESCAPES: Final = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&'\u2028\u2029"}


class ScriptDataError(VallumError):
    """The value is none that JSON can carry, or the id none that an element can have."""

    code = "script-data"


def encode_script(value: object, *, default: Callable[[Any], object] | None = None) -> SafeHtml:
    r"""Return `value` as JSON that is also JavaScript and may stand as an expression inside `<script>`.

    The characters `< > & '`, U+2028 and U+2029 and all beyond ASCII become `\uXXXX`, which reads back as the same
    text. `default` turns other types into JSON ones, as for `json.dumps`. Raises `ScriptDataError` for NaN, infinities,
    circular values and types that JSON does not have; the message names the type, not the value.
    """
    try:
        text = json.dumps(value, allow_nan=False, default=default, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ScriptDataError(
            f"a value for a script is not JSON ({type(value).__name__}: {type(error).__name__}).",
            hint="Pass text, finite numbers, True, False, None, lists and dictionaries, or give `default`.",
        ) from None
    return SafeHtml(text.translate(_ESCAPES))


def data_block(element_id: str, value: object, *, default: Callable[[Any], object] | None = None) -> SafeHtml:
    """Return `<script type="application/json" id="...">` with `value`: read by script, never run by the browser.

    It needs no nonce. Raises `ScriptDataError` like `encode_script`, and for an id other than a letter followed by up
    to 63 letters, digits and `_ : . -`.
    """
    if not _ID.fullmatch(element_id):
        raise ScriptDataError(
            "the id of a data block is not a plain name.", hint="Use a letter, then letters, digits, _ : . or -."
        )
    data = encode_script(value, default=default)
    return SafeHtml(f'<script type="application/json" id="{element_id}">{data}</script>')
