"""Traversal and injection patterns are refused, leave an event with their actor, and are blocked in time (CWE-778)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.loglines import UNHEARD, WARNING, level_of
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="attack-signals-are-noticed", control="runtime-protection")
_SIGNAL, _AFTER = "attack signal", "honest request after the attacks"
_SIGNALS: Final = (
    "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/?q=%27%20OR%20%271%27%3D%271%27%20--",
    "/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
)
_PASSWORDS: Final = "root:x:0:0:"
_ROUNDS: Final = 8
_ACTOR: Final = re.compile(r"127\.0\.0\.1|\bip\b|client|actor|user", re.IGNORECASE)
_MESSAGE: Final = "An attacker can go on trying until something gives: nobody notices, and nothing stops him."
_FIX: Final = "Report each refusal of a guard as an event with its actor, and block the actor after a threshold."


def _ask(surface: Surface) -> Asking:
    if not surface.in_process:
        return
    stage = yield from open_stage(surface, own="signals")
    if stage is None:
        return
    for _ in range(_ROUNDS):
        for target in _SIGNALS:
            yield Shot(method="GET", target=target, route=UNKNOWN, trial=stage, label=_SIGNAL)
    yield Shot(method="GET", target="/", route="/", trial=stage, label=_AFTER)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not surface.in_process:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, UNHEARD)
        return
    yield from why_no_stage(CLAIM, exchanges)
    signals = [e for e in exchanges if e.shot.label == _SIGNAL]
    if not signals:
        return
    heard = [e for e in signals if any(level_of(line) >= WARNING and _ACTOR.search(line.text) for line in e.answer.log)]
    blocked = any(e.answer.status in (403, 429) for e in exchanges if e.shot.label == _AFTER)
    passed = [e for e in signals if _PASSWORDS in e.answer.text]
    if passed:
        reason = "A traversal is answered with the file that it asked for."
        yield CLAIM.finding(passed[0], Blame(message=_MESSAGE, reason=reason, fix=_FIX), needle=_PASSWORDS)
    elif not heard:
        reason = f"{len(signals)} attack patterns leave no event in the log; an agent in front is not seen"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    elif not blocked:
        reason = f"{len(signals)} attack patterns leave events, and no block was seen; one in front is not seen"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    else:
        yield CLAIM.site(heard[0], f"events for {len(heard)} of {len(signals)} patterns, then the actor is blocked")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("series of attack patterns", "series of attack patterns"),
    sound="noticed and blocked",
    ask=_ask,
    judge=_judge,
    exhausts=True,
)
