"""What reaches a sink, and how bad that is."""

import re
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.module import Module
from vallum.check.knowledge.kinds import LITERAL, RANDOM, mask_of
from vallum.check.knowledge.model import RECEIVER, Condition, Model, Sink
from vallum.check.taint.machine import Arguments
from vallum.check.taint.record import Judgement, Outcome
from vallum.check.taint.state import Cell, Frame
from vallum.check.taint.text import start_of
from vallum.check.taint.value import (
    BUILT,
    CONFIGURED,
    CONSTANT,
    DICT,
    FACT,
    LIST,
    OBJECT,
    TEXT,
    TUPLE,
    UNION,
    Taints,
    Trail,
    Value,
    constant,
    join_values,
)

_RECEIVER, _ALL = -1, -2
_SHELLS: Final = frozenset({
    "sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "cmd", "powershell", "pwsh", "python", "python3", "perl", "ruby",
    "node", "php", "env", "busybox",
})  # fmt: skip


def check_sink(
    sink: Sink, name: str, receiver: Value | None, arguments: Arguments, node: nodes.Call, frame: Frame
) -> None:
    """Judge what a call hands to a sink, if it is one under these arguments."""
    if not _is_one(sink, receiver, arguments, frame):
        return
    value, argument = _find(sink, receiver, arguments, node)
    if value is not None:
        if sink.first:
            value = _shell_text(value, arguments, sink.position, frame) or _command_of(value, frame)
        if sink.text and value.kind in {LIST, DICT, TUPLE, OBJECT}:
            return
        judge(sink, name, value, argument, node, frame)


def check_item(base: str, key: Value, value: Value, node: nodes.Subscript, frame: Frame) -> None:
    """Judge `base[key] = value`, if that is a sink: a header, an entry of the session."""
    knowledge = frame.machine.knowledge
    model = knowledge.models.get(f"{base}[]=") if base else None
    word = node.base.name if isinstance(node.base, nodes.Attribute) else ""
    if model is None and word:
        model = knowledge.methods.get(f"{word}[]=")
    arguments = Arguments([key, value])
    if isinstance(key.const, str) and key.const.lower() == "content-type":
        note_type(base.removesuffix(".headers"), value, frame)
    for sink in model.sinks if model is not None else ():
        if _is_one(sink, None, arguments, frame):
            judge(sink, f"{base or word}[...] =", arguments.positional[sink.position], node, node, frame)


def note_type(base: str, value: Value, frame: Frame) -> None:
    """An answer gets its content type after it was made: text that is no HTML runs no scripts."""
    made = frame.machine.record.pages.get((frame.serial, base))
    kind = start_of(value)
    if made is not None and kind and not kind.startswith(("text/html", "image/svg", "application/xhtml")):
        frame.machine.record.texts.add(made)


def _is_one(sink: Sink, receiver: Value | None, arguments: Arguments, frame: Frame) -> bool:
    for condition in sink.when:
        if condition.state:
            if not is_switched(condition, receiver, arguments, frame):
                return False
        elif not holds(condition, arguments, default=not condition.pattern):
            return False
    return not any(holds(condition, arguments, default=False) for condition in sink.unless)


def is_switched(condition: Condition, receiver: Value | None, arguments: Arguments, frame: Frame) -> bool:
    """Whether an object was put into a state before."""
    value = receiver if condition.position == RECEIVER else arguments.get(condition.position, *condition.keywords)
    if value is None or not value.name:
        return False
    cell = (frame.state or frame.last).heap.get(value.name)
    found = cell.entries.get(condition.state) if cell is not None else None
    return found is not None and found.const is not False


def switch(model: Model, receiver: Value | None, arguments: Arguments, frame: Frame) -> None:
    """Note the states that a call switches on or off."""
    for one in model.switches:
        if receiver is None or not all(holds(condition, arguments, default=False) for condition in one.about):
            continue
        on = constant(all(holds(condition, arguments, default=True) for condition in one.when))
        state = frame.state or frame.last
        state.put(receiver.name, state.heap.get(receiver.name, Cell()).with_entry(one.state, on))


def _find(
    sink: Sink, receiver: Value | None, arguments: Arguments, node: nodes.Call
) -> tuple[Value | None, nodes.Expression]:
    if sink.position == _RECEIVER:
        inner = node.function.base if isinstance(node.function, nodes.Attribute) else node.function
        return receiver, inner
    if sink.position == _ALL:
        every = arguments.every()
        value = every[0] if every else None
        for other in every[1:]:
            value = join_values(value, other) if value is not None else other
        return value, node
    value = arguments.get(sink.position, *sink.keywords)
    for keyword, inner in node.keywords:
        if keyword in sink.keywords:
            return value, inner
    plain = 0 <= sink.position < len(node.arguments)
    return value, node.arguments[sink.position] if plain else node


