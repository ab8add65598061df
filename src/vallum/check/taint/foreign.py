"""Calls of what lies outside of the project: by what is known of it, else carefully."""

import sys
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.kinds import RANDOM
from vallum.check.knowledge.library import NO_MODEL
from vallum.check.knowledge.model import Check, Model
from vallum.check.taint.guards import NO_FACTS, clear_atoms, make_fact
from vallum.check.taint.library import builtins, characters, paths, regexes
from vallum.check.taint.library.buffers import BUFFERED, buffer_method
from vallum.check.taint.library.builtins import Handler
from vallum.check.taint.machine import Arguments, Machine
from vallum.check.taint.sinks import CLEARED_BY, check_sink, holds, switch
from vallum.check.taint.state import Frame
from vallum.check.taint.value import (
    BOUND,
    CONFIGURED,
    CONSTANT,
    DICT,
    ESCAPED,
    FUNCTION,
    LOOKED_UP,
    NOTHING_KNOWN,
    OUTSIDE,
    PLAIN,
    RESOLVED,
    SAFE,
    Taint,
    Taints,
    Trail,
    Value,
    constant,
    join_values,
    merge_taints,
)

_HANDLERS: Final[dict[str, Handler]] = {
    **builtins.HANDLERS,
    **regexes.HANDLERS,
    **paths.HANDLERS,
    **characters.HANDLERS,
}
_LOOKUPS: Final = frozenset(
    {"get", "getlist", "getall", "get_all", "getone", "pop", "setdefault", "get_json", "getfirst"}
)
_STANDARD: Final = frozenset(sys.stdlib_module_names) | frozenset(dir(sys.modules["builtins"]))


def is_special(name: str) -> bool:
    """Whether a qualified name is one whose effect is written out, so that it is no method of text."""
    return name in _HANDLERS


def call_foreign(
    name: str,
    receiver: Value | None,
    arguments: Arguments,
    node: nodes.Call,
    frame: Frame,
    function: Value | None = None,
) -> Value:
    """The result of a call that leaves the project."""
    machine: Machine = frame.machine
    name = machine.knowledge.names.get(name, name)
    model = machine.knowledge.find(name)
    for sink in model.sinks:
        check_sink(sink, name, receiver, arguments, node, frame)
    if model.switches:
        switch(model, receiver, arguments, frame)
    if model.ends:
        frame.ended = True
        return NOTHING_KNOWN
    if model.origin is not None and model.origin.mask == RANDOM:
        return machine.take_in(name, model.origin, node, frame)
    special = _special(name, receiver, arguments, node, frame)
    if special is not None:
        return _cleaned(special, model, name, node, frame)
    if model.check is not None:
        return _checked(model.check, receiver, arguments, frame)
    if model.origin is not None:
        return machine.take_in(name, model.origin, node, frame)
    called = _call_back(arguments, node, frame)
    return _cleaned(
        _result(name, model, receiver or function, arguments, node, frame, called), model, name, node, frame
    )


