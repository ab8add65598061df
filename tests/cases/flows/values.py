# --- lists by index
from flask import request
from os import system
def f():
    x = request.args["x"]
    items = ["a", x, "b"]
    system(items[1])  # finding
    system(items[0])
    items.pop(1)
    system(items[1])
    items.insert(0, x)
    system(items[0])  # finding
    system(items[-1])
    items.remove("a")
    items.reverse()
    system(items[0])
    system(items[1])  # finding
    items[1] = "c"
    system(items[1])
    del items[0]
    items.clear()
    items.extend(["q", "r"])
    items += [x]
    system(items[2])  # finding
    system(items[0])
    system(",".join(items[:2]))
    system(",".join(items))  # finding
    other = items.copy()
    system(other[0])
    system([*other, x][3])  # finding
    system([*other, x][0])
    system((["a"] + [x])[0])
    system((["a"] + [x])[1])  # finding
    system((("a",) + (x,))[1])  # finding
    system(("a", x)[:1][0])
    system(list(("a", x))[1])  # finding
    system(tuple(["a", x])[0])
    system(str(other.index("q")) + str(other.count("q")))
# --- unknown places
from flask import request
from os import system
def f(n):
    x = request.args["x"]
    items = ["a"]
    items[n] = x
    system(items[0])  # finding
    more = []
    more.insert(n, x)
    system(more[n])  # finding
    whole = [x, "a"]
    whole.sort()
    system(whole[1])  # finding
    system(sorted(["b", "a"])[0])
    system(max(["a", x]))  # finding
    system(min("a", "b"))
    system(next(iter([x])))  # finding
    system(next(reversed(["a"])))
    for item in whole:
        system(item)  # finding
    for place, item in enumerate(["a", "b"]):
        system(item + str(place))
    for one, other in zip(["a"], [x]):
        system(one)
        system(other)  # finding
    for one, other in zip([n], whole):
        system(other)  # finding
# --- sets and deques
from collections import deque
from flask import request
from os import system
def f():
    x = request.args["x"]
    queue = deque(["a"])
    queue.appendleft(x)
    system(queue.popleft())  # finding
    system(queue.popleft())
    names = {"a", "b"}
    names.add(x)
    system(" ".join(names))  # finding
    names = {"a"}.union({x})
    system(" ".join(names))  # finding
    names = {"a", x}.difference({"b"})
    system(" ".join(names))  # finding
    system(" ".join(frozenset({"a"})))
    system(" ".join({"a"} | {x}))  # finding
# --- dictionaries by key
from flask import request
from os import system
def f(k):
    x = request.args["x"]
    d = {"a": "b", "x": x, **{"c": "d"}}
    system(d["x"])  # finding
    system(d["a"] + d["c"])
    system(d.get("a", x))
    system(d.get("gone", x))  # finding
    system(d.get(k))  # finding
    system(d.setdefault("n", "m"))
    system(d["n"])
    d[k] = "z"
    system(d["a"])
    system(d.pop("x"))  # finding
    system(d.get("x", "none"))
    d.update(y=x)
    d.update({"w": "w"})
    system(d["w"])
    system(d["y"])  # finding
    del d["y"]
    for key, value in d.items():
        system(key)
    for value in {"a": x}.values():
        system(value)  # finding
    for key in {"a": x}.keys():
        system(key)
    for key, value in {"a": x}.items():
        system(value)  # finding
    e = dict(a="b", c=x)
    system(e["a"])
    system(e["c"])  # finding
    g = dict([("a", x)])
    system(g["a"])  # finding
    system((d | e)["c"])  # finding
    system((e | {"c": "q"})["c"])
    copied = e.copy()
    copied.clear()
    system(copied.get("c", ""))
    h = {name: "v" for name in ["a", "b"]}
    system(h["a"])
    i = {name: x for name in ["a"]}
    system(i["a"])  # finding
    j = {n: n for n in request.args}
    system(j["a"])  # finding
# --- default dictionaries
from collections import defaultdict, OrderedDict
from flask import request
from os import system
def f():
    groups = defaultdict(list)
    groups["a"].append(request.args["x"])
    groups["b"].append("fixed")
    system(groups["a"][0])  # finding
    system(groups["b"][0])
    ordered = OrderedDict(a=request.args["x"], b="c")
    system(ordered["b"])
    system(ordered["a"])  # finding
