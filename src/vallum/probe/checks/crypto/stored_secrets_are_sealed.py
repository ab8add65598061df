"""The secret of a second factor is in no database as it was given out (CWE-311, CWE-312; ASVS 14.2.4, 11.3.2)."""

import base64
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Stir
from vallum.probe.factors import BEGIN, begin, confirm, read_offer, takes_factors, tell_time
from vallum.probe.newcomers import settle
from vallum.probe.starting import open_trial, why_unstarted
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="stored-secrets-are-sealed", control="encryption-at-rest")
_STORES: Final = "stores"
_MESSAGE: Final = "Whoever reads a dump, a backup or a replica makes the codes of every user's second factor."
_FIX: Final = "Seal the secret with AES-256-GCM under a key that is kept apart from the data, bound to its account."


def _ask(surface: Surface) -> Asking:
    """Enrol a factor for somebody new, and look for its secret in the trial's databases, in every usual writing."""
    if not surface.users or not surface.startable or not takes_factors(surface):
        return
    trial = yield from open_trial(surface)
    name = f"{surface.mark}rest"
    newcomer = (yield from settle(surface, name, trial)) if trial else None
    enrolment = (yield from begin(surface, newcomer, name)) if newcomer else None
    if newcomer is None or enrolment is None:
        return
    now = yield from tell_time(newcomer, 0.0)
    yield from confirm(surface, newcomer, name, enrolment, enrolment.code(now))
    secret = enrolment.secret.reveal()
    yield Stir(trial=newcomer.trial, find=_writings(enrolment.text, secret), label=_STORES)


def _writings(text: str, secret: bytes) -> tuple[str, ...]:
    """The secret as base32, base64 and hexadecimal; the trial looks for the bytes behind the latter, too."""
    coded = base64.b64encode(secret).decode().rstrip("=")
    return (text, text.lower(), coded, secret.hex(), secret.hex().upper())


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not takes_factors(surface):
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no second factor is enrolled here, whose secret could be stored")
        return
    silence = [*why_unstarted(CLAIM, surface, exchanges)]
    if silence:
        yield from silence
        return
    stores = next((exchange for exchange in exchanges if exchange.shot.label == _STORES), None)
    offered = next((e for e in exchanges if e.shot.label == BEGIN and read_offer(e)), None)
    if stores is None or offered is None:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "no second factor could be enrolled for somebody new")
        return
    number = int(stores.answer.header("x-databases") or 0)
    if stores.answer.has("x-found"):
        reason = "The secret that this answer offers stands in the app's database in clear."
        yield CLAIM.finding(offered, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif number:
        yield CLAIM.site(offered, f"the secret that it offers stands in none of {number} databases in clear")
    else:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the app keeps its data in no SQLite file that could be searched")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("secret given out", "secrets given out"),
    sound="stored sealed",
    ask=_ask,
    judge=_judge,
    users=1,
)
