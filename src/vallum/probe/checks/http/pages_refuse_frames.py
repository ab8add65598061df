"""No foreign page can put a page of the app into a frame (CSP3 frame-ancestors; ASVS 3.4.6)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import judge_answers, pages_of
from vallum.probe.read.directives import read_csp
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="pages-refuse-frames", control="frame-protection")
_MESSAGE: Final = "A foreign site can show this page in an invisible frame and steal clicks meant for it."
_FIX: Final = "Send `Content-Security-Policy: frame-ancestors 'none'` and `X-Frame-Options: DENY` with every page."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    return judge_answers(CLAIM, pages_of(surface), _fault, lambda _: "frames are refused twice")


def _fault(exchange: Exchange) -> Blame | None:
    policies = [read_csp(line) for line in exchange.answer.header_lines("Content-Security-Policy")]
    ancestors = next((policy["frame-ancestors"] for policy in policies if "frame-ancestors" in policy), None)
    legacy = exchange.answer.header("X-Frame-Options").strip().upper()
    if ancestors is None:
        told = f"only X-Frame-Options: {legacy}" if legacy else "neither frame-ancestors nor X-Frame-Options"
        return Blame(message=_MESSAGE, reason=f"The page is sent with {told}.", fix=_FIX)
    if not ancestors or any("*" in source or source in ("http:", "https:") for source in ancestors):
        told = " ".join(ancestors) or "an empty list"
        return Blame(message=_MESSAGE, reason=f"frame-ancestors is {told}, which lets foreign sites in.", fix=_FIX)
    if legacy not in ("DENY", "SAMEORIGIN"):
        return Blame(message=_MESSAGE, reason="X-Frame-Options is missing, which old browsers need.", fix=_FIX)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("page", "pages"),
    sound="closed to frames",
    judge=_judge,
    idle="the app serves no HTML page",
)
