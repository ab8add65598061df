"""Text from code, app or git, made safe to show: nothing in it steers a terminal, a parser or a reader's eye."""

import unicodedata
from itertools import accumulate
from typing import Final

_PLAIN: Final = str.maketrans(
    {
        "\u2026": "...",  # ellipsis
        "\u2500": "-",  # rule
        "\u2212": "-",  # minus
        "\u2013": "-",  # en dash
        "\u2019": "'",
        "\u2018": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u25a0": "#",  # held
        "\u25a1": ".",  # nothing examined
    }
)
HEAD: Final = 26
r"""How much of a line's beginning is kept when it is cut: enough for `name = call("SELECT …`."""


def show_hidden(text: str) -> str:
    r"""Write each invisible or control character as `\x1b` or `\u202e`; the rest stays. Idempotent, one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_name(character) if _is_hidden(character) else character for character in text)


def spell_ascii(text: str) -> str:
    r"""Write the text for a terminal that has only ASCII: `...` for `…`, straight quotes, `\xe9` for `é`."""
    return text.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")


def measure(text: str) -> int:
    """How many columns a terminal needs: 2 for wide East Asian characters, 0 for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def pad(text: str, width: int) -> str:
    """Fill the text with spaces to `width` columns; longer text stays as it is."""
    return text + " " * (width - measure(text))


def cut_middle(text: str, width: int, *, ellipsis: str = "…") -> str:
    """Shorten a line of code to `width` columns: its beginning, an ellipsis, and as much of its end as fits.

    The end is what matters: there stands the value that reaches the sink.
    """
    if measure(text) <= width:
        return text
    room = max(width - len(ellipsis), 0)
    head = _take(text, min(HEAD, room * 2 // 5) if room < HEAD * 3 // 2 else HEAD)
    tail = _take(text[::-1], room - measure(head))[::-1]
    return head + ellipsis + tail


def _take(text: str, width: int) -> str:
    return text[: sum(used <= width for used in accumulate(map(_cells, text)))]


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_hidden(character: str) -> bool:
    """Controls, invisible format characters (the bidirectional ones of CVE-2021-42574), halves, what has no shape."""
    return not character.isprintable() and unicodedata.category(character) != "Zs"


def _name(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
