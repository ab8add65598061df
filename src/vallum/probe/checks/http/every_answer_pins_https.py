"""Every answer over HTTPS tells browsers to stay on HTTPS (RFC 6797; ASVS 3.4.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import distinct_answers, judge_answers
from vallum.probe.read.directives import read_hsts
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="every-answer-pins-https", control="hsts")
_HEADER: Final = "Strict-Transport-Security"
ONE_YEAR: Final = 31_536_000
_FIX: Final = "Send `Strict-Transport-Security: max-age=63072000; includeSubDomains` with every response, errors too."
_MESSAGE: Final = "An attacker on the network can keep a visitor on plain HTTP and read or change what passes."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not surface.base.startswith("https:"):
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the app was reached over plain HTTP")
        return
    yield from judge_answers(CLAIM, distinct_answers(surface), _fault, lambda e: e.answer.header(_HEADER))


def _fault(exchange: Exchange) -> Blame | None:
    value = exchange.answer.header(_HEADER)
    if not value:
        return Blame(message=_MESSAGE, reason="The answer has no Strict-Transport-Security header.", fix=_FIX)
    told = read_hsts(value)
    age = told.get("max-age", "")
    if not age.isascii() or not age.isdigit() or int(age) < ONE_YEAR:
        return Blame(message=_MESSAGE, reason=f'max-age is "{age}": below one year ({ONE_YEAR} seconds).', fix=_FIX)
    if "includesubdomains" not in told:
        return Blame(message=_MESSAGE, reason="The header lacks includeSubDomains, so subdomains stay open.", fix=_FIX)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer", "answers"),
    sound="pinned to HTTPS for a year or more",
    judge=_judge,
    idle="the app gave no answer",
)