# --- text methods
from flask import request
from os import system
def f():
    x = request.args["x"]
    system(x.strip().lower().encode().decode())  # finding
    system("A".lower())
    system(x.split(",")[0])  # finding
    system("a,b".split(",")[1])
    system("a-b".partition("-")[2])
    head, _, tail = x.partition("-")
    system(tail)  # finding
    system("{} {}".format("a", x))  # finding
    system("{0} {1}".format("a", "b"))
    system("{name}".format(name=x))  # finding
    system("{0[k]}".format({"k": "v", "x": x}))
    system("{0[x]}".format({"k": "v", "x": x}))  # finding
    system("{a}".format_map({"a": "b", "x": x}))
    system("%s" % x)  # finding
    system("%(a)s" % {"a": x})  # finding
    system("%d%%" % 3)
    system("%5.2f %s" % (1.0, "a"))
    system("a".replace("a", x))  # finding
    system(str(x.find("a")) + str(len(x)))
    system(f"{x!r}")  # finding
    system(f"{len(x):>3d}")
    system(f"{x:>{3}}")  # finding
    system("a" "b" + 'c' * 2)
    system(x * 2)  # finding
    system("-".join(part for part in ["a", x]))  # finding
    system("-".join(map(str, [1, 2])))
    system(x[1:3])  # finding
    system("abc"[1])
    system(x.join(["a", "b"]))  # finding
    system("x".zfill(3).center(9))
# --- tests of text
from flask import request, abort
from os import system
import re
WORD = re.compile(r"\w+")
def f():
    x = request.args["x"]
    if x.isalnum():
        system(x)
    if not x.isidentifier():
        abort(400)
    system(x)
def g():
    x = request.args["x"]
    if x.startswith("a") and len(x) < 9:
        system(x)  # finding
    if x.isupper():
        system(x)  # finding
    if WORD.match(x):
        system(x)  # finding
    if WORD.fullmatch(x):
        system(x)
def h():
    x = re.sub(r"[^a-z]", "", request.args["x"])
    system(x)
    y = re.sub("a", "b", request.args["y"])
    system(y)  # finding
    z = re.compile(r"[^a-z]").sub("", request.args["z"])
    system(z)
    m = re.fullmatch(r"([a-z]+)", request.args["m"])
    if m:
        system(m.group(1))
    n = re.search(r"(.*)", request.args["n"])
    system(n.group(1))  # finding
def i():
    x = request.args["x"]
    if x == "start" or x == "stop":
        system(x)
    if x != "start" and x != "stop":
        abort(400)
    system(x)
def j():
    x = request.args["x"]
    if isinstance(x, int):
        system(str(x))
    if isinstance(x, (int, float)):
        system(str(x))
    if isinstance(x, str):
        system(x)  # finding
    if x in "start stop":
        system(x)  # finding
    if x in ["start", request.args["y"]]:
        system(x)  # finding
    ok = x in ("start", "stop")
    if ok:
        system(x)
    system(x if ok else "start")
    system("start" if not ok else x)
# --- enumerations, identifiers and numbers
from enum import Enum
from uuid import UUID
from flask import request
from os import system
class Action(Enum):
    START = "start"
    STOP = "stop"
def f():
    system(Action(request.args["a"]).value)
    x = request.args["x"]
    Action(x)
    system(x)
    y = request.args["y"]
    UUID(y)
    system(y)
    system(str(UUID(request.args["z"])))
    system(str(float(request.args["n"])))
    system(str(bool(request.args["n"]) or sum([1])))
    system(Action[request.args["q"]].value)
def g():
    x = request.args["x"]
    try:
        int(x)
    except ValueError:
        pass
    system(x)  # finding
# --- classes
from flask import request
from os import system
class Base:
    kind = "base"
    def __init__(self, name, size=1):
        self.name = name
        self.size = size
    @property
    def label(self):
        return "label " + self.name
    @staticmethod
    def fixed():
        return "fixed"
    @classmethod
    def make(cls, name):
        return cls(name)
    def run(self):
        return self.command()
    def command(self):
        return "base"
    def __call__(self, suffix):
        return self.name + suffix
class Child(Base):
    def __init__(self, name):
        super().__init__(name, 2)
        self.extra = "e"
    def command(self):
        return self.name
class Quiet(Base):
    def command(self):
        return "quiet"