def holds(condition: Condition, arguments: Arguments, *, default: bool) -> bool:
    """Whether an argument is as a condition asks; one that cannot be told counts as `default`."""
    value = arguments.get(condition.position, *condition.keywords)
    if value is None:
        return condition.missing
    if condition.pattern:
        text = value.const if isinstance(value.const, str) else value.name or start_of(value)
        if not text:
            return default
        return re.fullmatch(condition.pattern, text) is not None
    return default if value.const is UNKNOWN else bool(value.const == condition.equals)


def _shell_text(value: Value, arguments: Arguments, position: int, frame: Frame) -> Value | None:
    """Of a shell that is started with its arguments one by one, all that follows `-c`; None for other programs."""
    program = value.const
    if not isinstance(program, str) or program.rpartition("/")[2] not in _SHELLS:
        return None
    rest: list[Value] = []
    for one in arguments.positional[position + 1 :]:
        rest += frame.machine.contents(one, frame) if one.kind in {LIST, TUPLE} else [one]
    if not any(one.const in {"-c", "/c"} for one in rest):
        return None
    text = rest[0]
    for one in rest[1:]:
        text = join_values(text, one)
    return text


def _command_of(value: Value, frame: Frame) -> Value:
    """Of an argument list, what decides which program runs: its first element, or all of it behind a shell's `-c`."""
    machine = frame.machine
    if value.kind not in {LIST, TUPLE}:
        return value
    elements = machine.contents(value, frame)
    if not elements:
        return value
    program = elements[0].const
    runs_text = not isinstance(program, str) or program.rpartition("/")[2].rpartition(".")[0] in _SHELLS
    runs_text = runs_text or (isinstance(program, str) and program.rpartition("/")[2] in _SHELLS)
    if runs_text and any(element.const in {"-c", "/c", "/C", "-Command", "-e"} for element in elements):
        return value
    cell = machine.cell(value, frame) if value.kind == LIST else None
    if cell is not None and not cell.elements:
        return value
    first: Value = elements[0]
    return first


def judge(sink: Sink, name: str, value: Value, argument: nodes.Node, node: nodes.Node, frame: Frame) -> None:
    """Write down what reaches a sink."""
    if sink.kind == "html" and value.kind == TUPLE and value.data:
        value = value.data[0]
    mask = mask_of(sink.kind)
    taints = frame.machine.flatten(value, frame)
    if mask != RANDOM:
        taints = tuple([taint for taint in taints if taint.mask != RANDOM])
    bad = tuple([taint for taint in taints if taint.mask & mask])
    if sink.kind == "code":
        bad = tuple([taint for taint in bad if taint.mask & LITERAL])
    outcome, reason = _outcome(value, taints, bad, frame)
    if sink.kind == "html":
        frame.machine.record.pages[frame.serial, f"{name}()"] = node
    frame.machine.record.judge(
        Judgement(
            module=frame.module,
            node=node,
            argument=argument,
            sink=sink,
            name=name,
            outcome=outcome,
            taints=bad,
            reasons={reason: None} if reason else {},
            ways=_ways(bad, node, frame),
            called=(frame.depth > 0) + 2 * frame.machine.handlers.is_real,
        )
    )


def _ways(bad: Taints, node: nodes.Node, frame: Frame) -> dict[tuple[Module, nodes.Node] | None, Taints]:
    """The data by the place at which their text was put together; None where that is the sink's own function."""
    ways: dict[tuple[Module, nodes.Node] | None, Taints] = {}
    here = frame.module, frame.module.scope_at(node.line)
    for taint in bad:
        trail = taint.trail
        while trail is not None and trail.verb != BUILT:
            trail = trail.before
        made = None
        if trail is not None and (trail.module, trail.module.scope_at(trail.node.line)) != here:
            made = trail.module, trail.node
        ways[made] = (*ways.get(made, ()), taint)
    return ways


def _outcome(value: Value, taints: Taints, bad: Taints, frame: Frame) -> tuple[Outcome, str]:
    if bad:
        return Outcome.REACHED, ""
    if taints:
        return Outcome.CLEARED, _cleared_by(taints)
    origin = _origin(value, frame)
    if origin == CONSTANT:
        return Outcome.CONSTANT, "constant"
    if origin == CONFIGURED:
        return Outcome.UNREACHED, "no data from outside reaches it"
    return (Outcome.BUILT if _is_built(value) else Outcome.UNKNOWN), ""


def _is_built(value: Value) -> bool:
    return value.kind == TEXT or (value.kind == UNION and any(_is_built(one) for one in value.data))


def _origin(value: Value, frame: Frame, depth: int = 0) -> int:
    if value.kind in {LIST, DICT, TUPLE, OBJECT, UNION} and depth < 3:
        contents = frame.machine.contents(value, frame)
        return max([_origin(one, frame, depth + 1) for one in contents], default=CONSTANT)
    return CONSTANT if value.kind == FACT or value.const is not UNKNOWN else value.origin


def _cleared_by(taints: Taints) -> str:
    for taint in taints:
        trail: Trail | None = taint.trail
        while trail is not None:
            if trail.verb.startswith(CLEARED_BY):
                return trail.verb
            trail = trail.before
    return "checked before it is used"


CLEARED_BY: Final = "made safe by "
