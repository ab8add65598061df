"""What rules that look for patterns are written on: calls, settings, functions, routes, comparisons, as plain facts.

Names are qualified: `hashlib.md5`, `flask.request.args.get`, `sqlite3.connect().cursor().execute`, `app.models.User`.
`()` stands for a call's result or a class's instance, `[]` for a subscript, and `?` for what cannot be told: a method
of an unknown receiver is `?.execute`. A builtin is its bare name: `open`. Constants are folded; `UNKNOWN` otherwise.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import UNKNOWN
from vallum.check.flow.module import Module
from vallum.check.knowledge.kinds import mask_of
from vallum.findings.place import Place

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, kw_only=True)
class Value:
    """An expression and what is known of it."""

    module: Module = field(repr=False)
    node: nodes.Expression = field(repr=False)
    name: str = "?"
    """Its qualified name: `hashlib.sha256` for a function that is passed on, `flask.request.args[]` for a lookup."""
    constant: Any = UNKNOWN
    """Its folded value; a list, tuple or dictionary if all within is constant. `UNKNOWN` when it cannot be told."""
    tainted: bool = False
    """Whether data from outside can be in it."""
    constants: tuple[Any, ...] = ()
    """The values that it has on the ways that were followed, where it is not always the same: those of a parameter."""
    reach: int = 0
    """The bits of the kinds of sink for which data in it are still dangerous."""

    def reaches(self, kind: str) -> bool:
        """Whether data in it are still dangerous for a kind of sink."""
        return bool(self.reach & mask_of(kind))

    @property
    def known(self) -> bool:
        """Whether the constant is known."""
        return self.constant is not UNKNOWN

    @cached_property
    def text(self) -> str:
        """The source text."""
        return self.module.text_of(self.node)

    @cached_property
    def place(self) -> Place:
        """Where it stands, with the line's text and the scope."""
        return self.module.place(self.node)

    @property
    def words(self) -> str:
        """The last identifier in it, for tests on names: `password` for `form.password`, `user["password"]` too."""
        return last_word(self.node)


@dataclass(frozen=True, kw_only=True)
class Argument(Value):
    """An argument of a call."""

    keyword: str = ""
    """The keyword; empty for a positional argument, `**` for an expansion that could not be read."""
    position: int = -1
    """The position from 0; -1 for a keyword."""


@dataclass(frozen=True, kw_only=True)
class Call(Value):
    """A call. `name` is the name of its result without the last `()`: what is called."""

    arguments: tuple[Argument, ...] = ()
    receiver: Value | None = None
    """What stands before the last dot; None for a plain name."""
    function: "Function | None" = field(default=None, repr=False)
    """The function whose body it stands in; None at the module's own level."""

    @property
    def method(self) -> str:
        """The last word of the name: `execute`."""
        return self.name.rpartition(".")[2]

    def argument(self, position: int | None = None, *keywords: str) -> Argument | None:
        """The argument at a position or under one of the keywords; None if it is not given."""
        for argument in self.arguments:
            if argument.keyword in keywords if argument.keyword else argument.position == position:
                return argument
        return None

    def constant_of(self, position: int | None, *keywords: str, default: Any = UNKNOWN) -> Any:
        """The folded value of that argument; `default` if it is not given, `UNKNOWN` if it cannot be told."""
        argument = self.argument(position, *keywords)
        return default if argument is None else argument.constant

    @property
    def expands(self) -> bool:
        """Whether it has `*args` or `**kwargs` of unknown content: an argument that seems missing may be there."""
        return any(argument.keyword == "**" or isinstance(argument.node, nodes.Star) for argument in self.arguments)


@dataclass(frozen=True, kw_only=True)
class Setting(Value):
    """A value given to a name: `DEBUG = True`, `app.config["X"] = 1`, `f(secure=False)`, `{"password": "x"}`."""

    key: str
    """The name, attribute, key or keyword: `DEBUG`, `X`, `secure`, `password`."""
    target: str = ""
    """The qualified target: `shop.settings.DEBUG`, `flask.Flask().config[X]`; for a keyword the function's name."""
    form: str = "name"
    """`name`, `attribute`, `item` (a subscript), `key` (of a display), `keyword` (of a call) or `default`."""


