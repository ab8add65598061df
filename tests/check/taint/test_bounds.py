"""Programs that are large in one way: they end, and the data are still found."""

from vallum.check.run import check_text
from vallum.findings.examination import Examination
from vallum.findings.finding import Finding
from vallum.findings.place import Place

HEAD = "from flask import request\nfrom os import system\n"
SHELL = frozenset({"no-shell-injection"})


def look_at(body: str) -> Examination:
    return check_text({"a.py": HEAD + body}, select=SHELL)


def found_lines(body: str) -> list[int]:
    examination = look_at(body)
    assert examination.gaps == ()
    return [
        remark.where.line - 2
        for remark in examination.remarks
        if isinstance(remark, Finding) and isinstance(remark.where, Place)
    ]


def test_a_function_called_in_very_many_ways():
    body = "class Box:\n    def __init__(self, a): self.a = a\ndef run(x): system(x.a)\ndef f():\n"
    body += "".join(f"    run(Box(request.args['p{n}'] + str({n})))\n" for n in range(40))
    assert set(found_lines(body)) == set(range(5, 45))


def test_results_of_very_many_ways_stay_tainted():
    body = "def same(x, n): return x\ndef f():\n"
    body += "".join(f"    same(request.args['p{n}'], {n})\n" for n in range(40))
    body += "    system(same(request.args['last'], 99))\n    system(same('fixed', 99))\n"
    assert found_lines(body) == [43]


def test_very_many_data_in_one_text():
    body = "def f():\n    x = ''\n" + "".join(f"    x += request.args['p{n}']\n" for n in range(40)) + "    system(x)\n"
    assert found_lines(body) == [43]


def test_very_long_lists_and_dictionaries():
    items = ", ".join(["'a'"] * 80)
    entries = ", ".join(f"'k{n}': 'a'" for n in range(250))
    body = f"def f():\n    x = [{items}, request.args['x']]\n    system(x[0])\n"
    body += f"    d = {{{entries}}}\n    system(d['k249'])\n"
    body += "    d['more'] = request.args['x']\n    system(d['more'])\n"
    assert found_lines(body) == [3, 7]


def test_results_that_hold_very_much():
    cells = ", ".join(f"'k{n}': [value]" for n in range(40))
    body = f"def make(value): return {{{cells}}}\ndef f():\n    a = make(request.args['x'])\n    b = make('fixed')\n"
    body += "    system(a['k1'][0])\n    system(b['k1'][0])\n"
    assert found_lines(body) == [5]


def test_chains_of_calls_that_are_too_long_are_gaps():
    body = "".join(f"def f{n}(x): return f{n + 1}(x)\n" for n in range(40)) + "def f40(x): system(x)\n"
    body += "def start(): f0(request.args['x'])\n"
    examination = look_at(body)
    assert any("deeper" in gap.why for gap in examination.gaps)


def test_chains_of_calls_of_usual_length_are_followed():
    body = "".join(f"def f{n}(x): return f{n + 1}(x)\n" for n in range(15)) + "def f15(x): system(x)\n"
    assert found_lines(body + "def start(): f0(request.args['x'])\n") == [16]


def test_alternatives_are_all_followed():
    body = """
class A:
    def __init__(self, v): self.v = v
    def get(self): return self.v
class B(A):
    def get(self): return "b"
class C(B): pass
class D(A): pass
class E(A): pass
def one(v): return v
def two(v): return "two"
def f(n):
    x = request.args["x"]
    kind = A if n == 1 else B if n == 2 else C if n == 3 else D if n == 4 else E
    thing = kind(x) if n else None
    system(thing.get())
    act = one if n else two
    system(act(x))
    calm = two if n else (lambda v: "calm")
    system(calm(x))
    held = ["a"] if n else {"k": x}
    system(held["k"])
    held = ("a", x) if n else ("b", "c")
    system(held[0])
    system(held[1])
    other = A("a") if n else B("b")
    other.v = x
    system(other.v)
    for part in (["a"] if n else (x,)):
        system(part)
    system(",".join(["a"] if n else [x]))
    key = "a" if n else x
    table = {"a": "b"}
    table[key] = "c"
    system(table["a"])
"""
    assert found_lines(body) == [16, 18, 22, 25, 28, 30, 31]


def test_recursion_carries_data():
    body = "def walk(x, n):\n    if n: return walk(x + 'a', n - 1)\n    return x\n"
    body += "def f(): system(walk(request.args['x'], 3))\n"
    assert found_lines(body) == [4]
