"""Session ids are long, unlike, out of addresses and logs, and none but the server makes them (CWE-330; ASVS 7.2.3)."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim, Wanted
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.ids import bits_of, fault_of
from vallum.probe.loglines import written_lines
from vallum.probe.read.state import id_part, read_state
from vallum.probe.surface import Account, Surface

CLAIM: Final = Claim(slug="session-ids-come-from-the-server", control="session-id-random")
_INVENTED: Final = "vallumMadeUpSessionIdentifier0123456789AbCdE"
_LOGINS: Final = 4
_VISITS: Final = 1000
_BITS: Final = 248.0
"""Of 256; some encodings waste the last few."""
_DRAWN, _VISIT, _PLANTED, _ADOPTED = "login", "visit", "login with a made-up id", "visit with a made-up id"
_GUESSED: Final = "An attacker who finds a session id by trying is logged in as its owner."
_FIXED: Final = "An attacker who plants a session id of his own in a browser is logged in when its user is."
_LEAKED: Final = "Whoever reads the log or an address is logged in as the owner of the session."
_FIX: Final = "Draw 32 bytes from `secrets.token_urlsafe(32)` for each session, adopt no other id, and log none."


def _ask(surface: Surface) -> Asking:
    for account in surface.users[:1]:
        names = _names(account)
        for number in range(_LOGINS if names else 0):
            yield SignIn(identity=account.name, session=f"drawn {number}", label=_DRAWN)
        for name in names[:1]:
            page = _page(account)
            yield SignIn(identity=account.name, session="made up", plant=((name, _INVENTED),), label=_PLANTED)
            yield Shot(method="GET", target=page, cookies=((name, _INVENTED),), session="adopted", label=_ADOPTED)
            yield from _ask_visits(page, name)


def _ask_visits(page: str, name: str) -> Generator[Wanted, Exchange, None]:
    """A thousand ids, where visitors are given some that are not plainly too short."""
    for number in range(_VISITS):
        met = yield Shot(method="GET", target=page, session=f"visitor {number}", label=_VISIT)
        given = _given(met, name)
        if not given or bits_of([given]) < _BITS:
            return


def _names(account: Account) -> list[str]:
    return [cookie.name for cookie in account.session_cookies]


def _page(account: Account) -> str:
    return account.login.shot.page or "/" if account.login else "/"


def _given(exchange: Exchange, name: str) -> str:
    """The id that an answer gives under this name; empty when it gives none, or state in place of an id."""
    found = [cookie.value.reveal() for cookie in exchange.answer.cookies if cookie.name == name and not cookie.deletes]
    return id_part(found[-1]) if found and read_state(found[-1]) is None else ""


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    account = surface.users[0]
    if not account.session_cookies:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no identity is known by a cookie")
        return
    judged = False
    for name in _names(account):
        met = [(exchange, given) for exchange in exchanges if (given := _given(exchange, name))]
        drawn = [(exchange, given) for exchange, given in met if exchange.shot.label in (_DRAWN, _VISIT)]
        if len(drawn) < _LOGINS:
            continue
        judged = True
        yield from _judge_ids(name, drawn)
        yield from _judge_made_up(name, exchanges)
        yield from _judge_leaks(name, met)
    if not judged:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "the cookie of the login holds state, and no id")


def _judge_ids(name: str, drawn: Sequence[tuple[Exchange, str]]) -> Iterator[Remark]:
    ids = [given for _, given in drawn]
    fault = fault_of(ids, _BITS)
    if fault:
        sure = Confidence.HIGH if bits_of(ids) <= _BITS / 2 + 4 else Confidence.MEDIUM
        blame = Blame(message=_GUESSED, reason=f"{name}: {fault}.", fix=_FIX, confidence=sure)
        yield CLAIM.finding(drawn[0][0], blame, seen=(f"{len(ids)} ids were collected",))
    else:
        yield CLAIM.site(drawn[0][0], f"{name}: {len(ids)} ids, all unlike, {bits_of(ids):.0f} bits or more")


def _judge_made_up(name: str, exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    for exchange in exchanges:
        if exchange.shot.label not in (_PLANTED, _ADOPTED):
            continue
        given = _given(exchange, name)
        if given == id_part(_INVENTED):
            reason = f"A made-up id in {name} is taken over as the id of the session."
            yield CLAIM.finding(exchange, Blame(message=_FIXED, reason=reason, fix=_FIX))
        elif exchange.shot.label == _PLANTED and given:
            yield CLAIM.site(exchange, f"a made-up id in {name} is replaced at the login")


def _judge_leaks(name: str, met: Sequence[tuple[Exchange, str]]) -> Iterator[Remark]:
    """Once for the log, once for addresses."""
    logged = [e for e, given in met if any(given in line.text for line in written_lines(e))]
    addressed = [e for e, given in met if given in e.answer.header("location")]
    for where, found in (("in the log", logged), ("in an address", addressed)):
        if found:
            reason = f"The id that {name} carries stands {where}."
            yield CLAIM.finding(found[0], Blame(message=_LEAKED, reason=reason, fix=_FIX))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("series of ids", "series of ids"),
    sound="long, unlike, and replaced when made up",
    ask=_ask,
    judge=_judge,
    users=1,
)