def _special(name: str, receiver: Value | None, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value | None:
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(arguments, node, frame)
    if receiver is None:
        return None
    method = name.rpartition(".")[2]
    found = _of_known(receiver, method, arguments, node, frame)
    if found is not None:
        return found
    if method in _LOOKUPS and receiver.taint:
        return _look_up(name, receiver, arguments, node, frame)
    if method in {"map", "imap", "imap_unordered"} and len(arguments.positional) > 1:
        return _HANDLERS["map"](arguments, node, frame)
    if method in {"run_in_executor", "submit", "add_task"} and arguments.positional:
        rest = arguments.positional[1:] if method == "run_in_executor" else arguments.positional
        return _HANDLERS["asyncio.to_thread"](Arguments(rest, arguments.keywords, arguments.rest), node, frame)
    return None


def _of_known(receiver: Value, method: str, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value | None:
    """A method of an object whose behaviour is written out: a buffer, a pattern, a match, a path."""
    if receiver.name in BUFFERED:
        return buffer_method(receiver, method, arguments, frame)
    if receiver.name == regexes.COMPILED:
        return regexes.compiled_method(receiver, method, arguments)
    if receiver.name == regexes.MATCHED:
        return regexes.match_method(receiver, method, arguments, node, frame)
    if receiver.name.startswith("pathlib.") or receiver.marks & RESOLVED:
        return paths.path_method(receiver, method, arguments, frame)
    return None


def _look_up(name: str, receiver: Value, arguments: Arguments, node: nodes.Call, frame: Frame) -> Value:
    """`data.get("key", default)` on data from outside."""
    key = arguments.get(0)
    chosen = key.const if key is not None and isinstance(key.const, str | int) else node
    taint = frame.machine.take_part(receiver, chosen, node, frame)
    value = Value(taint, UNKNOWN, f"{name}()", PLAIN, None, OUTSIDE)
    if arguments.keywords.get("type") is not None and arguments.keywords["type"].name in {"int", "float", "bool"}:
        return SAFE
    default = arguments.get(1, "default")
    return value if default is None else join_values(value, default)


def _checked(check: Check, receiver: Value | None, arguments: Arguments, frame: Frame) -> Value:
    value = receiver if check.position < 0 else arguments.get(check.position)
    if value is None or (check.resolved and not value.marks & RESOLVED):
        return SAFE
    true = clear_atoms(value.taint, check.when_true) if check.when_true else NO_FACTS
    false = clear_atoms(value.taint, check.when_false) if check.when_false else NO_FACTS
    if check.raises and frame.state is not None:
        frame.state.clear(true)
        return value.tainted(tuple(taint for taint in value.taint if taint.mask & ~check.when_true))
    return make_fact((true, false))


def _call_back(arguments: Arguments, node: nodes.Call, frame: Frame) -> Value | None:
    """Functions of the project that are handed out are called by whoever gets them, with anything that he has."""
    called: Value | None = None
    for value in arguments.every():
        if value.kind in {FUNCTION, BOUND}:
            others = [other for other in arguments.every() if other.kind not in {FUNCTION, BOUND}]
            taints: Taints = ()
            for other in others:
                taints = merge_taints(taints, frame.machine.flatten(other, frame))
            result: Value = frame.machine.call_value(value, Arguments([], {}, Value(taints)), node, frame)
            frame.ended = False
            called = result if called is None else join_values(called, result)
    return called


def _result(
    name: str,
    model: Model,
    receiver: Value | None,
    arguments: Arguments,
    node: nodes.Call,
    frame: Frame,
    called: Value | None = None,
) -> Value:
    if model.returns in {"clean", "receiver"} or model.returns.startswith("argument "):
        return _given(model.returns, receiver, arguments)
    taints: Taints = receiver.taint if receiver is not None else ()
    origin = CONFIGURED if receiver is None else receiver.origin
    for value in arguments.every():
        taints = merge_taints(taints, frame.machine.flatten(value, frame))
        origin = max(origin, value.origin if value.kind != DICT else CONFIGURED)
    if taints:
        taints = frame.machine.take_part(Value(taints), node, node, frame)
    if called is not None and called.taint:
        taints = merge_taints(taints, called.taint)
    if model.trusted:
        origin = CONSTANT
    full = _result_name(name, model, arguments)
    known: Any = frame.machine.knowledge.constants.get(full, UNKNOWN)
    if known is not UNKNOWN:
        return constant(known)
    if not taints and full and origin != CONSTANT:
        interned: Value = frame.machine.named(full)
        if interned.origin == origin:
            return interned
    marks = LOOKED_UP if taints and model is NO_MODEL and _is_lookup(name, receiver) else 0
    return Value(taints, UNKNOWN, full, PLAIN, None, origin, marks)


def _result_name(name: str, model: Model, arguments: Arguments) -> str:
    for variant in model.variants:
        if all(holds(condition, arguments, default=False) for condition in variant.when):
            return variant.returns
    return model.returns or (f"{name}()" if not name.startswith("?") and name else "")


def _given(returns: str, receiver: Value | None, arguments: Arguments) -> Value:
    if returns == "clean":
        return SAFE
    found = receiver if returns == "receiver" else arguments.get(int(returns.partition(" ")[2]))
    return found or NOTHING_KNOWN


def _is_lookup(name: str, receiver: Value | None) -> bool:
    """Whether a call of which nothing is known takes data to find something by it, as a repository does."""
    if receiver is not None and receiver.taint:
        return False
    return name.partition(".")[0] not in _STANDARD


def _cleaned(value: Value, model: Model, name: str, node: nodes.Call, frame: Frame) -> Value:
    marks = value.marks
    if model.resolves:
        marks |= RESOLVED
    if name in _ESCAPING:
        marks |= ESCAPED
    if not (model.clears and value.taint):
        origin = min(value.origin, CONFIGURED) if model.clears else value.origin
        if marks == value.marks and origin == value.origin:
            return value
        return Value(value.taint, value.const, value.name, value.kind, value.data, origin, marks)
    taints = tuple(
        Taint(taint.atom, taint.mask & ~model.clears, Trail(f"{CLEARED_BY}`{name}`", frame.module, node, taint.trail))
        for taint in value.taint
    )
    return Value(taints, value.const, value.name, value.kind, value.data, value.origin, marks)


_ESCAPING: Final = frozenset({"markupsafe.Markup", "markupsafe.escape"})
