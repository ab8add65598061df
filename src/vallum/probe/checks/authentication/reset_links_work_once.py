"""A reset link is long, ends with use, age and a newer one, and is not built from Host (CWE-640; ASVS 6.4.3)."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim, Wanted
from vallum.probe.exchange import Exchange
from vallum.probe.newcomers import (
    HOUR,
    Newcomer,
    enter,
    letters_of,
    links_in,
    open_ground,
    opened_by,
    pass_time,
    proof_shot,
    secret_in,
    settle,
)
from vallum.probe.read.link import split_link
from vallum.probe.resets import ASK, ask_reset, bits_of, link_of, reset_request, use_link
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="reset-links-work-once", control="password-reset-token")
_FORGED: Final = "forged.example"
_OLDER, _LATE, _FIRST, _AGAIN = "an older link", "a link after an hour", "the link", "the link once more"
_HELD, _SELF, _PROOF = "session from before the reset", "whoever used the link", "reset proof"
_FEWEST_BITS: Final = 120
_FIX: Final = (
    "Mail 32 random bytes in a link built from the configuration, store their digest, end it at its first use, after 15"
    " minutes and with a newer one, and end all sessions of the account."
)
_TAKEOVER: Final = "Whoever finds an old mail, or guesses the secret in it, takes the account over."
_STAYS: Final = "An intruder stays signed in after the owner has chosen a new password to get rid of him."


def _ask(surface: Surface) -> Asking:
    ground = yield from open_ground(surface)
    if ground is None or reset_request(surface) is None:
        return
    yield from pass_time(ground)
    newcomer = yield from settle(surface, f"{surface.mark}reset", ground)
    if newcomer is None:
        return
    yield from ask_reset(surface, newcomer, "forger", headers=(("Host", _FORGED),))
    links = []
    for session in ("first", "second"):
        asked = yield from ask_reset(surface, newcomer, session)
        links.append(link_of(asked[1]) if asked else "")
    if all(links):
        newcomer = yield from _use(surface, newcomer, links[0], _OLDER)
        if ground:
            yield from pass_time(ground, HOUR + 60)
            newcomer = yield from _use(surface, newcomer, links[1], _LATE)
        yield from _use_well(surface, newcomer)


def _use_well(surface: Surface, newcomer: Newcomer) -> Asking:
    """A new link, used in its time, twice, with a session of before at hand."""
    account, trial = surface.users[0], newcomer.trial
    asked = yield from ask_reset(surface, newcomer, "third")
    link = link_of(asked[1]) if asked else ""
    yield from enter(surface, newcomer, session="before the reset", label="login before the reset")
    yield proof_shot(account, "before the reset", trial, f"{_HELD}, before")
    yield from _use(surface, newcomer, link, _FIRST)
    yield proof_shot(account, "before the reset", trial, _HELD)
    yield from _use(surface, newcomer, link, _AGAIN)


def _use(surface: Surface, newcomer: Newcomer, link: str, label: str) -> Generator[Wanted, Exchange, Newcomer]:
    """Use the link with a password of its own, and try whether that opens the account now; her with what opens it."""
    password = Secret(f"Tr4in-Lantern-{label.replace(' ', '-')}-Harbor-62")
    sent = yield from use_link(surface, newcomer, link, password, label, f"reset {label}")
    if sent is None:
        return newcomer
    if label == _FIRST and sent.shot.session:
        yield proof_shot_of(surface, sent.shot.session, newcomer.trial)
    session = f"after {label}"
    works = yield from enter(surface, newcomer, password=password, session=session, label=f"{_PROOF} of {label}")
    return replace(newcomer, password=password) if works else newcomer


def proof_shot_of(surface: Surface, session: str, trial: str) -> Wanted:
    """The proof, in the browser of somebody who has not logged in."""
    shot = proof_shot(surface.users[0], session, trial, _SELF)
    return replace(shot, identity="")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    asked = [exchange for exchange in exchanges if exchange.shot.label == ASK]
    if not asked:
        reason = "no reset by mail was found, or no account could be opened for it"
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, reason)
        return
    address = f"{surface.mark}reset@"
    links = _links(exchanges, address)
    if not any(links):
        reason = "no mail with a reset link was seen: in process the probe sees what Python's email package builds"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        return
    yield from _judge_link(asked, links)
    yield from _judge_uses(surface, exchanges)


def _links(exchanges: Sequence[Exchange], address: str) -> list[str]:
    """The reset links in the order of the mails."""
    seen: list[str] = []
    began = next(i for i, exchange in enumerate(exchanges) if exchange.shot.label == ASK)
    for exchange in exchanges[began:]:
        seen += [link for link in links_in(letters_of(exchange, address)) if link not in seen]
    return seen


def _judge_link(asked: Sequence[Exchange], links: Sequence[str]) -> Iterator[Remark]:
    if any((parts := split_link(link)) and parts.hostname == _FORGED for link in links):
        reason = f"A reset that is asked for with the header Host: {_FORGED} mails a link to that host."
        message = "An attacker has the app mail its user a link that hands the secret to the attacker's own host."
        yield CLAIM.finding(asked[0], Blame(message=message, reason=reason, fix=_FIX))
    else:
        yield CLAIM.site(asked[0], "a forged Host does not get into the link")
    secret = secret_in(links[-1])
    bits = bits_of(secret)
    if bits < _FEWEST_BITS:
        reason = f"The secret of the link has {len(secret)} characters: at most {bits:.0f} random bits."
        yield CLAIM.finding(asked[-1], Blame(message=_TAKEOVER, reason=reason, fix=_FIX))
    else:
        yield CLAIM.site(asked[-1], f"the secret of the link has {len(secret)} characters")


def _judge_uses(surface: Surface, exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    account = surface.users[0]
    worked = {label: _works(surface, exchanges, label) for label in (_OLDER, _LATE, _FIRST, _AGAIN)}
    sent = {e.shot.label: e for e in exchanges}
    for label, words in ((_OLDER, "although a newer one was sent"), (_LATE, ""), (_AGAIN, "")):
        if worked[label]:
            reason = f"A new password can be set with {label}{f', {words}' if words else ''}."
            yield CLAIM.finding(sent[label], Blame(message=_TAKEOVER, reason=reason, fix=_FIX))
    if not worked[_FIRST]:
        yield CLAIM.unproven(
            Silence.COULD_NOT_LOOK, "a fresh reset link could not be used: the new password opens nothing"
        )
        return
    for label in (_OLDER, _LATE, _AGAIN):
        if worked[label] is False:
            yield CLAIM.site(sent[label], f"{label} is refused: {sent[label].answer.status}")
    before = sent.get(f"{_HELD}, before")
    if before and opened_by(account, before):
        if opened_by(account, sent[_HELD]):
            yield CLAIM.finding(sent[_HELD], Blame(message=_STAYS, reason="A reset ends no session.", fix=_FIX))
        else:
            yield CLAIM.site(sent[_HELD], f"a session from before the reset answers {sent[_HELD].answer.status}")
    if _SELF in sent and opened_by(account, sent[_SELF]):
        reason = "Using the link signs in, past a second factor."
        blame = Blame(message=_TAKEOVER, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        yield CLAIM.finding(sent[_SELF], blame)


def _works(surface: Surface, exchanges: Sequence[Exchange], label: str) -> bool | None:
    """Whether the password that was set by this use opens the account; None where it was not tried."""
    for exchange in exchanges:
        if exchange.shot.label == "proof" and exchange.shot.session == f"after {label}":
            return opened_by(surface.users[0], exchange)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("use of a reset link", "uses of reset links"),
    sound="refused where it must be",
    ask=_ask,
    judge=_judge,
    users=1,
)
