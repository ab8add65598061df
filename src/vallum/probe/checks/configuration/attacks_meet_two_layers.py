"""Where one defence against an attack is passed, a second one still refuses it (CWE-653; NIST SP 800-160, SA-8)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, JsonBody
from vallum.probe.judging import pages_of
from vallum.probe.operation import Operation
from vallum.probe.read.directives import read_csp
from vallum.probe.surface import BEARER, Surface

CLAIM: Final = Claim(slug="attacks-meet-two-layers", control="defence-in-depth")
_HONEST, _NO_ORIGIN, _NO_TOKEN = "honest", "a valid token from a foreign origin", "no token from the own origin"
_FOREIGN: Final = (("Origin", "https://evil.example"), ("Referer", "https://evil.example/"))
_SITE: Final = (("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"))
_MESSAGE: Final = "One mistake, or one old browser, is enough for this attack: nothing stands behind the defence."
_FIX: Final = "Let two independent controls stand against each class of attack, and test each with the other off."
_MOST: Final = 3


def _ask(surface: Surface) -> Asking:
    """A forged request that carries what the first layer wants, and one that carries what the second wants."""
    user = surface.users[0]
    found = 0
    for operation in _changing(surface, user.name):
        shot = surface.aim(operation, user.name, label=_HONEST)
        if shot is None or shot.session == BEARER or isinstance(shot.body, JsonBody) or found >= _MOST:
            continue
        honest = yield shot
        if not (honest.answer.redirects or honest.answer.succeeded) or surface.sends_away(honest.answer):
            continue
        found += 1
        yield replace(shot, headers=(*_FOREIGN, *_SITE), label=_NO_ORIGIN)
        own = (("Origin", surface.base), ("Referer", f"{surface.base}/"), ("Sec-Fetch-Site", "same-origin"))
        yield replace(shot, token=False, headers=own, label=_NO_TOKEN)


def _changing(surface: Surface, name: str) -> Iterator[Operation]:
    for operation in surface.usable():
        met = surface.baseline(operation, name)
        plain = not operation.is_safe and not operation.is_login and not operation.is_registration
        if plain and met and (met.answer.redirects or met.answer.status in (201, 204)):
            yield operation


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    yield from _judge_forgery(surface, exchanges)
    yield from _judge_frames(surface)
    yield from _judge_scripts(surface)


def _judge_forgery(surface: Surface, exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    """Forged requests: the token and the origin. A SameSite cookie is the third, which only a browser shows."""
    groups: dict[tuple[str, str], dict[str, Exchange]] = {}
    for exchange in exchanges:
        groups.setdefault((exchange.shot.method, exchange.shot.route), {})[exchange.shot.label] = exchange
    same_site = {cookie.same_site for account in surface.users for cookie in account.session_cookies}
    told = False
    for group in groups.values():
        if _NO_ORIGIN not in group or _NO_TOKEN not in group:
            continue
        refused = [label for label in (_NO_ORIGIN, _NO_TOKEN) if _is_refused(surface, group[label])]
        layers = len(refused) + bool(same_site and same_site <= {"lax", "strict"})
        exchange = group[_NO_ORIGIN if _NO_ORIGIN not in refused else _NO_TOKEN]
        if layers >= 2:
            yield CLAIM.site(exchange, f"forged request: {layers} layers, each refuses it alone")
        elif not told:
            told = True
            passed = " and ".join(label for label in (_NO_ORIGIN, _NO_TOKEN) if label not in refused)
            reason = f"A forged request passes with {passed}, and the cookie has no SameSite to stop it."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))


def _is_refused(surface: Surface, exchange: Exchange) -> bool:
    return exchange.answer.status >= 400 or surface.sends_away(exchange.answer)


def _judge_frames(surface: Surface) -> Iterator[Remark]:
    for exchange in pages_of(surface)[:1]:
        layers = [
            any("frame-ancestors" in line for line in exchange.answer.header_lines("Content-Security-Policy")),
            exchange.answer.has("X-Frame-Options"),
        ]
        if all(layers):
            yield CLAIM.site(exchange, "framing: refused by policy and by header")
        else:
            reason = f"Against framing stand {sum(layers)} of two layers, frame-ancestors and X-Frame-Options."
            yield CLAIM.finding(
                exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
            )


def _judge_scripts(surface: Surface) -> Iterator[Remark]:
    """Injected scripts: what escapes is another claim's; behind it must stand a policy, and a cookie out of reach."""
    for exchange in pages_of(surface)[:1]:
        policies = [read_csp(line) for line in exchange.answer.header_lines("Content-Security-Policy")]
        scripts = [policy.get("script-src", policy.get("default-src")) for policy in policies]
        strict = any(sources is not None and "'unsafe-inline'" not in sources for sources in scripts)
        cookies = [cookie for account in surface.users for cookie in account.session_cookies]
        hidden = all(cookie.http_only for cookie in cookies)
        if strict and hidden:
            yield CLAIM.site(exchange, "injected script: stopped by the policy, and the session cookie is HttpOnly")
        else:
            missing = " and ".join([*([] if strict else ["a policy"]), *([] if hidden else ["an HttpOnly cookie"])])
            reason = f"Behind the escaping of markup this is missing: {missing}."
            yield CLAIM.finding(
                exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
            )


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("class of attack", "classes of attacks"),
    sound="refused by two layers",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="no form that changes something could be used, and there is no page",
)