@dataclass(frozen=True, kw_only=True)
class Comparison(Value):
    """A comparison of two values: `left operator right`."""

    left: Value
    operator: str
    right: Value
    function: "Function | None" = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a function."""

    name: str
    kind: str
    """`position`, `any`, `keyword`, `args` or `kwargs`."""
    annotation: Value | None = None
    """`name` is the class it names, seen through Optional, Annotated and `| None`."""
    default: Value | None = None


@dataclass(frozen=True, kw_only=True)
class Decorator(Value):
    """A decorator, called or not: `name` is what is called; `arguments` are empty for one that is not."""

    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Function:
    """A function or method."""

    module: Module = field(repr=False)
    node: nodes.Function = field(repr=False)
    name: str
    qualified: str
    """`app.views.Search.get`."""
    owner: str = ""
    """The qualified name of the class of a method."""
    owner_bases: tuple[str, ...] = ()
    """The qualified names of that class's bases."""
    parameters: tuple[Parameter, ...] = ()
    decorators: tuple[Decorator, ...] = ()
    """From the outermost; a method has those of its class (`method_decorator` too) after its own."""
    calls: tuple[Call, ...] = field(default=(), repr=False)
    """The calls in its body, nested functions left out."""
    returns: tuple[Value, ...] = field(default=(), repr=False)
    raises: tuple[Value, ...] = field(default=(), repr=False)
    """What is raised, in the words of `Value.name`: `fastapi.HTTPException()`."""

    @cached_property
    def place(self) -> Place:
        """Where its `def` stands."""
        return self.module.place(self.node)

    @cached_property
    def text(self) -> str:
        """The source text, without decorators."""
        return self.module.text_of(self.node)

    @property
    def is_async(self) -> bool:
        """Whether it is an `async def`."""
        return self.node.is_async


@dataclass(frozen=True, kw_only=True, eq=False)
class Class:
    """A class."""

    module: Module = field(repr=False)
    node: nodes.Class = field(repr=False)
    name: str
    qualified: str
    bases: tuple[str, ...]
    """Qualified names, those of the bases' own bases within the project included."""
    decorators: tuple[Decorator, ...] = ()

    @cached_property
    def place(self) -> Place:
        """Where its `class` stands."""
        return self.module.place(self.node)


@dataclass(frozen=True, kw_only=True)
class Dependency(Value):
    """Something that runs before a handler: `Depends(...)`, a `before_request` hook, a middleware, a class mixin."""

    level: str
    """`handler`, `router` or `app`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Route:
    """A way into the application."""

    framework: str
    """`flask`, `fastapi`, `starlette` or `django`."""
    methods: tuple[str, ...]
    """Upper case; `("*",)` when any method reaches the handler, as in a plain Django view."""
    path: str
    """With the prefixes of routers, blueprints and includes, as far as they can be told."""
    handler: Function
    dependencies: tuple[Dependency, ...] = ()
    """What runs before the handler at every level, decorators not among it."""
    router: str = ""
    """The qualified name of the object it is registered on: `flask.Flask()`."""
    place: Place
    """Where the handler is defined."""

    @property
    def changes_state(self) -> bool:
        """Whether one of its methods is for changing things; not told for `*`."""
        return any(method not in SAFE_METHODS and method != "*" for method in self.methods)


def match_names(patterns: Iterable[str]) -> Callable[[str], bool]:
    """A test for qualified names: `*` in a pattern stands for anything, the rest for itself."""
    return _matcher(tuple(patterns))


@cache
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    joined = "|".join(".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
    pattern = re.compile(joined)
    return lambda name: pattern.fullmatch(name) is not None


def last_word(node: nodes.Expression) -> str:
    """The identifier that best tells what an expression is: its name, attribute, constant key, or called method."""
    match node:
        case nodes.Name(id=name) | nodes.Attribute(name=name):
            return name
        case nodes.Subscript(index=nodes.Const(value=str(key))):
            return key
        case nodes.Subscript(base=inner) | nodes.Await(value=inner) | nodes.Star(value=inner):
            return last_word(inner)
        case nodes.Call(arguments=(nodes.Const(value=str(key)), *_), function=nodes.Attribute(name="get")):
            return key
        case nodes.Call(function=nodes.Attribute(base=base, name="encode" | "strip" | "lower" | "decode")):
            return last_word(base)
        case nodes.Call(function=inner):
            return last_word(inner)
    return ""
