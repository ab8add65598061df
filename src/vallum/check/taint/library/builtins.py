"""Python's builtin functions."""

from collections.abc import Callable
from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import ALL
from vallum.check.taint.assign import set_attribute
from vallum.check.taint.behaviour import as_text
from vallum.check.taint.guards import clear_atoms, is_instance, make_fact
from vallum.check.taint.machine import Arguments
from vallum.check.taint.objects import get_attribute
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.subscripts import any_of, iterate, join_each
from vallum.check.taint.value import (
    BOUND,
    CLASS,
    CONFIGURED,
    CONSTANT,
    DICT,
    ESCAPED,
    FACT,
    FUNCTION,
    LIST,
    NONE,
    NOTHING_KNOWN,
    OBJECT,
    PLAIN,
    RESOLVED,
    SAFE,
    TEXT,
    TUPLE,
    Value,
    constant,
    guessed,
    join_values,
)

Handler = Callable[[Arguments, Any, Frame], Value]


def _text(arguments: Arguments, node: Any, frame: Frame) -> Value:
    value = arguments.get(0)
    if value is None:
        return constant("")
    if value.const is not UNKNOWN and isinstance(value.const, str | int | float):
        return constant(str(value.const))
    own = as_text(value, node, frame) if value.kind == OBJECT else None
    if own is not None:
        return own
    taint = frame.machine.flatten(value, frame)
    kind = TEXT if value.kind == TEXT else PLAIN
    name = value.name if value.marks & RESOLVED else ""
    marks = value.marks & (RESOLVED | ESCAPED)
    return Value(taint, UNKNOWN, name, kind, value.data if kind else None, value.origin, marks)


