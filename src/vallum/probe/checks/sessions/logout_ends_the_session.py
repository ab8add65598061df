"""After logout the old cookie opens nothing (CWE-613; ASVS 7.4.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.operation import Operation
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="logout-ends-the-session", control="session-logout")
_SESSION: Final = "leaving"
_BEFORE, _LEAVE, _AFTER = "before logout", "logout", "old credential after logout"
_BLAME: Final = Blame(
    message="Whoever has copied the session once, from a shared computer or a log, keeps it after the logout.",
    reason="The credential from before the logout still opens a page for those who are logged in.",
    fix="Delete the session's record on the server at logout; deleting the cookie alone is not enough.",
)


def _ask(surface: Surface) -> Asking:
    leaving = _doors(surface)
    for account in surface.users[:1]:
        if not leaving:
            return
        yield SignIn(identity=account.name, session=_SESSION)
        proof = Shot(method="GET", target=account.proof.target, identity=account.name, session=_SESSION, label=_BEFORE)
        yield proof
        shot = surface.aim(leaving[0], account.name, label=_LEAVE)
        if shot:
            yield replace(shot, session=_SESSION, page=shot.page or account.proof.target)
            yield replace(proof, frozen=True, label=_AFTER)


def _doors(surface: Surface) -> list[Operation]:
    """The ways out, POST before GET, pages before JSON."""
    found = [operation for operation in surface.operations if operation.is_logout and not operation.holes]
    return sorted(found, key=lambda op: (op.method != "POST", "/api/" in op.template, op.template))


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told = {exchange.shot.label: exchange for exchange in exchanges}
    account = surface.users[0]
    if not _doors(surface):
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, "no logout was found")
    elif _AFTER in told and account.proof.shows_login(told[_BEFORE].answer):
        if told[_LEAVE].answer.status >= 400:
            reason = f"{told[_LEAVE].shot.method} {told[_LEAVE].shot.route} answered {told[_LEAVE].answer.status}"
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        elif account.proof.shows_login(told[_AFTER].answer):
            yield CLAIM.finding(told[_AFTER], _BLAME)
        else:
            yield CLAIM.site(told[_AFTER], f"the old credential answers {told[_AFTER].answer.status}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("logout", "logouts"),
    sound="ending the session",
    ask=_ask,
    judge=_judge,
    users=1,
    last=True,
    idle="the session could not be opened again",
)
