"""Python lowered to the neutral form: nothing is lost, every position is kept."""

import ast
import sysconfig
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum.check.flow import nodes
from vallum.check.flow.module import Module, name_module, read_module
from vallum.check.flow.walk import iter_nodes, iter_scope
from vallum.check.read.source import UnreadableError, make_source

STDLIB = Path(sysconfig.get_path("stdlib"))
FILES = ("ast.py", "functools.py", "asyncio/tasks.py", "dataclasses.py", "argparse.py", "typing.py", "tarfile.py")
LOWERED = {
    ast.Call: nodes.Call,
    ast.Attribute: nodes.Attribute,
    ast.Name: nodes.Name,
    ast.Compare: nodes.Compare,
    ast.BinOp: nodes.Binary,
    ast.Return: nodes.Return,
    ast.If: nodes.If,
    ast.Try: nodes.Try,
    ast.ClassDef: nodes.Class,
}


def module_of(text: str) -> Module:
    return read_module(make_source("app/a.py", text))


@pytest.mark.parametrize("name", FILES)
def test_positions_are_those_of_the_parser(name: str):
    text = (STDLIB / name).read_text(encoding="utf-8")
    module = module_of(text)
    mine = {
        (kind, node.line, node.column, node.end_line, node.end_column)
        for statement in module.body
        for node in iter_nodes(statement)
        for kind in (type(node),)
    }
    for node in ast.walk(ast.parse(text)):
        kind = LOWERED.get(type(node))
        if kind is not None:
            assert (kind, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) in mine


def test_every_construct_has_a_node():
    text = '''
import a.b as c, d
from . import e
from .f import *
async def g(p, /, q: int = 1, *r, s, t=2, **u) -> str:
    """Doc."""
    global x
    async with a as b, c: pass
    async for i in j:
        if i: continue
        elif k: break
        else: pass
    else: await l
    while m: del n[0], o.p
    try: raise A from B
    except C as e: assert z, "why"
    else: yield 1
    finally: yield
    x: int = (y := -w) if not v else f"{q!r:>{r}}" % (*s, 1)
    x += {**t, "k": [1, 2][0:1:2]} | {3} and 1 < 2 <= 3 or (lambda h: h)
    return [i async for i in j if i], {i for i in j}, {i: 1 for i in j}, (i for i in j)
match m:
    case 1 | "two" | None: pass
    case [a, *b]: pass
    case {"k": c, **d}: pass
    case P(1, q=e) as f if f: pass
    case _: pass
@d1
@d2(1)
class K(B, metaclass=M): z: str
def outer():
    def inner():
        nonlocal z
        yield from q
'''
    module = module_of(text)
    kinds = {type(node) for statement in module.body for node in iter_nodes(statement)}
    leaves = {nodes.Node, nodes.Expression, nodes.Statement}
    wanted = {cls for cls in vars(nodes).values() if isinstance(cls, type) and issubclass(cls, nodes.Node)} - leaves
    assert wanted - kinds == set()


def test_scopes_do_not_enter_nested_functions():
    module = module_of("@d\ndef f(a=b):\n    c\nlambda: e\n")
    names = [node.id for node in iter_scope(module.body) if isinstance(node, nodes.Name)]
    assert names == ["d", "b"]


def test_long_chains_need_no_recursion():
    text = (
        "x = " + " + ".join(["'a'"] * 900) + "\n" + "if a: pass\n" + "".join(f"elif a{n}: pass\n" for n in range(400))
    )
    assert module_of(text).body


def test_places_speak_of_characters_and_scopes():
    module = module_of("class K:\n    def f(self):\n        x = 'é'; os.system(y)\n")
    call = next(node for part in module.body for node in iter_nodes(part) if isinstance(node, nodes.Call))
    place = module.place(call)
    assert (place.path, place.line, place.column, place.end_column) == ("app/a.py", 3, 18, 30)
    assert place.text == "x = 'é'; os.system(y)"
    assert place.scope == "K.f"
    assert module.text_of(call) == "os.system(y)"


def test_text_of_several_lines():
    module = module_of("f(1,\n  2)\n")
    assert module.text_of(module.body[0]) == "f(1,\n  2)"


def test_definitions_know_their_owner():
    module = module_of("class K:\n    def f(self):\n        def g(): pass\n")
    assert [one.qualified for one in module.definitions] == ["app.a.K", "app.a.K.f", "app.a.K.f.g"]
    assert [one.owner.scope if one.owner else "" for one in module.definitions] == ["", "K", ""]
    assert "app.a" in repr(module)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/shop/a.py", ("shop.a", False)),
        ("shop/__init__.py", ("shop", True)),
        ("a.py", ("a", False)),
        ("../b/c.py", ("b.c", False)),
    ],
)
def test_modules_are_named_by_their_path(path: str, name: tuple[str, bool]):
    assert name_module(path) == name


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str):
    with suppress(UnreadableError):
        module_of(text)
