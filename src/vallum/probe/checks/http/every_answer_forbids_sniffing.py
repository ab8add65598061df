"""Every answer names its type and forbids guessing another (WHATWG Fetch, nosniff; ASVS 3.4.4)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import distinct_answers, judge_answers
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="every-answer-forbids-sniffing", control="nosniff")
_MESSAGE: Final = "An attacker can get a file or answer run as a script or page that its type does not say it is."
_FIX: Final = "Send `X-Content-Type-Options: nosniff` and an exact Content-Type with every response."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    return judge_answers(CLAIM, distinct_answers(surface), _fault, lambda _: "sent with nosniff")


def _fault(exchange: Exchange) -> Blame | None:
    answer = exchange.answer
    if answer.header("X-Content-Type-Options").strip().lower() != "nosniff":
        return Blame(message=_MESSAGE, reason="The answer lacks X-Content-Type-Options: nosniff.", fix=_FIX)
    if answer.body and not answer.media_type:
        return Blame(message=_MESSAGE, reason="The answer has a body and no Content-Type.", fix=_FIX)
    if answer.body and answer.is_html and not _is_markup(answer.text):
        return Blame(message=_MESSAGE, reason="The answer is called text/html and holds no markup.", fix=_FIX)
    if answer.is_json and answer.body and answer.length == len(answer.body) and not _is_json(answer.text):
        return Blame(message=_MESSAGE, reason="The answer is called JSON and is none.", fix=_FIX)
    if answer.media_type.startswith("text/") and "charset=utf-8" not in answer.header("content-type").lower():
        return Blame(message=_MESSAGE, reason=f"{answer.media_type} is sent without charset=utf-8.", fix=_FIX)
    return None


def _is_markup(text: str) -> bool:
    return "<" in text


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in tuple('{["tfn-0123456789')


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer", "answers"),
    sound="sent with nosniff and an exact type",
    judge=_judge,
    idle="the app gave no answer",
)