def f():
    x = request.args["x"]
    child = Child(x)
    system(child.name)  # finding
    system(child.extra + child.kind + Base.kind)
    system(child.label)  # finding
    system(child.run())  # finding
    system(Quiet(x).run())
    system(Child("a").run())
    system(Base.make(x).name)  # finding
    system(Base.make("a").name)
    system(Child.fixed() + Base.fixed())
    system(child("!"))  # finding
    system(Base("a")("!"))
    child.name = "safe"
    system(child.name)
    setattr(child, "name", x)
    system(getattr(child, "name"))  # finding
    system(getattr(child, "extra"))
    system(vars(child)["extra"])
    system(type(child)("a").name)
    system(child.__class__("a").name + Base.__name__)
    system(Base.command(child))
# --- dataclasses and models
from dataclasses import dataclass, field, replace, asdict
from typing import NamedTuple
from flask import request
from os import system
@dataclass
class Job:
    name: str
    tool: str = "make"
    def __post_init__(self):
        self.line = self.tool + " " + self.name
class Pair(NamedTuple):
    left: str
    right: str
def f():
    x = request.args["x"]
    job = Job(x)
    system(job.line)  # finding
    system(job.tool)
    system(replace(job, name="a").name)
    system(asdict(job)["tool"])
    system(asdict(job)["name"])  # finding
    pair = Pair("a", x)
    system(pair.left)
    system(pair.right)  # finding
# --- functions that take and give functions
from functools import partial, reduce, wraps, lru_cache
from flask import request
from os import system
def traced(function):
    @wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner
def times(count):
    def decorate(function):
        def inner(*args):
            return function(*args)
        return inner
    return decorate
@traced
def same(value):
    return value
@times(3)
def also(value):
    return value
@lru_cache
def fixed(value):
    return "fixed"
def apply(function, value):
    return function(value)
TABLE = {"up": lambda v: v.upper(), "none": lambda v: "none"}
def f():
    x = request.args["x"]
    system(same(x))  # finding
    system(also(x))  # finding
    system(fixed(x))
    system(apply(str, x))  # finding
    system(apply(lambda v: "a", x))
    system(TABLE["up"](x))  # finding
    system(TABLE["none"](x))
    system(list(map(same, [x]))[0])  # finding
    system(list(filter(None, ["a"]))[0])
    system(list(filter(lambda v: v in ("a", "b"), [x]))[0])
    system(reduce(lambda a, b: a + b, ["a", x]))  # finding
    system(reduce(lambda a, b: a + b, ["a", "b"]))
    system(partial(same)(x))  # finding
    system(partial(apply, fixed)(value=x))
    method = "a".join
    system(method(["b", x]))  # finding
# --- arguments
from flask import request
from os import system
def star(*parts, sep="-", **named):
    return sep.join(parts)
def named(**options):
    return options["name"]
def second(first, second="s", /, third="t", *, fourth="f"):
    return second
def f():
    x = request.args["x"]
    system(star("a", x))  # finding
    system(star("a", "b"))
    system(star("a", "b", sep=x))  # finding
    system(star("a", other=x))
    system(named(name=x, other="a"))  # finding
    system(named(name="a", other=x))
    system(second(x))
    system(second("a", x))  # finding
    system(second(x, third=x, fourth=x))
    options = {"name": "a", "other": x}
    system(named(**options))
    parts = ["a", x]
    system(second(*parts))  # finding
    system(second(*["a", "b"]))
# --- control flow
from flask import request
from os import system
def loop():
    x = request.args["x"]
    y = "a"
    while len(y) < 9:
        system(y)  # finding
        y = y + x
    else:
        system("done")
    for n in range(3):
        if n == 2:
            break
        z = "a"
    else:
        z = x
    system(z)  # finding
def attempt():
    x = request.args["x"]
    try:
        y = "a"
        risky()
        y = x
    except ValueError as error:
        system(y)
    except KeyError:
        y = "b"
    else:
        system(y)  # finding
        y = "c"
    finally:
        z = "z"
    system(y)
    system(z)
def late():
    x = request.args["x"]
    try:
        return 1
    finally:
        system(x)  # finding
def early():
    x = request.args["x"]
    if True:
        return 1
    system(x)
def never():
    x = request.args["x"]
    raise ValueError
    system(x)
def context():
    x = request.args["x"]
    with open("f") as file, lock:
        system(x)  # finding
    while True:
        break
    while False:
        system(x)
    assert x in ("a", "b")
    system(x)  # finding
