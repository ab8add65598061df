"""Many failures for one account raise one alert within five minutes (CWE-778; ASVS 16.3.3; OWASP A09)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, LogLine, Shot, SignIn, Stir
from vallum.probe.logins import wrong_fields
from vallum.probe.starting import open_stage, open_trial, why_unstarted
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="repeated-failures-raise-an-alert", control="security-alerts")
_TRIES: Final = 20
_FIVE_MINUTES: Final = 300.0
_TRY, _LATER = "wrong password again", "five minutes later"
_ALERT: Final = re.compile(r"(?i)\balert(?:s|ed|ing)?\b|\bpager|\bincident\b")
_FLOOD: Final = Blame(
    message="An attacker buries the alert that counts under many of his own.",
    reason="",
    fix="Count in one window and send one alert for each account or address and window.",
    confidence=Confidence.LOW,
)


def _ask(surface: Surface) -> Asking:
    opening = open_stage(surface, own="alerts") if surface.production else open_trial(surface, own="alerts")
    trial = yield from opening
    account = surface.users[0]
    fields = wrong_fields(account, mark=surface.mark)
    if trial is None or not fields:
        return
    wrong = SignIn(identity=account.name, session="alerts", replace=fields, label=_TRY, trial=trial)
    for _ in range(_TRIES):
        yield wrong
    yield Stir(trial=trial, seconds=_FIVE_MINUTES)
    yield Shot(method="GET", target="/", route="/", trial=trial, label=_LATER)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silence = [*why_unstarted(CLAIM, surface, exchanges)]
    if silence:
        yield from silence
        return
    tries = [exchange for exchange in exchanges if exchange.shot.label in (_TRY, _LATER)]
    if not tries:
        return
    raised = [(exchange, line) for exchange in tries for line in exchange.answer.log if _is_alert(line)]
    if not raised:
        reason = f"after {_TRIES} wrong passwords no alert was seen in the log; one that a collector raises is not seen"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        return
    records = {(id(exchange), line.record, line.source if not line.record else "") for exchange, line in raised}
    if len(records) > 1 + _TRIES // 5:
        reason = f"{_TRIES} wrong passwords in a row raise {len(records)} alerts."
        yield CLAIM.finding(raised[0][0], replace(_FLOOD, reason=reason), seen=_shown(raised[0][1]))
    else:
        number = tries.index(raised[0][0]) + 1
        yield CLAIM.site(raised[0][0], f"alert after {number} wrong passwords; {len(records)} in all")


def _is_alert(line: LogLine) -> bool:
    return bool(_ALERT.search(line.text))


def _shown(line: LogLine) -> tuple[str, ...]:
    return (f"log: {line.text.strip()[:120]!r}",)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("series of failures", "series of failures"),
    sound="raising an alert",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="no login by name and password was found",
)
