"""A failed login, a forbidden request and an exceeded limit each leave an event that names who and which (CWE-778)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, LogLine, Shot, SignIn
from vallum.probe.logins import wrong_fields
from vallum.probe.loglines import UNHEARD, WARNING, id_of, level_of, written_lines
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="attacks-leave-events", control="security-events-logged")
_LOGIN, _FORBIDDEN, _LIMIT = "a failed login", "a forbidden request", "an exceeded limit"
_WORDS: Final = {
    _LOGIN: re.compile(r"(?i)log.?in|sign.?in|authn|authentication|credential|password"),
    _FORBIDDEN: re.compile(r"(?i)denied|den[iy]|forbidden|authoriz|authz|access|permission|not.?allowed|refused"),
    _LIMIT: re.compile(r"(?i)rate|limit|too.?many|excess|throttl"),
}
_MOST_TRIES: Final = 12
_SESSION: Final = "events"
_MESSAGE: Final = "An attack goes on unseen: nothing in the log tells of it, or nothing that an alarm would look at."
_FIX: Final = "Write an event with who, what, where, outcome and request id, at level warning, on a logger of its own."


def _ask(surface: Surface) -> Asking:
    if not surface.in_process:
        return
    stage = yield from open_stage(surface, own="events")
    if stage is None:
        return
    account = surface.users[0]
    fields = wrong_fields(account, mark=surface.mark)
    if fields:
        failed = SignIn(identity=account.name, session="failing", replace=fields, label=_LOGIN, trial=stage)
        yield failed
    yield SignIn(identity=account.name, session=_SESSION, trial=stage, label="login")
    for shot in list(_forbidden(surface))[:1]:
        yield replace(shot, session=_SESSION, trial=stage, label=_FORBIDDEN)
    for _ in range(_MOST_TRIES if fields and stage else 0):
        exchange = yield replace(failed, label="one more try")
        if exchange.answer.status == 429:
            yield replace(failed, label=_LIMIT)
            return


def _forbidden(surface: Surface) -> Iterator[Shot]:
    """What the survey saw refused to the first user: 403 before 404."""
    name = surface.users[0].name
    met = [e for e in surface.exchanges if e.shot.identity == name and not e.shot.label and not e.shot.session]
    met = [e for e in met if e.answer.status == 403 and e.shot.method == "GET"]
    yield from (exchange.shot for exchange in met)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not surface.in_process:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, UNHEARD)
        return
    yield from why_no_stage(CLAIM, exchanges)
    for exchange in exchanges:
        label = exchange.shot.label
        if label not in _WORDS or not exchange.answer.status:
            continue
        if label == _LIMIT and exchange.answer.status != 429:
            continue
        reason = _fault(exchange, _WORDS[label])
        if reason:
            blame = Blame(message=_MESSAGE, reason=f"{label}: {reason}".capitalize(), fix=_FIX)
            yield CLAIM.finding(exchange, replace(blame, confidence=Confidence.MEDIUM))
        else:
            yield CLAIM.site(exchange, f"{label}: an event at level warning or above")


def _fault(exchange: Exchange, words: re.Pattern[str]) -> str:
    lines = [line for line in exchange.answer.log if words.search(_told(line, exchange))]
    if not lines:
        return "no line of the log tells of it."
    loud = [line for line in lines if level_of(line) >= WARNING]
    if not loud:
        return "what the log says of it is below level warning."
    known = id_of(exchange)
    if not any(line in written_lines(exchange) for line in loud):
        return "its event reaches no handler."
    if not known or not any(known in line.text for line in loud):
        return "its event lacks the id of the request."
    return ""


def _told(line: LogLine, exchange: Exchange) -> str:
    """The line without the path, whose words say nothing of an event."""
    return line.text.replace(exchange.shot.target, "").replace(exchange.shot.route or exchange.shot.target, "")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("attack", "attacks"),
    sound="leaving an event with its request id",
    ask=_ask,
    judge=_judge,
    users=1,
    exhausts=True,
    idle="no attack could be made: no login by password, nothing forbidden",
)
