"""The methods of text and bytes."""

from collections.abc import Callable
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import ALL, BITS, bits_of
from vallum.check.knowledge.model import Sink
from vallum.check.taint.guards import NO_FACTS, clear_atoms, ends_with, make_fact, starts_with
from vallum.check.taint.machine import Arguments
from vallum.check.taint.sinks import judge
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.subscripts import iterate, join_each
from vallum.check.taint.text import end_of, escape_beside, join_text, parse_format
from vallum.check.taint.value import (
    BUILT,
    CONFIGURED,
    CONSTANT,
    DICT,
    ELEMENT,
    ESCAPED,
    LIST,
    NOTHING_KNOWN,
    PLAIN,
    RESOLVED,
    SAFE,
    TEXT,
    TUPLE,
    Value,
    clear_bits,
    constant,
    mark_trail,
    merge_taints,
)

_SAME: Final = (
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "swapcase", "encode", "decode",
    "expandtabs", "removeprefix", "removesuffix", "zfill", "ljust", "rjust", "center", "replace",
)  # fmt: skip
_PARTS: Final = ("split", "rsplit", "splitlines", "partition", "rpartition")
_NUMBERS: Final = ("find", "rfind", "index", "rindex", "count", "__len__")
_TESTS: Final = ("isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha", "isidentifier")
_PLAIN_TESTS: Final = ("isspace", "isupper", "islower", "istitle", "isascii", "isprintable")
_AMBIGUOUS: Final = frozenset({"find", "index", "count", "replace", "partition", "title", "center", "format", "split"})
_PREFIX: Final = Sink(kind="path", told="compares it as text")
_WHOLE: Final = Sink(kind="path", told="compares it up to a separator")
_HTML: Final = bits_of(["html", "markup"])
_LINES: Final = bits_of(["header", "log"])
_SIGNS: Final = {
    "\n": bits_of(["header", "log"]),
    "\r\n": bits_of(["header", "log"]),
    "<": _HTML,
    "'": BITS["xpath-single"],
    '"': BITS["xpath-double"],
}
"""The sign that each kind of sink needs, where it needs just one."""
_LONGEST: Final = 10_000


def text_method(receiver: Value, name: str, arguments: Arguments, node: nodes.Node, frame: Frame) -> Value | None:
    """The result of a method of text; None if the receiver or the method is something else."""
    handler = _METHODS.get(name)
    if handler is None or not _is_text(receiver, name):
        return None
    folded = _fold(receiver, name, arguments, node, frame)
    return handler(receiver, name, arguments, node, frame) if folded is None else folded


def _is_text(receiver: Value, name: str) -> bool:
    if receiver.kind > TEXT:
        return False
    if isinstance(receiver.const, str | bytes) or receiver.kind == TEXT or receiver.taint:
        return True
    return receiver.const is UNKNOWN and name not in _AMBIGUOUS


def _fold(receiver: Value, name: str, arguments: Arguments, node: nodes.Node, frame: Frame) -> Value | None:
    if receiver.const is UNKNOWN or arguments.rest is not None or name in {"format", "join"}:
        return None
    values = [value.const for value in arguments.positional]
    named = {key: value.const for key, value in arguments.keywords.items()}
    if any(value is UNKNOWN for value in (*values, *named.values())):
        return None
    if name in {"ljust", "rjust", "center", "zfill", "expandtabs"} and any(
        isinstance(value, int) and value > _LONGEST for value in values
    ):
        return None
    try:
        result: Any = getattr(receiver.const, name)(*values, **named)
    except Exception:  # noqa: BLE001 -- the call is the analysed program's, and so are its mistakes
        return None
    if isinstance(result, list):
        cell = Cell().with_elements(tuple(constant(part) for part in result))
        made: Value = frame.machine.allocate(LIST, cell, node, frame)
        return made
    if isinstance(result, tuple):
        return Value((), UNKNOWN, "", TUPLE, tuple(constant(part) for part in result), CONSTANT)
    return constant(result)


