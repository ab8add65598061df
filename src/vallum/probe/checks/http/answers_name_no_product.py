"""Answers name no product, version or inner address (CWE-200; ASVS 13.4.6)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import distinct_answers, judge_answers
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="answers-name-no-product", control="no-server-banner")
_BANNERS: Final = ("X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version", "X-Runtime", "X-Generator", "X-Version")
_VERSION: Final = re.compile(r"\d+\.\d+")
_PRIVATE: Final = re.compile(
    r"(?<![\w.])(?:10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3})"
    r"(?![\w.])"
)
_MESSAGE: Final = "An attacker learns which product and version to look up holes for, or how the inside is built."
_FIX: Final = "Remove X-Powered-By and the like, send Server without a version, keep inner addresses out of answers."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    return judge_answers(CLAIM, distinct_answers(surface), _fault, lambda _: "no product, version or inner address")


def _fault(exchange: Exchange) -> Blame | None:
    answer = exchange.answer
    banner = next((name for name in _BANNERS if answer.has(name)), "")
    if banner:
        return Blame(message=_MESSAGE, reason=f"The header {banner} is sent: {answer.header(banner)[:60]}.", fix=_FIX)
    server = answer.header("Server")
    if _VERSION.search(server):
        return Blame(message=_MESSAGE, reason=f"The Server header names a version: {server[:60]}.", fix=_FIX)
    headers = " ".join(value for name, value in answer.headers if name.lower() not in ("set-cookie", "etag"))
    if _PRIVATE.search(headers) or (answer.status >= 400 and _PRIVATE.search(answer.text)):
        return Blame(message=_MESSAGE, reason="A private address stands in the answer.", fix=_FIX)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer", "answers"),
    sound="without product or inner address",
    judge=_judge,
    idle="the app gave no answer",
)
