"""Every statement but those where ways part."""

from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.knowledge.model import Sink
from vallum.check.taint.assign import assign, bind_name, forget
from vallum.check.taint.branches import BRANCHES
from vallum.check.taint.classes import define_class, mark_function, typed
from vallum.check.taint.invoke import close
from vallum.check.taint.library.containers import container_method
from vallum.check.taint.machine import Arguments, Execute, Machine
from vallum.check.taint.objects import get_attribute
from vallum.check.taint.operators import operate
from vallum.check.taint.sinks import judge
from vallum.check.taint.state import Frame
from vallum.check.taint.value import (
    BOUND,
    CLASS,
    CONSTANT,
    FUNCTION,
    LIST,
    MODULE,
    NONE,
    OBJECT,
    PLAIN,
    TEXT,
    TUPLE,
    UNION,
    Value,
)

_PAGE: Final = Sink(kind="html", told="sends it as a page")


def run_assign(node: nodes.Assign, frame: Frame) -> None:
    """`targets = value`."""
    if node.value is None:
        return
    value = frame.machine.evaluate(node.value, frame)
    if node.annotation is not None:
        value = typed(value, None, frame)
    for target in node.targets:
        assign(target, value, frame)


def run_augment(node: nodes.Augment, frame: Frame) -> None:
    """`target operator= value`; a list is extended in place."""
    machine: Machine = frame.machine
    before = machine.evaluate(node.target, frame)
    value = machine.evaluate(node.value, frame)
    if before.kind == LIST and node.operator == "+":
        container_method(before, "extend", Arguments([value]), node, frame)
        return
    assign(node.target, operate(node.operator, before, value, node, frame), frame)


def run_evaluate(node: nodes.Evaluate, frame: Frame) -> None:
    """An expression that stands alone."""
    frame.machine.evaluate(node.value, frame)


def run_return(node: nodes.Return, frame: Frame) -> None:
    """`return`: of a handler whose text becomes a page, a sink."""
    value = NONE if node.value is None else frame.machine.evaluate(node.value, frame)
    state = frame.state
    if frame.ended or state is None:
        return
    value = state.apply(value)
    if frame.content == "html" and node.value is not None:
        _judge_page(value, node, frame)
    frame.returns.append((value, state))
    frame.last = state
    frame.state = None


def _judge_page(value: Value, node: nodes.Return, frame: Frame) -> None:
    if value.kind == UNION:
        for one in value.data:
            _judge_page(one, node, frame)
        return
    body = value.data[0] if value.kind == TUPLE and value.data else value
    if body.kind in {PLAIN, TEXT} and body.const is not None and (body.taint or body.kind == TEXT or not body.name):
        judge(_PAGE, "return", body, node.value or node, node, frame)


def run_raise(node: nodes.Raise, frame: Frame) -> None:
    """`raise`: a handler around it may go on from here."""
    if node.value is not None:
        value = frame.machine.evaluate(node.value, frame)
        for thrown in frame.thrown:
            thrown.append(value)
    if frame.state is not None:
        for raised in frame.raises:
            raised.append(frame.state)
        frame.last = frame.state
    frame.ended = False
    frame.state = None


def run_delete(node: nodes.Delete, frame: Frame) -> None:
    """`del`."""
    for target in node.targets:
        forget(target, frame)


def run_check(node: nodes.Check, frame: Frame) -> None:
    """`assert`: what it shows does not hold under `python -O`, so it shows nothing; but False ends the way."""
    test = frame.machine.evaluate(node.test, frame)
    if test.const is False:
        frame.state = None


def run_import(node: nodes.Import, frame: Frame) -> None:
    """`import`: a module of the project is run when it is first needed."""
    machine: Machine = frame.machine
    for name, local in node.names:
        if node.whole:
            target = name if local else name.partition(".")[0]
            bind_name(local or target, import_module(target, frame), frame)
            continue
        base = machine.index.resolve_relative(frame.module, node.module, node.level)
        if name == "*":
            _import_all(base, frame)
        elif not base:
            bind_name(local, import_module(name, frame), frame)
        else:
            module = import_module(base, frame)
            bind_name(local, get_attribute(module, name, node, frame), frame)


def import_module(name: str, frame: Frame) -> Value:
    """A module of the project, or the name of one outside of it."""
    machine: Machine = frame.machine
    found = machine.index.find_module(name, frame.module)
    if found is None and not machine.index.is_package(name):
        return machine.named(machine.knowledge.names.get(name, name))
    return Value((), UNKNOWN, name, MODULE, found, CONSTANT)


def _import_all(name: str, frame: Frame) -> None:
    machine: Machine = frame.machine
    found = machine.index.find_module(name, frame.module)
    if found is not None:
        for key, value in list(machine.module_frame(found).view.env.items()):
            if not key.startswith("_"):
                bind_name(key, value, frame)


def run_outer(node: nodes.Outer, frame: Frame) -> None:
    """`global`, `nonlocal`: known from the function's code."""


def run_jump(node: nodes.Jump, frame: Frame) -> None:
    """`break`, `continue`, `pass`."""
    state = frame.state
    if node.kind == "pass" or state is None:
        return
    stack = frame.breaks if node.kind == "break" else frame.continues
    if stack:
        stack[-1].append(state)
    frame.last = state
    frame.state = None


def run_function(node: nodes.Function, frame: Frame) -> None:
    """`def`: the decorators of the project are called; those of libraries leave the function what it is."""
    value = plain = close(node, frame)
    for decorator in reversed(node.decorators):
        wrapper = frame.machine.evaluate(_callee(decorator), frame)
        if wrapper.kind in {FUNCTION, BOUND, CLASS, OBJECT}:
            if isinstance(decorator, nodes.Call):
                wrapper = frame.machine.evaluate(decorator, frame)
            if wrapper.kind in {FUNCTION, BOUND}:
                given = Arguments([value])
                wrapped = frame.machine.call_value(wrapper, given, decorator, frame)
                value = wrapped if wrapped.kind in {FUNCTION, BOUND} else value
        else:
            value = mark_function(value, wrapper.name)
    frame.ended = False
    if value.kind in {FUNCTION, BOUND} and value.data is not plain.data:
        frame.machine.handlers.decorated[node] = value
    bind_name(node.name, value, frame)


def _callee(decorator: nodes.Expression) -> nodes.Expression:
    return decorator.function if isinstance(decorator, nodes.Call) else decorator


def run_class(node: nodes.Class, frame: Frame) -> None:
    """`class`."""
    bind_name(node.name, define_class(node, frame), frame)


STATEMENTS: Final[dict[type, Execute]] = {
    **BRANCHES,
    nodes.Assign: run_assign,
    nodes.Augment: run_augment,
    nodes.Evaluate: run_evaluate,
    nodes.Return: run_return,
    nodes.Raise: run_raise,
    nodes.Delete: run_delete,
    nodes.Check: run_check,
    nodes.Import: run_import,
    nodes.Outer: run_outer,
    nodes.Jump: run_jump,
    nodes.Function: run_function,
    nodes.Class: run_class,
}
