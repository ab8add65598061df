"""Requests of the server to addresses that data choose."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Silence

_FIX: Final = Fix(
    text='Compare scheme and host with a fixed list before asking, or put the value after a fixed "https://host/".'
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every request that the server makes."""
    remarks = [*judge_flows(RULE, project, ["address"], _TELLING)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "the server asks no other one")


_TELLING: Final = Telling(
    message="A visitor can make the server ask inner hosts by {sources}.",
    reason="{call} gets an address from the request, and its host is compared with no list.",
    fix=lambda _flow: _FIX,
    constant="the address is fixed",
)
RULE = Rule(
    slug="address-from-data",
    control="ssrf-egress",
    languages=("python",),
    unit=("outgoing request", "outgoing requests"),
    sound="to a host of the program",
    examine=examine,
    cwe=(918,),
)
