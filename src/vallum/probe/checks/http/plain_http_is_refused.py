"""Over plain HTTP a page leads to https, and a call is refused before anything runs (CWE-319; ASVS 4.1.2, 12.2.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="plain-http-is-refused", control="https-only")
_PAGE, _CALL, _LOGIN = "page", "call", "login"
_FIX: Final = "Answer 308 to pages on http with the same host on https, and refuse calls on http, before anything runs."
_SERVED: Final = "An attacker on the network reads and changes what passes, cookies and passwords included."
_NAVIGATION: Final = (
    ("Accept", "text/html"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
)


def _ask(surface: Surface) -> Asking:
    stage = yield from open_stage(surface)
    if stage is None:
        return
    pages = [e.shot for e in surface.exchanges if e.answer.is_html and not e.shot.identity and not e.shot.label]
    for shot in pages[:1] or [Shot(method="GET", target="/", route="/")]:
        yield replace(shot, headers=_NAVIGATION, scheme="http", trial=stage, label=_PAGE)
    call = next(_calls(surface), None)
    if call is None:
        return
    if call.identity and surface.in_process and not call.session:
        yield SignIn(identity=call.identity, session="plain", trial=stage, label=_LOGIN)
        call = replace(call, session="plain")
    yield replace(
        call, headers=(*call.headers, ("Accept", "application/json")), scheme="http", trial=stage, label=_CALL
    )


def _calls(surface: Surface) -> Iterator[Shot]:
    """A call of a program: one that an account may make first; over a network only as nobody."""
    met = [e for e in surface.exchanges if e.answer.is_json and not e.shot.label and e.shot.method == "GET"]
    for exchange in sorted(met, key=lambda e: (not e.answer.succeeded, not e.shot.identity)):
        if (surface.in_process and exchange.shot.session == "") or not exchange.shot.identity:
            yield exchange.shot
    if met:
        yield replace(met[0].shot, identity="", session="")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from why_no_stage(CLAIM, exchanges)
    for exchange in exchanges:
        label, answer = exchange.shot.label, exchange.answer
        if label not in (_PAGE, _CALL):
            continue
        if not answer.status:
            if surface.in_process:
                yield CLAIM.unproven(Silence.COULD_NOT_LOOK, f"no answer on plain HTTP: {answer.fault}")
            else:
                yield CLAIM.unproven(Silence.COULD_NOT_LOOK, f"plain HTTP does not answer here: {answer.fault}")
            continue
        blame = _fault_of_page(surface, exchange) if label == _PAGE else _fault_of_call(exchange)
        if blame:
            yield CLAIM.finding(exchange, blame)
        else:
            yield CLAIM.site(exchange, f"{label} on http: {answer.status}")


def _fault_of_page(surface: Surface, exchange: Exchange) -> Blame | None:
    answer = exchange.answer
    location = answer.header("location")
    host = surface.host.partition(":")[0]
    aimed = location.startswith((f"https://{host}/", f"https://{host}:")) or location == f"https://{host}"
    if answer.status >= 400:
        return None
    if not answer.redirects or not location.startswith("https://"):
        reason = f"A page asked for on plain HTTP is answered with {answer.status}, and not led to https."
        return Blame(message=_SERVED, reason=reason, fix=_FIX)
    if not aimed:
        return Blame(message=_SERVED, reason=f"The redirect leaves the host: {location[:80]}.", fix=_FIX)
    if answer.status != 308:
        reason = f"The redirect is {answer.status}, which lets a browser turn a POST into a GET, and not 308."
        return Blame(message=_SERVED, reason=reason, fix=_FIX, confidence=Confidence.LOW)
    return None


def _fault_of_call(exchange: Exchange) -> Blame | None:
    answer = exchange.answer
    if answer.status < 300:
        return Blame(message=_SERVED, reason="A call on plain HTTP is carried out.", fix=_FIX)
    if answer.redirects:
        reason = "A call on plain HTTP is redirected: a client goes on sending its key in the clear, and works."
        return Blame(message=_SERVED, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    if answer.cookies:
        return Blame(message=_SERVED, reason="The refusal of a call on plain HTTP sets a cookie.", fix=_FIX)
    if answer.status == 401 and not exchange.shot.identity:
        reason = "A call on plain HTTP is asked for credentials, which would then cross the network in the clear."
        return Blame(message=_SERVED, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request on plain HTTP", "requests on plain HTTP"),
    sound="led to https or refused",
    ask=_ask,
    judge=_judge,
)
