"""Paths of debugging, metrics, documentation and samples answer nobody, and TRACE is off (CWE-489; ASVS 13.4.5)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="debug-paths-are-closed", control="no-debug-endpoints")
_PATH, _MISSING, _TRACE = "debug path", "missing", "TRACE"
_PATHS: Final = (
    "/debug", "/debug/", "/debug/config", "/debug/pprof/", "/debug/vars", "/_debug", "/console", "/test", "/metrics",
    "/actuator", "/actuator/env", "/actuator/heapdump", "/health/details", "/status", "/server-status", "/info",
    "/phpinfo.php", "/env", "/.env", "/config", "/config.json", "/docs", "/redoc", "/openapi.json", "/swagger",
    "/swagger.json", "/swagger-ui.html", "/api-docs", "/graphiql", "/graphql", "/playground", "/profiler",
    "/__debug__/", "/silk/", "/flower/", "/rq/", "/elmah.axd", "/trace", "/.git/HEAD", "/examples", "/sample",
)  # fmt: skip
_OWN: Final = re.compile(
    r"(?i)(?:^|/)_?(debug|profil(?:er|ing)|pprof|metrics|actuator|phpinfo|graphiql|swagger|playground)"
)
_MESSAGE: Final = "Anybody reads how the app is built, runs and is configured, or uses what was made for developers."
_FIX: Final = "Leave the route out of production, or let only an administrator in; turn TRACE off."
_DOCUMENTS: Final = re.compile(r"(?i)docs|redoc|openapi|swagger|graphi?ql|playground")


def _ask(surface: Surface) -> Asking:
    yield Shot(method="GET", target=f"/{surface.mark}-no-such-page", route=UNKNOWN, label=_MISSING)
    own = [op.template for op in surface.operations if op.method == "GET" and not op.holes and _OWN.search(op.template)]
    for target in dict.fromkeys((*_PATHS, *own)):
        yield Shot(method="GET", target=target, route=target, label=_PATH)
    yield Shot(method="TRACE", target="/", route="/", headers=(("X-Vallum-Trace", surface.mark),), label=_TRACE)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    missing = next((e for e in exchanges if e.shot.label == _MISSING), None)
    for exchange in exchanges:
        if exchange.shot.label == _TRACE and exchange.answer.status:
            yield _judge_trace(surface, exchange)
        elif exchange.shot.label == _PATH and exchange.answer.status:
            yield from _judge_path(surface, exchange, missing)


def _judge_trace(surface: Surface, exchange: Exchange) -> Remark:
    if exchange.answer.succeeded and surface.mark in exchange.answer.text:
        reason = "TRACE is answered, and gives back the headers of the request."
        return CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    return CLAIM.site(exchange, f"TRACE answered {exchange.answer.status}")


def _judge_path(surface: Surface, exchange: Exchange, missing: Exchange | None) -> Iterator[Remark]:
    answer, path = exchange.answer, exchange.shot.target
    if not answer.succeeded or path in surface.public:
        if not answer.redirects or surface.sends_away(answer):
            yield CLAIM.site(exchange, f"answered {answer.status}")
        return
    same = missing is not None and missing.answer.succeeded and missing.answer.is_html == answer.is_html
    if same:
        return
    known = any(op.template == path for op in surface.operations) or _OWN.search(path) or _DOCUMENTS.search(path)
    sure = Confidence.HIGH if known else Confidence.MEDIUM
    reason = f"{path} answers {answer.status} to nobody in particular ({answer.media_type or 'no type'})."
    yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=sure))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("path of debugging", "paths of debugging"),
    sound="closed",
    ask=_ask,
    judge=_judge,
)
