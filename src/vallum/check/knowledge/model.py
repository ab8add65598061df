"""What is known of a library's functions and values."""

from dataclasses import dataclass
from typing import Any


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
    ends: bool = False
    """Whether it never returns."""
    check: Check | None = None
    resolves: bool = False
    """Whether the result is a path without links and dots."""
    trusted: bool = False
    """Whether the result is made of what the program itself decides."""
