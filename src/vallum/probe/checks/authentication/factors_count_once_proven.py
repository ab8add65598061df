"""A second factor is active after its first code, and its secret is stored sealed (CWE-308, CWE-312; ASVS 6.5.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Stir
from vallum.probe.factors import CONFIRM, Enrolment, begin, code_form, confirm, read_offer, show_password
from vallum.probe.newcomers import HOUR, open_ground, opened_by, pass_time, proof_shot, settle
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="factors-count-once-proven", control="mfa-enrolment")
_LOGIN, _STORED = "login while a factor waits", "look into the database"
_WRONG: Final = "000000"
_FEWEST_BYTES: Final = 20
_FIX: Final = (
    "Offer 160 random bits in a response that is not stored, keep them sealed under a key from outside of the database,"
    " and make the factor active by its first code."
)
_LEAK: Final = "Whoever reads the database or a copy of it makes the codes of every account."
_OUT: Final = "A user is shut out of her account by a factor that never worked, or that somebody else began."


def _ask(surface: Surface) -> Asking:
    ground = yield from open_ground(surface)
    if ground is None:
        return
    yield from pass_time(ground, 2 * HOUR)
    newcomer = yield from settle(surface, f"{surface.mark}waits", ground)
    if newcomer is None:
        return
    enrolment = yield from begin(surface, newcomer, newcomer.name)
    if enrolment is None:
        return
    yield from confirm(surface, newcomer, newcomer.name, enrolment, _WRONG)
    asked, _ = yield from show_password(surface, newcomer, "waiting factor")
    yield replace(proof_shot(surface.users[0], asked.shot.session, ground), label=_LOGIN)
    if ground:
        raw = enrolment.secret.reveal().hex()
        yield Stir(trial=ground, find=(enrolment.text, enrolment.text.lower(), raw), label=_STORED)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    enrolment = next((found for found in map(read_offer, exchanges) if found is not None), None)
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if enrolment is None or _LOGIN not in told:
        reason = "no enrolment of an authenticator app was found for an account that the probe could open"
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, reason)
        return
    yield from _judge_offer(enrolment)
    asked = next((e for e in exchanges if e.shot.session == "waiting factor" and code_form(e)), None)
    if opened_by(surface.users[0], told[_LOGIN]):
        tried = " after a wrong code" if CONFIRM in told else ""
        yield CLAIM.site(told[_LOGIN], f"a factor that waits for its first code is not asked for{tried}")
    elif asked is not None:
        reason = "The login asks for a code of a factor that was begun and never confirmed by a right code."
        yield CLAIM.finding(asked, Blame(message=_OUT, reason=reason, fix=_FIX))
    yield from _judge_store(enrolment.offered, told.get(_STORED))


def _judge_offer(enrolment: Enrolment) -> Iterator[Remark]:
    offered = enrolment.offered
    size = len(enrolment.secret.reveal())
    pictures = [link for link in offered.answer.page.resources if enrolment.text in link and link.startswith("http")]
    if size < _FEWEST_BYTES:
        reason = f"The secret of the app has {size * 8} bits; 160 are the least."
        yield CLAIM.finding(offered, Blame(message="A code can be computed after a search.", reason=reason, fix=_FIX))
    if pictures and not all(link.startswith(offered.base) for link in pictures):
        message = "A service outside learns every user's secret, from which all codes follow."
        reason = "The picture of the secret is fetched from another host, which is handed the secret."
        yield CLAIM.finding(offered, Blame(message=message, reason=reason, fix=_FIX))
    if "no-store" not in offered.answer.header("cache-control").lower():
        message = "The secret stays in caches and in the browser's history of pages."
        reason = "The answer that shows the secret has no Cache-Control: no-store."
        yield CLAIM.finding(offered, Blame(message=message, reason=reason, fix=_FIX))
    else:
        yield CLAIM.site(offered, f"a secret of {size * 8} bits in an answer that is not stored")


def _judge_store(offered: Exchange, looked: Exchange | None) -> Iterator[Remark]:
    if looked is None or looked.answer.header("x-databases") in ("", "0"):
        reason = "the stored secret was not seen: only files of SQLite in an app started anew are looked through"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    elif looked.answer.has("x-found"):
        reason = "The secret that was shown stands in the database in clear."
        yield CLAIM.finding(offered, Blame(message=_LEAK, reason=reason, fix=_FIX))
    else:
        number = looked.answer.header("x-databases")
        yield CLAIM.site(offered, f"the secret stands in none of {number} database files, as base32 or hexadecimal")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("step of an enrolment", "steps of an enrolment"),
    sound="as it must be",
    ask=_ask,
    judge=_judge,
    users=1,
)
