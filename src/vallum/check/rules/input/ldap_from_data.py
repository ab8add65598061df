"""Filters and names of a directory that are put together from data."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark, Silence

_FIX: Final = Fix(
    text="Escape each value: ldap3.utils.conv.escape_filter_chars(value) in a filter, escape_rdn(value) in a name."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every search of a directory."""
    remarks = [*judge_flows(RULE, project, ["ldap"], _TELLING)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no directory is searched")


_TELLING: Final = Telling(
    message="A visitor can change what the directory is asked for by {sources}.",
    reason="{call} gets a filter or name that holds data, and ( ) * & and | in it are operators.",
    fix=lambda _flow: _FIX,
    constant="the filter is fixed",
)
RULE = Rule(
    slug="ldap-from-data",
    control="ldap-escaped",
    languages=("python",),
    unit=("search", "searches"),
    sound="escaped",
    examine=examine,
    cwe=(90,),
)
