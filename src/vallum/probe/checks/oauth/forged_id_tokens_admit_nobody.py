"""An ID token that is wrong in one part signs nobody in, and an address is no identity (CWE-347; ASVS 10.5)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Consent, Exchange
from vallum.probe.federation import Door, begun, find_door
from vallum.probe.journeys import BACK, find_login, last_of, redeemed, show_login, sign_in, try_faults, why_incomplete
from vallum.probe.surface import Proof, Surface

CLAIM: Final = Claim(slug="forged-id-tokens-admit-nobody", control="oidc-id-token-validated")
_PLAIN, _ONE, _TWO, _THREE = "plain", "first subject", "other subject", "third subject"
_WHO: Final = "whose account: "
_FAULTS: Final = {
    "iss": "of another issuer",
    "aud": "for another client",
    "azp": "issued to another client (azp)",
    "nonce": "with another nonce",
    "no-nonce": "without the nonce",
    "key": "signed by an unknown key",
    "none": "without a signature (alg none)",
    "hmac": "signed by HMAC with the public key",
    "expired": "that expired a day ago",
    "at-hash": "with the at_hash of another access token",
}
_MESSAGE: Final = "Whoever can bring an ID token of another app, an old or a forged one signs in as anybody."
_FIX: Final = (
    "Verify the signature with the issuer's published keys under a pinned algorithm, then iss, aud, azp, exp, iat, the"
    " nonce of this browser and at_hash."
)
_BY_MAIL: Final = Blame(
    message="Whoever registers a victim's e-mail address with the provider, proved or not, is in the victim's account.",
    reason="",
    fix="Find the account by issuer and subject together, never by the address; link accounts by proof on both sides.",
)


def _ask(surface: Surface) -> Asking:
    door = yield from find_door(surface, CLAIM)
    if door is None:
        return
    started = yield door.shot(_PLAIN)
    if not door.trial or not any(asked.is_openid for _, asked in begun([started])):
        return
    proof = yield from find_login(surface, door)
    if proof:
        yield from try_faults(door, proof, _FAULTS)
        yield from _ask_accounts(surface, door, proof)


def _ask_accounts(surface: Surface, door: Door, proof: Proof) -> Asking:
    """Three subjects with one address, which the third has not proved, and what each of them is shown.

    The first looks before the others come and after: an account that she shares is renamed by then.
    """
    for case in (_ONE, _TWO, _THREE):
        name = _name(surface, case)
        person = Consent(trial=door.trial, url="", subject=name, name=name, email=f"{surface.mark}@example.org")
        yield from sign_in(door, case, replace(person, verified=case != _THREE))
        yield from _look(surface, door, proof, case)
    yield from _look(surface, door, proof, _ONE)


def _look(surface: Surface, door: Door, proof: Proof, case: str) -> Asking:
    for target in _personal(surface, proof):
        shot = replace(show_login(door, proof, case), target=target, route=target)
        yield replace(shot, label=f"{_WHO}{case}")


def _name(surface: Surface, case: str) -> str:
    return f"{surface.mark}-{case.partition(' ')[0]}"


def _personal(surface: Surface, proof: Proof) -> list[str]:
    words = ("profile", "account", "me", "settings", "user")
    routes = [
        operation.template
        for operation in surface.usable(writes=False)
        if operation.method == "GET" and not operation.holes and operation.template.rpartition("/")[2] in words
    ]
    return list(dict.fromkeys([proof.target, *routes]))[:3]


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    taken: list[tuple[Exchange, str]] = []
    for fault, told in _FAULTS.items():
        found = redeemed(exchanges, fault)
        if found and found[1]:
            taken.append((found[0], told))
        elif found:
            yield CLAIM.site(found[0], f"an ID token {told}: no session")
    if taken:
        reason = f"The browser is signed in after an ID token {'; '.join(told for _, told in taken)}."
        yield CLAIM.finding(taken[0][0], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    yield from _judge_accounts(surface, exchanges)
    met = list(begun(exchanges))
    if met and not met[0][1].is_openid:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "the sign-in asks for no ID token (no scope openid)")
    yield from why_incomplete(CLAIM, surface, exchanges)


def _judge_accounts(surface: Surface, exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    shown = _shown(exchanges, _ONE)
    if _name(surface, _ONE) not in shown:
        return
    for case, proved in ((_TWO, "the same address"), (_THREE, "the same address, not proved")):
        last = last_of(exchanges, f"{BACK}{case}")
        if last is None:
            continue
        is_one = _name(surface, _ONE) in _shown(exchanges, case)
        renamed = _name(surface, case) in shown
        if is_one or renamed:
            reason = f"Another subject with {proved} is in the account of the first."
            yield CLAIM.finding(last, replace(_BY_MAIL, reason=reason))
        else:
            yield CLAIM.site(last, f"another subject with {proved}: not in the account of the first")


def _shown(exchanges: Sequence[Exchange], case: str) -> str:
    """All that the pages say to somebody about whose they are."""
    return "\n".join(e.answer.text for e in exchanges if e.shot.label == f"{_WHO}{case}" and e.answer.succeeded)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("sign-in", "sign-ins"),
    sound="judged by the whole ID token",
    ask=_ask,
    judge=_judge,
)
