"""Scripts of foreign sites cannot read answers (Fetch, CORS protocol; ASVS 3.4.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="foreign-origins-get-nothing", control="cors-allowlist")
_FIX: Final = "Send Access-Control-Allow-Origin only for exact https origins from a fixed list, with Vary: Origin."
_MOST_ROUTES: Final = 6
_PREFLIGHT: Final = "a preflight of a foreign site"


def _origins(surface: Surface) -> dict[str, str]:
    host = surface.host.partition(":")[0]
    return {
        "a foreign site": "https://evil.example",
        "null": "null",
        "a site that begins with this host": f"https://{host}.evil.example",
        "a site that ends with this host": f"https://evil{host}",
    }


def _ask(surface: Surface) -> Asking:
    for shot in _routes(surface):
        for label, origin in _origins(surface).items():
            yield replace(shot, headers=(("Origin", origin),), label=label)
        asked = (
            ("Origin", "https://evil.example"),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        )
        yield replace(shot, method="OPTIONS", headers=asked, label=_PREFLIGHT)


def _routes(surface: Surface) -> Iterator[Shot]:
    """A few routes, JSON first: what a script would want to read."""
    met = [e for e in surface.exchanges if e.answer.succeeded and e.shot.method == "GET" and not e.shot.label]
    met.sort(key=lambda exchange: (not exchange.answer.is_json, not exchange.shot.identity))
    routes: dict[str, Shot] = {}
    for exchange in met:
        routes.setdefault(exchange.shot.route, exchange.shot)
    yield from list(routes.values())[:_MOST_ROUTES]


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    open_to: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        message = _fault(exchange)
        if message:
            open_to.setdefault(message, []).append(exchange)
        else:
            yield CLAIM.site(exchange, f"{exchange.shot.label}: nothing allowed")
    for message, met in open_to.items():
        origins = ", ".join(dict.fromkeys(exchange.shot.label for exchange in met))
        confidence = Confidence.HIGH if message == _WITH_COOKIES else Confidence.MEDIUM
        blame = Blame(message=message, reason=f"Allowed: {origins}.", fix=_FIX, confidence=confidence)
        yield CLAIM.finding(met[0], blame, seen=_headers(met[0]))


_WITH_COOKIES: Final = "Any site that a user visits can read this user's data and act in this user's name."
_WITHOUT: Final = "Any site can read what this app answers to requests without a cookie."


def _fault(exchange: Exchange) -> str:
    answer = exchange.answer
    allowed = answer.header("Access-Control-Allow-Origin").strip()
    origin = next(value for name, value in exchange.shot.headers if name == "Origin")
    credentials = answer.header("Access-Control-Allow-Credentials").strip().lower() == "true"
    if allowed == origin and credentials:
        return _WITH_COOKIES
    return _WITHOUT if allowed in (origin, "*") else ""


def _headers(exchange: Exchange) -> tuple[str, ...]:
    names = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
    return tuple(f"{name}: {value}" for name in names if (value := exchange.answer.header(name)))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request of a foreign origin", "requests of foreign origins"),
    sound="allowed nothing",
    ask=_ask,
    judge=_judge,
    idle="no route that answers was found",
)
