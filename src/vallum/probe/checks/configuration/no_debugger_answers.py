"""No debugger, detailed error page or source map can be reached (CWE-489; ASVS 13.4.2)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.debugging import find_debugger
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="no-debugger-answers", control="debug-disabled")
_FIX: Final = "Turn every debug switch off in production, and refuse to start with one on."
_PAGES: Final = ("/console", "/__debug__/", "/_debug_toolbar/", "/debug/default/view")


def _ask(surface: Surface) -> Asking:
    for target in _PAGES:
        yield Shot(method="GET", target=target, label="debug page")
    scripts = dict.fromkeys(
        target.partition("?")[0]
        for exchange in surface.exchanges
        for target in exchange.answer.page.resources
        if target.startswith("/") and not target.startswith("//") and target.partition("?")[0].endswith((".js", ".css"))
    )
    for script in scripts:
        yield Shot(method="GET", target=f"{script}.map", label="source map")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told: set[str] = set()
    for exchange in (*exchanges, *surface.exchanges):
        answer = exchange.answer
        sign = find_debugger(answer.text)
        if (sign and answer.status >= 400) or (sign and exchange.shot.label == "debug page"):
            if sign[1] not in told:
                told.add(sign[1])
                yield CLAIM.finding(exchange, _blame(sign[1]), needle=sign[0])
        elif exchange.shot.label == "source map" and answer.succeeded and '"mappings"' in answer.text:
            yield CLAIM.finding(exchange, _MAP, needle='"mappings"')
        elif exchange.shot.label in ("debug page", "source map", "missing page") or answer.status >= 500:
            yield CLAIM.site(exchange, f"answered {answer.status} and no debugger")


def _blame(name: str) -> Blame:
    return Blame(
        message="An attacker reads source, settings and values of local variables, or runs code, from an error page.",
        reason=f"The answer is {name}.",
        fix=_FIX,
    )


_MAP: Final = Blame(
    message="Anybody can read the private source of the front end.",
    reason="A source map is served next to a script.",
    fix="Leave source maps out of the production build, or keep them away from the public.",
)

CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("error page or debug path", "error pages and debug paths"),
    sound="without a debugger",
    ask=_ask,
    judge=_judge,
)