def _number(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    """A number; the text that it was made of is one too, or there would have been an exception."""
    value = arguments.get(0)
    state = frame.state
    if value is not None and value.taint and state is not None:
        state.clear(clear_atoms(value.taint, ALL))
    return SAFE if value is None else guessed(value)


def _safe(arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    return guessed(any_of(arguments.every())) if arguments.positional else SAFE


def _length(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    value = arguments.get(0)
    if value is None:
        return SAFE
    if isinstance(value.const, str | bytes):
        return constant(len(value.const))
    if value.kind == TUPLE:
        return constant(len(value.data))
    if value.kind == LIST:
        cell = frame.machine.cell(value, frame)
        return constant(len(cell.elements)) if cell.rest is None else SAFE
    return SAFE


def _list(arguments: Arguments, node: Any, frame: Frame) -> Value:
    source = arguments.get(0)
    if source is None:
        made: Value = frame.machine.allocate(LIST, Cell(), node, frame)
        return made
    if source.kind == TUPLE:
        cell = Cell(source.data)
    elif source.kind == LIST:
        cell = frame.machine.cell(source, frame)
    elif isinstance(source.const, str) and len(source.const) <= 60:
        cell = Cell(tuple(constant(character) for character in source.const))
    else:
        cell = Cell(rest=iterate(source, node, frame))
    copied: Value = frame.machine.allocate(LIST, cell, node, frame)
    return copied


def _tuple(arguments: Arguments, node: Any, frame: Frame) -> Value:
    made = _list(arguments, node, frame)
    cell = frame.machine.cell(made, frame)
    if cell.rest is not None:
        return made
    return Value((), UNKNOWN, "", TUPLE, cell.elements, any_of(list(cell.elements)).origin)


def _ordinal(arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    value = arguments.get(0)
    known = value is not None and isinstance(value.const, str) and len(value.const) == 1
    return constant(ord(value.const)) if known and value is not None else SAFE


def _shuffled(arguments: Arguments, node: Any, frame: Frame) -> Value:
    source = arguments.get(0)
    rest = NOTHING_KNOWN if source is None else iterate(source, node, frame)
    made: Value = frame.machine.allocate(LIST, Cell(rest=rest), node, frame)
    return made


def _dict(arguments: Arguments, node: Any, frame: Frame) -> Value:
    cell = Cell((), dict(arguments.keywords), arguments.rest)
    source = arguments.positional[0] if arguments.positional else None
    if source is not None and source.kind == DICT:
        inner = frame.machine.cell(source, frame)
        cell = Cell((), {**inner.entries, **cell.entries}, inner.rest if cell.rest is None else cell.rest)
    elif source is not None:
        pair = iterate(source, node, frame)
        value = pair.data[1] if pair.kind == TUPLE and len(pair.data) == 2 else pair
        cell = cell.with_rest(value)
    made: Value = frame.machine.allocate(DICT, cell, node, frame)
    return made


def _enumerate(arguments: Arguments, node: Any, frame: Frame) -> Value:
    source = arguments.get(0) or NOTHING_KNOWN
    pair = Value((), UNKNOWN, "", TUPLE, (SAFE, iterate(source, node, frame)), CONFIGURED)
    made: Value = frame.machine.allocate(LIST, Cell(rest=pair), node, frame)
    return made


def _zip(arguments: Arguments, node: Any, frame: Frame) -> Value:
    sources = [frame.machine.cell(value, frame) if value.kind == LIST else None for value in arguments.positional]
    known = [
        Cell(value.data) if value.kind == TUPLE else cell
        for value, cell in zip(arguments.positional, sources, strict=True)
    ]
    if known and all(cell is not None and cell.rest is None for cell in known):
        rows = zip(*(cell.elements for cell in known if cell is not None), strict=False)
        cell = Cell().with_elements(tuple(Value((), UNKNOWN, "", TUPLE, tuple(row), CONFIGURED) for row in rows))
    else:
        parts = tuple(iterate(value, node, frame) for value in arguments.every())
        cell = Cell(rest=Value((), UNKNOWN, "", TUPLE, parts, any_of(list(parts)).origin))
    made: Value = frame.machine.allocate(LIST, cell, node, frame)
    return made


def _map(arguments: Arguments, node: Any, frame: Frame) -> Value:
    function = arguments.get(0)
    if function is None:
        return NOTHING_KNOWN
    elements = [iterate(value, node, frame) for value in arguments.positional[1:]]
    result = frame.machine.call_value(function, Arguments(elements), node, frame)
    made: Value = frame.machine.allocate(LIST, Cell(rest=result), node, frame)
    return made


def _filter(arguments: Arguments, node: Any, frame: Frame) -> Value:
    function, source = arguments.get(0), arguments.get(1)
    if function is None or source is None:
        return NOTHING_KNOWN
    element = iterate(source, node, frame)
    state = frame.state
    if function.kind in {FUNCTION, BOUND} and state is not None:
        verdict = frame.machine.call_value(function, Arguments([element]), node, frame)
        kept = state.cleared
        state.clear(verdict.data[0] if verdict.kind == FACT else {})
        element, state.cleared = state.apply(element), kept
    made: Value = frame.machine.allocate(LIST, Cell(rest=element), node, frame)
    return made


def _element(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`next`, `max`, `min`: any of what is gone through."""
    if not arguments.positional:
        return NOTHING_KNOWN
    first = arguments.positional[0]
    found = iterate(first, node, frame) if first.kind > TEXT or len(arguments.positional) < 2 else first
    return join_each([found, *arguments.positional[1:], *arguments.keywords.values()])


def _first(arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    return arguments.get(0) or NOTHING_KNOWN


def _get_attribute(arguments: Arguments, node: Any, frame: Frame) -> Value:
    base, name = arguments.get(0), arguments.get(1)
    if base is None or name is None:
        return NOTHING_KNOWN
    if isinstance(name.const, str):
        return get_attribute(base, name.const, node, frame)
    if base.kind == OBJECT:
        return join_each(frame.machine.cell(base, frame).values())
    return Value(base.taint, UNKNOWN, "", PLAIN, None, CONSTANT if base.kind == CLASS else base.origin)


def _set_attribute(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    base, name, value = arguments.get(0), arguments.get(1), arguments.get(2)
    if base is not None and value is not None and base.kind == OBJECT:
        if name is not None and isinstance(name.const, str):
            set_attribute(base, name.const, value, frame)
        else:
            frame.machine.store(base, frame.machine.cell(base, frame).with_rest(value), frame)
    return NONE


def _is_instance(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    value, kind = arguments.get(0), arguments.get(1)
    return SAFE if value is None or kind is None else make_fact(is_instance(value, kind, frame))


def _type(arguments: Arguments, _node: Any, frame: Frame) -> Value:
    value = arguments.get(0)
    if value is not None and value.kind == OBJECT:
        owner = frame.machine.cell(value, frame).owner
        if owner is not None:
            return Value((), UNKNOWN, owner.name, CLASS, owner, CONSTANT)
    return Value((), UNKNOWN, "", PLAIN, None, CONSTANT)


def _fields(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`vars(x)`, `asdict(x)`: the fields as a dictionary."""
    value = arguments.get(0)
    if value is None or value.kind not in {OBJECT, DICT}:
        return value or NOTHING_KNOWN
    cell = frame.machine.cell(value, frame)
    made: Value = frame.machine.allocate(DICT, Cell(cell.elements, cell.entries, cell.rest), node, frame)
    return made


def _partial(arguments: Arguments, node: Any, frame: Frame) -> Value:
    cell = Cell(tuple(arguments.positional), arguments.keywords, arguments.rest)
    made: Value = frame.machine.allocate(OBJECT, cell, node, frame, "functools.partial()")
    return made


def _replaced(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`dataclasses.replace(x, field=value)`."""
    value = arguments.get(0)
    if value is None or value.kind != OBJECT:
        return any_of(arguments.every())
    cell = frame.machine.cell(value, frame)
    cell = Cell(cell.elements, {**cell.entries, **arguments.keywords}, cell.rest, cell.owner)
    made: Value = frame.machine.allocate(OBJECT, cell, node, frame, value.name)
    return made


def _apart(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`to_thread(function, *arguments)`: the function is called, elsewhere."""
    function = arguments.get(0)
    if function is None:
        return NOTHING_KNOWN
    rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.rest)
    result: Value = frame.machine.call_value(function, rest, node, frame)
    return result


def _executor(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`loop.run_in_executor(pool, function, *arguments)`."""
    return _apart(Arguments(arguments.positional[1:], arguments.keywords, arguments.rest), node, frame)


def _thread(arguments: Arguments, node: Any, frame: Frame) -> Value:
    """`Thread(target=function, args=(...), kwargs={...})`."""
    function = arguments.get(1, "target")
    given, named = arguments.get(3, "args"), arguments.get(4, "kwargs")
    if function is not None:
        listed = list(given.data) if given is not None and given.kind == TUPLE else []
        rest = None if given is None or listed else iterate(given, node, frame)
        keywords = frame.machine.cell(named, frame).entries if named is not None and named.kind == DICT else {}
        frame.machine.call_value(function, Arguments(listed, dict(keywords), rest), node, frame)
    return NOTHING_KNOWN


def _reduce(arguments: Arguments, node: Any, frame: Frame) -> Value:
    function, source = arguments.get(0), arguments.get(1)
    if function is None or source is None:
        return NOTHING_KNOWN
    element = iterate(source, node, frame)
    start = arguments.positional[2] if len(arguments.positional) > 2 else element
    once = frame.machine.call_value(function, Arguments([start, element]), node, frame)
    again: Value = frame.machine.call_value(function, Arguments([join_values(start, once), element]), node, frame)
    return again


def _default_dict(arguments: Arguments, node: Any, frame: Frame) -> Value:
    made: Value = frame.machine.allocate(DICT, Cell(owner=arguments.get(0)), node, frame)
    return made


def _chain(arguments: Arguments, node: Any, frame: Frame) -> Value:
    rest = join_each([iterate(value, node, frame) for value in arguments.every()])
    made: Value = frame.machine.allocate(LIST, Cell(rest=rest), node, frame)
    return made


def _nothing(_arguments: Arguments, _node: Any, _frame: Frame) -> Value:
    return NOTHING_KNOWN


HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("int", "float", "bool", "complex"), _number),
    **dict.fromkeys(("hash", "abs", "round", "sum", "callable", "hasattr", "issubclass"), _safe),
    **dict.fromkeys(("id", "hex", "oct", "bin", "range", "divmod", "pow"), _safe),
    **dict.fromkeys(("list", "iter", "collections.deque"), _list),
    **dict.fromkeys(("sorted", "reversed"), _shuffled),
    **dict.fromkeys(("next", "max", "min", "random.choice", "secrets.choice"), _element),
    **dict.fromkeys(("vars", "dataclasses.asdict"), _fields),
    **dict.fromkeys(("dict", "collections.OrderedDict"), _dict),
    **dict.fromkeys(
        ("copy.copy", "copy.deepcopy", "os.fspath", "asyncio.create_task", "asyncio.run", "asyncio.wait_for"), _first
    ),
    **dict.fromkeys(
        (
            "asyncio.to_thread",
            "starlette.concurrency.run_in_threadpool",
            "fastapi.concurrency.run_in_threadpool",
            "anyio.to_thread.run_sync",
        ),
        _apart,
    ),
    **dict.fromkeys(("itertools.chain", "itertools.chain.from_iterable"), _chain),
    **dict.fromkeys(("fastapi.Depends", "fastapi.Security", "print"), _nothing),
    "str": _text,
    "len": _length,
    "ord": _ordinal,
    "tuple": _tuple,
    "enumerate": _enumerate,
    "zip": _zip,
    "map": _map,
    "filter": _filter,
    "getattr": _get_attribute,
    "setattr": _set_attribute,
    "isinstance": _is_instance,
    "type": _type,
    "functools.partial": _partial,
    "dataclasses.replace": _replaced,
    "threading.Thread": _thread,
    "functools.reduce": _reduce,
    "collections.defaultdict": _default_dict,
}
