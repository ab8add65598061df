"""Consoles and pages of administrators answer neither strangers nor ordinary users (CWE-285; ASVS 8.4.2, 13.4.5)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="admin-surfaces-refuse-others", control="admin-protected")
_MISSING, _COMMON, _OWN = "missing", "common path", "page of administrators"
_PATHS: Final = (
    "/admin", "/admin/", "/admin/login", "/administrator", "/administration", "/manage", "/management", "/backoffice",
    "/cms", "/cpanel", "/control", "/root", "/staff", "/superuser", "/django-admin/", "/wp-admin/", "/phpmyadmin/",
    "/adminer", "/pgadmin", "/flower", "/rq", "/celery", "/grafana", "/kibana", "/jenkins", "/api/admin",
)  # fmt: skip
_ANYBODY: Final = "Anybody, without an account, reaches what is meant for administrators."
_ORDINARY: Final = "Anybody with an ordinary account reaches what is meant for administrators."
_FIX: Final = "Demand the role on the server for every route under it, a recent login and a second factor besides."


def _ask(surface: Surface) -> Asking:
    """The usual paths of consoles, and the app's own pages of administrators, as nobody and as an ordinary user."""
    who = ("", *(user.name for user in surface.users[:1]))
    own = [op for op in surface.usable(writes=False) if op.is_safe and op.is_administrative]
    known = {op.template for op in own}
    for name in who:
        target = f"/{surface.mark}-no-such-page"
        yield Shot(method="GET", target=target, identity=name, route=UNKNOWN, label=_MISSING)
        for path in _PATHS:
            if path not in known:
                yield Shot(method="GET", target=path, identity=name, route=path, label=_COMMON)
        for operation in own:
            shot = surface.aim(operation, name, label=_OWN)
            if shot is not None:
                yield shot


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    missing = {e.shot.identity: e for e in exchanges if e.shot.label == _MISSING}
    for exchange in exchanges:
        if exchange.shot.label != _MISSING and exchange.answer.status and exchange.shot.route not in surface.public:
            yield from _judge_one(surface, exchange, missing.get(exchange.shot.identity))


def _judge_one(surface: Surface, exchange: Exchange, missing: Exchange | None) -> Iterator[Remark]:
    answer, shot = exchange.answer, exchange.shot
    if not answer.succeeded or surface.sends_away(answer):
        if answer.status in (401, 403, 404) or surface.sends_away(answer):
            yield CLAIM.site(exchange, f"answered {answer.status} {'to a user' if shot.identity else 'to nobody'}")
        return
    if missing is not None and missing.answer.succeeded:
        return  # an app that answers every path with its start page
    if shot.label == _OWN and not _opens_for_admins(surface, exchange):
        return
    who = "an ordinary user" if shot.identity else "nobody in particular"
    reason = f"{shot.target.partition('?')[0]} answers {answer.status} to {who}."
    sure = Confidence.HIGH if shot.label == _OWN else Confidence.MEDIUM
    message = _ORDINARY if shot.identity else _ANYBODY
    yield CLAIM.finding(exchange, Blame(message=message, reason=reason, fix=_FIX, confidence=sure))


def _opens_for_admins(surface: Surface, exchange: Exchange) -> bool:
    """Whether an administrator gets in, so that it is a page of administrators; taken as one where none is known."""
    if not surface.admins:
        return True
    met = [e for e in surface.exchanges if (e.shot.method, e.shot.route) == (exchange.shot.method, exchange.shot.route)]
    names = {admin.name for admin in surface.admins}
    return any(e.shot.identity in names and e.answer.succeeded for e in met)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("page of administrators", "pages of administrators"),
    sound="closed to others",
    ask=_ask,
    judge=_judge,
    idle="no path of administrators gave an answer that tells",
)
