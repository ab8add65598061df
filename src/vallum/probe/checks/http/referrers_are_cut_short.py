"""Other sites learn no more than the origin that a visitor came from (Referrer Policy; ASVS 3.4.5)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import judge_answers, pages_of
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="referrers-are-cut-short", control="referrer-policy")
_STRICT: Final = frozenset({"strict-origin-when-cross-origin", "same-origin", "strict-origin", "no-referrer"})
_KNOWN: Final = _STRICT | {"unsafe-url", "origin", "origin-when-cross-origin", "no-referrer-when-downgrade"}
_TOKEN_IN_URL: Final = re.compile(r"(?i)[?&](?:\w*token|code|key|state|otp)=[^&]")
_MESSAGE: Final = "Whoever runs a linked site reads the full address of this page, tokens and searches included."
_FIX: Final = "Send `Referrer-Policy: strict-origin-when-cross-origin`, and `no-referrer` on pages with a token."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    return judge_answers(CLAIM, pages_of(surface), _fault, lambda e: e.answer.header("Referrer-Policy"))


def _fault(exchange: Exchange) -> Blame | None:
    words = [word.strip().lower() for word in ",".join(exchange.answer.header_lines("Referrer-Policy")).split(",")]
    policy = next((word for word in reversed(words) if word in _KNOWN), "")
    if not policy:
        return Blame(message=_MESSAGE, reason="The page has no Referrer-Policy header.", fix=_FIX)
    if policy not in _STRICT:
        return Blame(message=_MESSAGE, reason=f"Referrer-Policy is {policy}.", fix=_FIX)
    if _TOKEN_IN_URL.search(exchange.shot.target) and exchange.answer.succeeded and policy != "no-referrer":
        return Blame(message=_MESSAGE, reason=f"A page with a token in its address is sent with {policy}.", fix=_FIX)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("page", "pages"),
    sound="sent with a strict referrer policy",
    judge=_judge,
    idle="the app serves no HTML page",
)