def _same(receiver: Value, name: str, arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    taint = receiver.taint
    origin = receiver.origin
    if name == "replace" and len(arguments.positional) > 1:
        taint = merge_taints(taint, arguments.positional[1].taint)
        origin = max(origin, arguments.positional[1].origin)
        taint = clear_bits(taint, _replaced(arguments.positional[0], arguments.positional[1]))
    kind = TEXT if receiver.kind == TEXT else PLAIN
    return Value(taint, UNKNOWN, "", kind, ("", "") if kind else None, origin, receiver.marks & ESCAPED)


def _replaced(old: Value, new: Value) -> int:
    """What data can no longer do once a sign is replaced by text that does not hold it."""
    if not isinstance(old.const, str) or not isinstance(new.const, str) or old.const in new.const:
        return 0
    return _SIGNS.get(old.const, 0)


def _translate(receiver: Value, _name: str, arguments: Arguments, _node: Any, frame: Frame) -> Value:
    """`translate(table)`: a table that writes `<` and `&` otherwise is an escape for HTML."""
    table = arguments.get(0)
    entries = frame.machine.cell(table, frame).entries if table is not None and table.kind == DICT else {}
    if not {ord("<"), ord("&")} <= set(entries):
        return _same(receiver, "translate", Arguments([]), None, frame)
    taint = clear_bits(receiver.taint, _HTML)
    return Value(taint, UNKNOWN, "", TEXT, ("", ""), min(receiver.origin, CONFIGURED))


def _parts(receiver: Value, name: str, _arguments: Arguments, node: Any, frame: Frame) -> Value:
    taint = frame.machine.take_part(receiver, name, node, frame) if receiver.taint else ()
    part = Value(taint, UNKNOWN, "", TEXT if receiver.kind == TEXT else PLAIN, ("", ""), receiver.origin)
    if name.endswith("partition"):
        return Value((), UNKNOWN, "", TUPLE, (part, part, part), receiver.origin)
    made: Value = frame.machine.allocate(LIST, Cell(rest=part), node, frame)
    return made


def _number(_receiver: Value, _name: str, _arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    return SAFE


def _test(receiver: Value, _name: str, _arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    """A test of one character says nothing of what the whole text means to the program."""
    bits = ALL & ~BITS["trust"] if receiver.marks & ELEMENT else ALL
    return make_fact((clear_atoms(receiver.taint, bits), NO_FACTS))


def _starts(receiver: Value, _name: str, arguments: Arguments, node: Any, frame: Frame) -> Value:
    if not arguments.positional:
        return SAFE
    prefix = arguments.positional[0]
    if receiver.marks & RESOLVED and prefix.kind != TUPLE:
        whole = end_of(prefix).endswith(("/", "\\"))
        judge(_WHOLE if whole else _PREFIX, "startswith", SAFE if whole else receiver, node, node, frame)
    return make_fact(starts_with(receiver, prefix))


def _ends(receiver: Value, _name: str, arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    return make_fact(ends_with(receiver, arguments.positional[0])) if arguments.positional else SAFE


def _join(receiver: Value, _name: str, arguments: Arguments, node: Any, frame: Frame) -> Value:
    source = arguments.get(0)
    if source is None:
        return NOTHING_KNOWN
    parts = _elements(source, frame)
    if parts is None:
        element = iterate(source, node, frame)
        taint = merge_taints(receiver.taint, frame.machine.flatten(element, frame))
        value = Value(taint, UNKNOWN, "", TEXT, ("", ""), max(receiver.origin, element.origin))
    else:
        pieces: list[Value] = []
        for place, part in enumerate(parts):
            pieces += [part] if not place else [receiver, part]
        value = join_text(pieces) if pieces else constant("")
    if receiver.marks & ESCAPED:
        value = escape_beside(Value(value.taint, UNKNOWN, "", TEXT, ("", ""), value.origin))
    return mark_trail(value, BUILT, frame.module, node)


def _elements(source: Value, frame: Frame) -> list[Value] | None:
    if source.kind == TUPLE:
        return list(source.data)
    if source.kind == LIST:
        cell = frame.machine.cell(source, frame)
        return list(cell.elements) if cell.rest is None else None
    return None


def _format(receiver: Value, name: str, arguments: Arguments, node: Any, frame: Frame) -> Value:
    if name == "format_map" and arguments.positional:
        arguments = _from_mapping(arguments.positional[0], frame)
    pieces = parse_format(receiver.const) if isinstance(receiver.const, str) else None
    escape = bool(receiver.marks & ESCAPED)
    if pieces is None:
        value = join_text([receiver, *(_plain(one, frame, escape=escape) for one in arguments.every())])
    else:
        parts: list[Value] = []
        place = 0
        for text, field, conversion in pieces:
            parts.append(constant(text))
            if field is not None:
                word = str(place) if not field or field[0] in ".[" else field
                place += not field or field[0] in ".["
                part = _plain(_field(word, arguments, node, frame), frame, escape=escape)
                parts.append(part.tainted(clear_bits(part.taint, _LINES)) if conversion else part)
        value = join_text(parts) if parts else constant("")
    if escape:
        value = Value(value.taint, value.const, "", TEXT, ("", ""), value.origin, ESCAPED)
    return mark_trail(value, BUILT, frame.module, node)


def _from_mapping(source: Value, frame: Frame) -> Arguments:
    if source.kind != DICT:
        return Arguments([], {}, source)
    cell = frame.machine.cell(source, frame)
    return Arguments([], {str(key): value for key, value in cell.entries.items()}, cell.rest)


def _field(field: str, arguments: Arguments, node: Any, frame: Frame) -> Value:
    """The value of `{0}`, `{name}`, `{0[key]}` or `{user.name}`."""
    head = field.partition("[")[0].partition(".")[0]
    value = arguments.get(int(head) if head.isdigit() else -1, head)
    if value is None:
        return NOTHING_KNOWN
    key = field[len(head) :]
    if key.startswith("[") and value.kind == DICT:
        cell = frame.machine.cell(value, frame)
        return cell.entries.get(key[1:].partition("]")[0]) or join_each(cell.values())
    if key and value.taint:
        return Value(frame.machine.take_part(value, key, node, frame), UNKNOWN, "", PLAIN, None, value.origin)
    return value


def _plain(value: Value, frame: Frame, *, escape: bool) -> Value:
    if value.kind > TEXT:
        value = Value(frame.machine.flatten(value, frame), UNKNOWN, "", TEXT, ("", ""), value.origin)
    return escape_beside(value) if escape else value


_METHODS: Final[dict[str, Callable[[Value, str, Arguments, Any, Frame], Value]]] = {
    **dict.fromkeys(_SAME, _same),
    **dict.fromkeys(_PARTS, _parts),
    **dict.fromkeys((*_NUMBERS, *_PLAIN_TESTS), _number),
    **dict.fromkeys(_TESTS, _test),
    "startswith": _starts,
    "translate": _translate,
    "endswith": _ends,
    "join": _join,
    "format": _format,
    "format_map": _format,
}
