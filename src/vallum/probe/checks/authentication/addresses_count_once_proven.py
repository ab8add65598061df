"""An account counts once its owner has confirmed the mailed link, by POST, once (CWE-287; ASVS 6.2.4, 6.3)."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim, Wanted
from vallum.probe.exchange import Exchange
from vallum.probe.newcomers import (
    REGISTER,
    Newcomer,
    body_names,
    enter,
    follow_link,
    form_of,
    links_in,
    names_address,
    open_ground,
    opened_by,
    pass_time,
    proof_shot,
    register,
    registration_of,
    send_form,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="addresses-count-once-proven", control="email-verification")
_OPENED, _SENT, _AGAIN, _FOREIGN = "link opened", "link confirmed", "link confirmed again", "another's link"
_UNPROVEN, _BY_FOREIGN, _BY_GET, _BY_POST = "before the link", "after another's link", "after the GET", "after the POST"
_MESSAGE: Final = "Somebody can have an account under another person's address, and what is granted to that address."
_FIX: Final = (
    "Grant nothing until the address is proven: mail a link with 32 random bytes, show a page on GET, and confirm by"
    " its POST, once."
)


def _ask(surface: Surface) -> Asking:
    ground = yield from open_ground(surface)
    door = registration_of(surface)
    if ground is None or door is None or not any(names_address(name) for name in body_names(door)):
        return
    yield from pass_time(ground)
    newcomer = yield from register(surface, f"{surface.mark}proof", ground)
    if newcomer is None or newcomer.made.answer.status >= 400:
        return
    if (yield from _try(surface, newcomer, _UNPROVEN)) or not links_in(newcomer.letters):
        return
    other = yield from register(surface, f"{surface.mark}other", ground)
    if other is not None and links_in(other.letters):
        yield from _confirm(surface, links_in(other.letters)[0], ground, _FOREIGN, _FOREIGN)
        yield from _try(surface, newcomer, _BY_FOREIGN)
    link = links_in(newcomer.letters)[0]
    yield from follow_link(surface, link, ground, session="scanner", label=_OPENED)
    if (yield from _try(surface, newcomer, _BY_GET)):
        return
    yield from _confirm(surface, link, ground, "owner", _SENT)
    yield from _try(surface, newcomer, _BY_POST)
    yield from _confirm(surface, link, ground, "later", _AGAIN)


def _confirm(surface: Surface, link: str, trial: str, session: str, label: str) -> Generator[Wanted, Exchange, None]:
    """Open the link and send its form; where a used link shows none, the page itself is the answer."""
    opened = yield from follow_link(surface, link, trial, session=session, label=f"{label}: page")
    form = form_of(opened)
    if form is not None:
        yield from send_form(opened, form, {}, label=label)


def _try(surface: Surface, newcomer: Newcomer, label: str) -> Generator[Wanted, Exchange, bool]:
    """Whether the newcomer gets in now; the proof carries the label."""
    yield from enter(surface, newcomer, session=label)
    shown = yield proof_shot(surface.users[0], label, newcomer.trial, label)
    return opened_by(surface.users[0], shown)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told = {exchange.shot.label: exchange for exchange in exchanges}
    account = surface.users[0]
    made = next((exchange for exchange in exchanges if exchange.shot.label == REGISTER), None)
    if made is None:
        reason = "no registration with an address was found that the probe may use"
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, reason)
    elif _UNPROVEN not in told:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, f"the registration answered {made.answer.status}")
    elif opened_by(account, told[_UNPROVEN]):
        yield from _judge_open(surface, exchanges, made, told[_UNPROVEN])
    elif _OPENED not in told:
        reason = "a new account is not let in, and no mail with a link was seen"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    else:
        yield CLAIM.site(told[_UNPROVEN], f"a new account is refused before its link: {told[_UNPROVEN].answer.status}")
        yield from _judge_link(surface, told)


def _judge_open(surface: Surface, exchanges: Sequence[Exchange], made: Exchange, shown: Exchange) -> Iterator[Remark]:
    mailed = any(exchange.answer.letters for exchange in exchanges)
    if not surface.in_process or mailed:
        reason = "a new account is let in at once; what it may not do before its address is proven cannot be told"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        return
    reason = "A new account is let in at once, and no mail was written that asks for a proof of its address."
    blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    yield CLAIM.finding(made, blame, shown=shown)


def _judge_link(surface: Surface, told: dict[str, Exchange]) -> Iterator[Remark]:
    account = surface.users[0]
    if _BY_FOREIGN in told:
        if opened_by(account, told[_BY_FOREIGN]):
            reason = "The link that was mailed to one account proves the address of another."
            yield CLAIM.finding(told[_BY_FOREIGN], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        else:
            yield CLAIM.site(told[_BY_FOREIGN], "another account's link proves nothing here")
    if opened_by(account, told[_BY_GET]):
        reason = "Opening the link by GET proves the address: a mail scanner that follows links does it for anybody."
        yield CLAIM.finding(told[_OPENED], Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        return
    if _BY_POST not in told or not opened_by(account, told[_BY_POST]):
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the page behind the link could not be confirmed")
        return
    yield CLAIM.site(told[_OPENED], "the link proves nothing by GET, and the address by the POST of its page")
    again = told.get(_AGAIN) or told[f"{_AGAIN}: page"]
    first = told[_SENT].answer
    same = (first.status, first.header("location")) == (again.answer.status, again.answer.header("location"))
    if again.shot.method == "POST" and same:
        yield CLAIM.finding(again, Blame(message=_MESSAGE, reason="The link works a second time.", fix=_FIX))
    else:
        yield CLAIM.site(again, f"a second use is refused: {again.answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("state of an address", "states of an address"),
    sound="proven by its link alone",
    ask=_ask,
    judge=_judge,
    users=1,
)
