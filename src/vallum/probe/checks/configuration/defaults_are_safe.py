"""Started with no option at all, the app is closed, locks cookies and sends every header (CWE-1188; ASVS 13.2.3)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Launch, Shot
from vallum.probe.starting import START, TRIAL, read_names, why_unstarted
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="defaults-are-safe", control="secure-defaults")
_BARE, _PAGE, _CLOSED = "start without options", "page", "closed route"
_HEADERS: Final = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Strict-Transport-Security",
)
_HOST: Final = (("Host", "localhost"),)
"""Without options nobody can have named another host."""
_MOST: Final = 8
_MESSAGE: Final = "Whoever deploys the app without a setting, which nobody misses, deploys it without this defence."
_FIX: Final = "Make what is safe the default, and weakening it an explicit, named argument."


def _ask(surface: Surface) -> Asking:
    if not surface.startable:
        return
    known = yield Launch(trial=TRIAL, label=START, shared=True)
    if not known.answer.status:
        return
    bare = yield Launch(
        trial="bare", environment=dict.fromkeys(name for name in read_names(known) if name != "*"), label=_BARE
    )
    if not bare.answer.status:
        return
    for target, route in ((f"/{surface.mark}-no-such-page", UNKNOWN), *((page, page) for page in _pages(surface))):
        yield Shot(method="GET", target=target, route=route, headers=_HOST, trial="bare", label=_PAGE)
    for shot in list(_closed(surface))[:_MOST]:
        yield replace(shot, headers=_HOST, trial="bare", label=_CLOSED)


def _pages(surface: Surface) -> list[str]:
    """The start page, and where a login form stands."""
    forms = [a.login.shot.page for a in surface.users[:1] if a.login and a.login.shot.page]
    return list(dict.fromkeys(("/", *forms)))


def _closed(surface: Surface) -> Iterator[Shot]:
    """What the survey got as somebody and not as nobody, asked for as nobody."""
    for operation in surface.usable(writes=False):
        met = surface.baseline(operation, "")
        admitted = any(
            own.answer.succeeded for a in surface.accounts if (own := surface.baseline(operation, a.name)) is not None
        )
        if met and surface.sends_away(met.answer) and admitted:
            yield met.shot


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silence = [*why_unstarted(CLAIM, surface, exchanges)]
    if silence:
        yield from silence
        return
    told: set[str] = set()
    for exchange in exchanges:
        if exchange.shot.label == _BARE and not exchange.answer.status:
            yield CLAIM.site(exchange, f"does not start without options: {exchange.answer.fault[:100]}")
        elif exchange.shot.label in (_PAGE, _CLOSED) and exchange.answer.status:
            reasons = [*_faults(exchange)]
            for reason in reasons:
                if reason not in told:
                    told.add(reason)
                    yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
            if not reasons:
                yield CLAIM.site(exchange, f"without options: {exchange.answer.status}, headers and cookies in place")


def _faults(exchange: Exchange) -> Iterator[str]:
    answer = exchange.answer
    if exchange.shot.label == _CLOSED and answer.succeeded:
        yield f"Without options {exchange.shot.route} is open to nobody in particular."
    wanted = _HEADERS if answer.is_html else ("X-Content-Type-Options", "Strict-Transport-Security")
    missing = [name for name in wanted if not answer.has(name) and exchange.base.startswith("https:")]
    if missing:
        yield f"Without options answers lack {', '.join(missing)}."
    for cookie in answer.cookies:
        if cookie.is_session and not cookie.deletes and not (cookie.secure and cookie.http_only and cookie.same_site):
            yield f"Without options the cookie {cookie.name} is not Secure, HttpOnly and SameSite."


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer without options", "answers without options"),
    sound="closed, with headers and locked cookies",
    ask=_ask,
    judge=_judge,
)