def shape():
    match request.args["x"]:
        case "a" | "b" as known:
            system(known)
        case other if other.isdigit():
            system(other)
        case other:
            system(other)  # finding
    match request.get_json():
        case {"run": command, **rest}:
            system(command)  # finding
        case [first, *others]:
            system(first)  # finding
        case int(number):
            system(str(number))
    match "fixed":
        case "other":
            system(request.args["y"])
        case "fixed":
            system("fixed")
        case _:
            system(request.args["y"])
# --- names
from flask import request
from os import system
COUNT = 0
LAST = "a"
def keep():
    global LAST
    LAST = request.args["x"]
def use():
    system(LAST)  # finding
def outer():
    line = "a"
    def change(value):
        nonlocal line
        line = value
    change(request.args["x"])
    system(line)  # finding
def walrus():
    if (x := request.args.get("x")) and (y := "a"):
        system(x)  # finding
        system(y)
def unpack():
    (a, b), *c = ("a", request.args["x"]), "c", "d"
    system(a)
    system(b)  # finding
    system(c[0])
    first, *middle, last = ["a", "b", request.args["x"]]
    system(middle[0])
    system(last)  # finding
    d = e = request.args["x"]
    system(e)  # finding
    one, two = request.args["x"].split("-")
    system(two)  # finding
    del d
def shadow():
    str = lambda value: "a"
    system(str(request.args["x"]))
# --- generators and comprehensions
from flask import request
from os import system
def produce(value):
    yield "a"
    yield value
def delegate(value):
    yield from produce(value)
def f():
    x = request.args["x"]
    for part in produce(x):
        system(part)  # finding
    for part in produce("b"):
        system(part)
    system(" ".join(delegate(x)))  # finding
    system(" ".join([y for y in [x, "a"] if y in ("a", "b")]))
    system(" ".join([y for y in [x, "a"] if y]))  # finding
    system(" ".join({y for y in ["a", "b"]}))
    system([a + b for a in ["a"] for b in [x]][0])  # finding
    system(" ".join(y.upper() for y in request.args.getlist("y")))  # finding
    system(any(y == "a" for y in [x]) and "a")
    system([i for i in range(3)] and "a")
# --- objects kept by name
from flask import request, g, session
from os import system
def before():
    g.name = request.args["x"]
    g.fixed = "a"
    system(g.name)  # finding
    system(g.fixed)
    session["name"] = request.args["x"]
    session["fixed"] = "a"
    system(session["name"])  # finding
    system(session["fixed"])
# --- paths and encodings
from flask import request
from os import system
import base64, json, os.path, urllib.parse, copy, string
from pathlib import Path
def f():
    x = request.args["x"]
    system(base64.b64decode(x).decode())  # finding
    system(json.loads(x)["a"])  # finding
    system(urllib.parse.unquote(x))  # finding
    system(os.path.join("a", "b"))
    system(os.path.join("a", x))  # finding
    system(str(Path("a") / x))  # finding
    system(str(Path("a") / "b"))
    system(copy.deepcopy([x])[0])  # finding
    system(copy.copy(["a"])[0])
    system("".join(c for c in x if c in string.ascii_letters))
    system(unknown(x))  # finding
    system(x or "a")  # finding
    system("" or "a")
    system((x and "a") or "b")
# --- handed to others
from concurrent.futures import ThreadPoolExecutor
from flask import request
from os import system
import asyncio
def work(command):
    system(command)  # finding
def calm(command):
    system("a")
async def f():
    x = request.args["x"]
    with ThreadPoolExecutor() as pool:
        pool.submit(work, x)
        pool.submit(calm, x)
    await asyncio.to_thread(calm, x)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, calm, x)
    await asyncio.gather(calm(x))
def g():
    register(lambda: system(request.args["y"]))  # finding
# --- methods of unknown receivers
from flask import request
from os import system
class Runner:
    def launch_it(self, command):
        system(command)  # finding
    def rest(self, command):
        system("a")
def f(runner):
    runner.launch_it(request.args["x"])
    runner.rest(request.args["x"])
# --- wildcard imports and packages
# file: tools/__init__.py
from .commands import *
# file: tools/commands.py
from os import system
LINE = "a"
def go(command):
    system(command)  # finding
# file: pkg/inner/views.py
import tools
import tools.commands as commands
from tools import *
from .. import helper
from flask import request
def f():
    go(request.args["x"])
    tools.go(tools.LINE)
    commands.go(helper.CONSTANT)
# file: pkg/helper.py
CONSTANT = "a"
