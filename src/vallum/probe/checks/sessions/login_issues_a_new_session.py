"""An id that was known before the login is worthless after it (CWE-384; ASVS 7.2.4)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.surface import Account, Surface

CLAIM: Final = Claim(slug="login-issues-a-new-session", control="session-rotation")
_INVENTED: Final = "vallumPlantedSessionIdentifier0123456789AbCd"
_REPLAYS: Final = {"an id that a visitor made up": "made up", "an id that the app gave to a visitor": "given"}
_MESSAGE: Final = "An attacker who plants a session id in a victim's browser is logged in when the victim is."
_FIX: Final = "At login make a new id, delete the old record in the same step, and take over only named data."


def _ask(surface: Surface) -> Asking:
    for account in surface.users[:1]:
        names = [cookie.name for cookie in account.session_cookies]
        given = yield Shot(method="GET", target=_page(account), session="visitor", label="visitor")
        issued = {cookie.name: cookie.value.reveal() for cookie in given.answer.cookies if not cookie.deletes}
        for name in names or [name for name in issued if "csrf" not in name.lower()]:
            for label, value in (("made up", _INVENTED), ("given", issued.get(name, ""))):
                if value:
                    yield SignIn(identity=account.name, session=f"planted {label}", plant=((name, value),), label=label)
                    target = account.proof.target
                    yield Shot(method="GET", target=target, cookies=((name, value),), label=f"replay {label}")


def _page(account: Account) -> str:
    return account.login.shot.page or "/" if account.login else "/"


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    replays = [exchange for exchange in exchanges if exchange.shot.label.startswith("replay ")]
    for account in surface.users[:1]:
        for exchange in replays:
            kind = exchange.shot.label.removeprefix("replay ")
            told = next(words for words, label in _REPLAYS.items() if label == kind)
            if account.proof.shows_login(exchange.answer):
                reason = f"After the login, {told} before opens {account.proof.target} as the one who logged in."
                yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
            else:
                yield CLAIM.site(exchange, f"{told}: worthless after the login")
    if not replays and surface.users:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "the login sets no session cookie")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("id known before the login", "ids known before the login"),
    sound="worthless after it",
    ask=_ask,
    judge=_judge,
    users=1,
)
