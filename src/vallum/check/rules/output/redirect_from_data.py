"""Redirects to wherever data says."""

from collections.abc import Iterator
from typing import Final

from vallum.check.judging import Telling, guard_sites, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.findings.finding import Fix, Remark

_FIX: Final = Fix(
    text="Accept only a local path (one slash first, not two) or a host of a fixed list; else go to a default page.",
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every redirect."""
    yield from judge_flows(RULE, project, ["redirect"], _TELLING)
    yield from guard_sites(RULE, project, "vallum.guard.output.redirects.Redirects().resolve")


_TELLING: Final = Telling(
    message="A visitor can be sent to a foreign site by {sources} in a link to this one.",
    reason="{call} gets a destination from the request, and its host is not checked.",
    fix=lambda _flow: _FIX,
    constant="the destination is fixed",
)
RULE = Rule(
    slug="redirect-from-data",
    control="safe-redirect",
    languages=("python",),
    unit=("redirect", "redirects"),
    sound="checked",
    examine=examine,
)
