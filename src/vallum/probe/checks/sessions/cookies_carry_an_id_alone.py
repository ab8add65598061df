"""A session cookie is an id and nothing else; what it stands for is at the server (CWE-565, CWE-642; ASVS 7.2.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn, Stir
from vallum.probe.read.cookie import SetCookie
from vallum.probe.read.state import State, read_state
from vallum.probe.starting import open_stage, open_trial
from vallum.probe.surface import Account, Surface

CLAIM: Final = Claim(slug="cookies-carry-an-id-alone", control="session-server-side")
_IDS: Final = frozenset({"id", "_id", "sid", "session_id", "sessionid", "csrf_token", "_csrf", "csrf", "_permanent"})
_RIGHTS: Final = frozenset({"user", "user_id", "_user_id", "uid", "username", "role", "roles", "is_admin", "admin"})
_STORES: Final = ("database", "network", "files")
_BEFORE, _DOWN, _ASKED = "before", "stores away", "asked"
_MESSAGE: Final = "Who has the cookie reads what is in it, and no logout or dismissal takes back what it says."
_PICKLED: Final = "Whoever sends a cookie of his own making runs code on the server."
_OPEN: Final = "While the store of sessions is away, a session counts that may have ended."
_FIX: Final = "Put 256 random bits into the cookie, and keep what they stand for in a store on the server."


def _ask(surface: Surface) -> Asking:
    """What the cookies say is in the survey; here the store is taken away."""
    account = next((account for account in surface.users if account.session_cookies), None)
    if account is None or not surface.startable:
        return
    trial = (yield from open_stage(surface)) or (yield from open_trial(surface))
    if not trial:
        return
    yield SignIn(identity=account.name, session="store", trial=trial)
    proof = Shot(method="GET", target=account.proof.target, identity=account.name, session="store", trial=trial)
    before = yield replace(proof, label=_BEFORE)
    if account.proof.shows_login(before.answer):
        yield Stir(trial=trial, down=_STORES)
        yield replace(proof, label=_DOWN)
        yield Stir(trial=trial, label=_ASKED)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told: set[str] = set()
    opening = {cookie.name for account in surface.accounts for cookie in account.session_cookies}
    for exchange, cookie in _cookies(surface):
        if cookie.name not in told:
            told.add(cookie.name)
            yield from _judge_cookie(exchange, cookie, opens=cookie.name in opening)
    account = next((account for account in surface.users if account.session_cookies), None)
    if account is None:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no identity is known by a cookie")
    else:
        yield from _judge_store(account, {exchange.shot.label: exchange for exchange in exchanges})


def _cookies(surface: Surface) -> Iterator[tuple[Exchange, SetCookie]]:
    """Those of the logins first, then whatever else the app has set."""
    logins = [account.login for account in surface.accounts if account.login]
    for exchange in (*logins, *surface.exchanges):
        for cookie in exchange.answer.cookies:
            if not cookie.deletes and cookie.value:
                yield exchange, cookie


def _judge_cookie(exchange: Exchange, cookie: SetCookie, *, opens: bool) -> Iterator[Remark]:
    state = read_state(cookie.value.reveal())
    blame = _fault(cookie, state, opens=opens) if state else None
    if blame:
        yield CLAIM.finding(exchange, blame, seen=(f"Set-Cookie: {cookie.describe()}",))
    elif opens and not state:
        yield CLAIM.site(exchange, f"{cookie.name} holds an opaque value of {len(cookie.value)} characters")


def _fault(cookie: SetCookie, state: State, *, opens: bool) -> Blame | None:
    names = [name for name in state.names if name.lower() not in _IDS]
    held = f" with {', '.join(names)[:100]}" if names else ""
    told = f"The cookie {cookie.name} is {state.kind}{held}."
    if state.kind == "a pickle":
        return Blame(message=_PICKLED, reason=told, fix=_FIX)
    if not opens:
        rights = {name.lower() for name in names} & _RIGHTS
        return Blame(message=_MESSAGE, reason=told, fix=_FIX, confidence=Confidence.MEDIUM) if rights else None
    if names or state.kind == "a sealed value":
        sure = Confidence.MEDIUM if state.kind == "a sealed value" else Confidence.HIGH
        return Blame(message=_MESSAGE, reason=told, fix=_FIX, confidence=sure)
    return None


def _judge_store(account: Account, told: dict[str, Exchange]) -> Iterator[Remark]:
    """Nothing is said where the app asked for no store that can be taken away."""
    if _ASKED not in told or told[_ASKED].answer.text in ("", "0"):
        return
    down = told[_DOWN]
    if account.proof.shows_login(down.answer):
        reason = f"With its stores away the app shows {account.proof.target} as to somebody signed in."
        yield CLAIM.finding(down, Blame(message=_OPEN, reason=reason, fix=_FIX))
    elif down.answer.status:
        yield CLAIM.site(down, f"with the stores away: {down.answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("cookie or store", "cookies and stores"),
    sound="with nothing but an id in the browser",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="the cookie of the session was given ready, and the app has set none",
)
