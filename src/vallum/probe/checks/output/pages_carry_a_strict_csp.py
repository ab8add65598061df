"""Every page carries a Content-Security-Policy that stops injected scripts (CSP3; ASVS 3.4.3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.judging import judge_answers, pages_of
from vallum.probe.read.directives import read_csp
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="pages-carry-a-strict-csp", control="content-security-policy")
_MESSAGE: Final = "A script that gets into this page runs with the rights of whoever reads it."
_FIX: Final = (
    "Send a Content-Security-Policy with default-src 'self', script-src with a fresh nonce, object-src 'none', "
    "base-uri 'none', frame-ancestors 'none' and form-action 'self' with every page, errors too."
)
_REPORT: Final = "Content-Security-Policy-Report-Only"
_SHORTEST_NONCE: Final = 22
"""128 bits in base64 without padding."""
_MOST_PAGES: Final = 20


def _ask(surface: Surface) -> Asking:
    """Each page a second time: a nonce must differ."""
    for exchange in pages_of(surface)[:_MOST_PAGES]:
        if exchange.shot.method == "GET" and _nonces(exchange):
            shot = exchange.shot
            yield Shot(method="GET", target=shot.target, identity=shot.identity, route=shot.route, label=shot.label)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    met: dict[str, set[str]] = defaultdict(set)
    repeated: set[str] = set()
    for exchange in exchanges:
        for nonce in _nonces(exchange):
            met[nonce].add(exchange.shot.target)
    for exchange in pages_of(surface):
        repeated |= {nonce for nonce in _nonces(exchange) if nonce in met}
    return judge_answers(CLAIM, pages_of(surface), lambda e: _fault(e, repeated), lambda _: "a strict policy")


def _fault(exchange: Exchange, repeated: set[str]) -> Blame | None:
    lines = exchange.answer.header_lines("Content-Security-Policy")
    if not lines:
        told = "only Content-Security-Policy-Report-Only" if exchange.answer.has(_REPORT) else "no policy"
        return Blame(message=_MESSAGE, reason=f"The page is sent with {told}.", fix=_FIX)
    reasons = [reason for line in lines if (reason := _weakness(read_csp(line), repeated))]
    if len(reasons) < len(lines):
        return None
    return Blame(message=_MESSAGE, reason=reasons[0], fix=_FIX)


def _weakness(policy: Mapping[str, tuple[str, ...]], repeated: set[str]) -> str:
    scripts = policy.get("script-src", policy.get("default-src"))
    if scripts is None:
        return "The policy has neither script-src nor default-src, so any script runs."
    return _opening(scripts) or _nonce_fault(scripts, repeated) or _gap(policy)


def _opening(scripts: tuple[str, ...]) -> str:
    nonces = any(source.startswith("'nonce-") for source in scripts)
    hashes = any(source.startswith(("'sha256-", "'sha384-", "'sha512-")) for source in scripts)
    if "'unsafe-inline'" in scripts and not nonces and not hashes:
        return "script-src allows 'unsafe-inline', so an injected script runs."
    if "'unsafe-eval'" in scripts:
        return "script-src allows 'unsafe-eval'."
    broad = [source for source in scripts if source in ("*", "http:", "https:", "data:", "blob:")]
    if broad and "'strict-dynamic'" not in scripts:
        return f"script-src allows {broad[0]}, so scripts load from anywhere."
    return ""


def _nonce_fault(scripts: tuple[str, ...], repeated: set[str]) -> str:
    nonces = [_nonce(source) for source in scripts if source.startswith("'nonce-")]
    if any(nonce in repeated for nonce in nonces):
        return "The nonce is the same on two responses, so an attacker can know it."
    if any(len(nonce.rstrip("=")) < _SHORTEST_NONCE for nonce in nonces):
        return "The nonce has less than 128 bits."
    return ""


def _gap(policy: Mapping[str, tuple[str, ...]]) -> str:
    if policy.get("object-src", policy.get("default-src", ())) != ("'none'",):
        return "object-src is not 'none', so plug-in content can be injected."
    if policy.get("base-uri") not in (("'none'",), ("'self'",)):
        return "base-uri is open, so an injected <base> can redirect scripts."
    ancestors = policy.get("frame-ancestors")
    if not ancestors or "*" in ancestors:
        return "frame-ancestors is not set, so foreign sites can frame the page."
    return ""


def _nonces(exchange: Exchange) -> list[str]:
    lines = exchange.answer.header_lines("Content-Security-Policy")
    policies = (read_csp(line) for line in lines)
    sources = (source for policy in policies for values in policy.values() for source in values)
    return [_nonce(source) for source in sources if source.startswith("'nonce-")]


def _nonce(source: str) -> str:
    return source.removeprefix("'nonce-").removesuffix("'")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("page", "pages"),
    sound="sent with a strict policy",
    ask=_ask,
    judge=_judge,
    idle="the app serves no HTML page",
)
