"""What is known of a library's functions and values."""

from dataclasses import dataclass
from typing import Any, Final

from vallum.check.knowledge.kinds import ALL

RECEIVER: Final = -9
"""The position of what a method is called on, in a condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A test of an argument that decides whether a sink is one."""

    position: int = -1
    keywords: tuple[str, ...] = ()
    equals: Any = None
    pattern: str = ""
    """A regular expression that the whole text, or the argument's qualified name, must match."""
    missing: bool = False
    """What holds when the argument is not given."""
    state: str = ""
    """What must have been switched on before, by a call of the same object: see `Switch`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """An argument that must not be data of this kind."""

    kind: str
    position: int = 0
    """-1 for the receiver, -2 for every argument, -3 for keywords only."""
    keywords: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    first: bool = False
    """Of a list, only its first element counts, and all of it after `-c` or `/c`."""
    text: bool = False
    """Whether only text counts, for what turns a dictionary into JSON."""
    told: str = ""
    """What it does with the argument, for the report: `runs it as SQL`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where data from outside comes in."""

    label: str
    """`query parameter`, `header`, `upload`: what a reader calls it."""
    mask: int
    named: bool = True
    """Whether a key chosen from it names the datum: `the "sort" query parameter`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A call whose truth says something of its argument."""

    position: int
    """-1 for the receiver."""
    when_true: int
    """The bits cleared where the call was true."""
    when_false: int
    raises: bool = False
    """Whether it raises where it does not hold, so that all after it is covered."""
    resolved: bool = False
    """Whether it counts only for a path that was resolved before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A call that puts its receiver into a state: a parser that from now on resolves entities."""

    state: str
    when: tuple[Condition, ...]
    """The switch is on under these conditions, and off where they fail."""
    about: tuple[Condition, ...] = ()
    """Calls that are not about this state at all fail these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Functions that a framework calls, and what it hands to them."""

    decorators: frozenset[str] = frozenset()
    bases: frozenset[str] = frozenset()
    """Classes whose methods of these names are handlers."""
    methods: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    """In modules that import one of these, whatever has a parameter called `request` is a handler."""
    calls: frozenset[str] = frozenset()
    """Calls that a function is handed to, to become a handler."""
    request: str = ""
    """The qualified name of what stands in the parameter `request`, or in the first one of a handler."""
    label: str = ""
    """What the other parameters are: `path parameter`; empty when nothing is known of them."""
    mask: int = ALL
    """The kinds of sink for which they are dangerous."""
    injected: bool = False
    """Whether parameters are filled by their declared types."""
    answers: str = ""
    """The kind of sink that the returned text becomes: `html`."""
    only: tuple[Condition, ...] = ()
    """Arguments of the decorator under which the answer is that kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A call whose result has a name of its own under some arguments: a parser that resolves entities."""

    when: tuple[Condition, ...]
    returns: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """All that is known of one qualified name."""

    sinks: tuple[Sink, ...] = ()
    origin: Origin | None = None
    clears: int = 0
    """The bits that the result does not carry on."""
    returns: str = ""
    """The qualified name of the result, `argument 0`, `receiver` or `clean`."""
    variants: tuple[Variant, ...] = ()
    switches: tuple[Switch, ...] = ()
    ends: bool = False
    """Whether it never returns."""
    check: Check | None = None
    resolves: bool = False
    """Whether the result is a path without links and dots."""
    trusted: bool = False
    """Whether the result is made of what the program itself decides."""
