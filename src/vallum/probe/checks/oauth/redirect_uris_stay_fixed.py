"""No header and no parameter moves where a provider, or the callback, sends the browser (CWE-601; ASVS 10.4.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Consent, Exchange
from vallum.probe.federation import BEGIN, Asked, begun, find_door, why_shut
from vallum.probe.journeys import BACK, last_of, sign_in
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="redirect-uris-stay-fixed", control="oauth-redirect-uri-exact")
_EVIL: Final = "stranger.example"
_ADDRESS: Final = f"https://{_EVIL}/"
_PLAIN: Final = "plain"
_HEADERS: Final = {
    "the Host header": (("Host", _EVIL),),
    "X-Forwarded-Host": (("X-Forwarded-Host", _EVIL), ("X-Forwarded-Proto", "https")),
    "Forwarded": (("Forwarded", f"host={_EVIL};proto=https"),),
}
_NAMES: Final = ("next", "return_to", "redirect", "redirect_url", "redirect_uri", "callback_url", "url", "continue")
_QUERY: Final = urlencode([(name, _ADDRESS) for name in _NAMES])
_WANDER, _STATED = "a wanted page elsewhere", "a state that is an address"
_SERVED: Final = "registered address, "
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MESSAGE: Final = "The provider sends the code of a victim's sign-in to a host of the attacker's choice."
_FIX: Final = "Take the redirect URI from the configuration, whole, and nothing of it from the request."
_OPEN: Final = Blame(
    message="A link to the app's own sign-in ends, after a real login, on a page of the attacker.",
    reason="",
    fix="Redirect after the callback to a local path only, or to an address of a fixed list.",
)


def _ask(surface: Surface) -> Asking:
    yield from _ask_server(surface)
    door = yield from find_door(surface, CLAIM)
    if door is None:
        return
    yield door.shot(_PLAIN)
    for told, headers in _HEADERS.items():
        yield door.shot(told, headers=headers)
    started = yield door.shot("parameters", query=_QUERY)
    if door.trial:
        wander = replace(door, target=started.shot.target)
        yield from sign_in(wander, _WANDER)
        changed = {"state": _ADDRESS, "next": _ADDRESS, "return_to": _ADDRESS, "redirect_uri": _ADDRESS}
        yield from sign_in(door, _STATED, Consent(trial=door.trial, url="", changed=changed))


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    served = [exchange for exchange in exchanges if exchange.shot.label.startswith(_SERVED)]
    yield from (_judge_server(exchange) for exchange in served)
    met = list(begun(exchanges))
    if met:
        yield _judge_plain(*met[0])
    for exchange, asked in met[1:]:
        if exchange.shot.label.removeprefix(BEGIN) in (*_HEADERS, "parameters"):
            yield _judge_forged(exchange, asked, met[0][1])
    for exchange in exchanges:
        if exchange.shot.label.removeprefix(BEGIN) in _HEADERS and exchange.answer.status >= 400:
            yield CLAIM.site(exchange, f"a forged host: {exchange.answer.status}")
    for case in (_WANDER, _STATED):
        last = last_of(exchanges, f"{BACK}{case}")
        if last:
            yield _judge_landing(last, case)
    if not served:
        yield from why_shut(CLAIM, surface, exchanges)


def _judge_plain(exchange: Exchange, asked: Asked) -> Remark:
    address = asked.get("redirect_uri")
    if not address:
        return CLAIM.site(exchange, "no redirect_uri: the provider takes the registered one")
    parts = urlsplit(address)
    if parts.scheme == "http" and (parts.hostname or "") not in _LOOPBACK and exchange.base.startswith("https"):
        reason = f"The redirect_uri is plain http: {address}"
        message = "The code comes back in clear, and whoever is on the way reads it."
        return CLAIM.finding(exchange, Blame(message=message, reason=reason, fix=_FIX))
    return CLAIM.site(exchange, f"redirect_uri {address}")


def _judge_forged(exchange: Exchange, asked: Asked, plain: Asked) -> Remark:
    address = asked.get("redirect_uri")
    by = exchange.shot.label.removeprefix(BEGIN)
    if _EVIL in (urlsplit(address).netloc, address):
        reason = f"The redirect_uri follows {by}: {address}"
        return CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    same = "unchanged" if address == plain.get("redirect_uri") else "on no other host"
    return CLAIM.site(exchange, f"redirect_uri {same} by {by}")


def _judge_landing(last: Exchange, case: str) -> Remark:
    if last.answer.redirects and _host_of(last) == _EVIL:
        reason = f"The callback redirects to {last.answer.header('location')} after {case}."
        return CLAIM.finding(last, replace(_OPEN, reason=reason))
    return CLAIM.site(last, f"{case}: not followed")


def _host_of(exchange: Exchange) -> str:
    location = exchange.answer.header("location")
    return urlsplit(urljoin(f"{exchange.base}{exchange.shot.target}", location)).hostname or ""


def _ask_server(surface: Surface) -> Asking:
    """Where the app is a provider itself: addresses that only begin like the registered one, or end like it."""
    for operation in surface.operations:
        known = _registered(operation)
        if not known:
            continue
        who = surface.actor(operation) or ""
        for told, address in _variants(known):
            shot = surface.aim(operation, who, hits={(In.QUERY.value, "redirect_uri"): address})
            if shot:
                yield replace(shot, label=f"{_SERVED}{told}")


def _registered(operation: Operation) -> str:
    """The redirect URI with which a page of the app leads to its own authorization endpoint."""
    values = {parameter.name: parameter.value for parameter in operation.within(In.QUERY)}
    address = str(values.get("redirect_uri") or "")
    return address if operation.method == "GET" and values.get("client_id") and "://" in address else ""


def _variants(address: str) -> Iterator[tuple[str, str]]:
    parts = urlsplit(address)
    yield "with a suffix to its host", parts._replace(netloc=f"{parts.netloc}.{_EVIL}").geturl()
    yield "with a host below it", parts._replace(netloc=f"{_EVIL.partition('.')[0]}.{parts.netloc}").geturl()
    yield "with a longer path", parts._replace(path=f"{parts.path.rstrip('/')}/more").geturl()
    yield "with a query", parts._replace(query="more=1").geturl()


def _judge_server(exchange: Exchange) -> Remark:
    told = exchange.shot.label.removeprefix(_SERVED)
    if not exchange.answer.status:
        return CLAIM.unproven(Silence.COULD_NOT_LOOK, f"no answer: {exchange.answer.fault}")
    own = exchange.base.partition("://")[2].partition(":")[0]
    if exchange.answer.redirects and _host_of(exchange) != own:
        reason = f"The authorization endpoint redirects to the registered address {told}."
        fix = "Compare the redirect_uri with the registered ones by exact string; show an error page otherwise."
        return CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=fix))
    return CLAIM.site(exchange, f"the registered address {told}: no redirect to it")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request", "requests"),
    sound="with a fixed address",
    ask=_ask,
    judge=_judge,
)
