"""A redirect target from a request never leads to another host (CWE-601; ASVS 3.7.2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, SignIn
from vallum.probe.identity import FormLogin, JsonLogin
from vallum.probe.operation import Operation, Parameter
from vallum.probe.read.link import split_link
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="redirects-stay-on-site", control="safe-redirect")
_NAMES: Final = frozenset(
    {
        "next",
        "url",
        "redirect",
        "redirect_to",
        "redirect_url",
        "redirect_uri",
        "return",
        "return_to",
        "return_url",
        "returnurl",
        "returnto",
        "continue",
        "target",
        "goto",
        "dest",
        "destination",
        "to",
        "back",
        "forward",
        "callback",
        "callback_url",
        "rurl",
        "success_url",
        "from",
        "referer",
    }
)
_MESSAGE: Final = "An attacker can send people from a link to this site on to a site of the attacker's choice."
_FIX: Final = "Accept only a local path that begins with one slash, or a host on a list; else go to a fixed page."
_SCRIPTS: Final = ("javascript:", "data:", "vbscript:")


def _targets(surface: Surface) -> Mapping[str, str]:
    return {
        "other host": "https://evil.example/",
        "two slashes": "//evil.example",
        "slash and backslash": "/\\evil.example",
        "script": "javascript:alert(1)",
        "user info": f"https://{surface.host}@evil.example/",
        "tab": "/\t/evil.example",
    }


def _ask(surface: Surface) -> Asking:
    yield from _login_redirects(surface)
    for operation, parameter in _carriers(surface):
        who = surface.actor(operation)
        for name in dict.fromkeys((who or "", *(user.name for user in surface.users[:1]))):
            for label, target in _targets(surface).items():
                shot = surface.aim(operation, name, hits={parameter.key: target}, label=label)
                if shot:
                    yield replace(shot, slot=str(parameter))


def _carriers(surface: Surface) -> Iterator[tuple[Operation, Parameter]]:
    for operation in surface.usable():
        if operation.is_login or operation.is_registration:
            continue
        for parameter in operation.parameters:
            if parameter.name.lower() in _NAMES:
                yield operation, parameter


def _login_redirects(surface: Surface) -> Asking:
    """A login redirects only when it succeeds: the target goes in with the right credentials."""
    for account in surface.users[:1]:
        login = account.identity.login
        if not isinstance(login, FormLogin | JsonLogin) or account.login is None:
            continue
        path = account.login.shot.route
        asked = [p for op in surface.operations if op.template == path for p in op.parameters]
        names = dict.fromkeys(p.name for p in asked if p.name.lower() in _NAMES)
        for name in names:
            for label, target in _targets(surface).items():
                yield SignIn(identity=account.name, session="redirect", replace={name: target}, label=label)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    broken: set[tuple[str, str]] = set()
    for exchange in exchanges:
        answer = exchange.answer
        place = (exchange.shot.route, exchange.shot.slot)
        if not answer.redirects:
            continue
        location = answer.header("location")
        if _leaves(location, surface.host):
            if place not in broken:
                broken.add(place)
                reason = f"{exchange.shot.slot or 'the login'}: {exchange.shot.label} gave Location: {location[:100]}"
                yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        elif place not in broken:
            yield CLAIM.site(exchange, f"{exchange.shot.label}: Location stays on the site")


def _leaves(location: str, host: str) -> bool:
    """Where a browser would go: it drops tabs and line ends, and takes backslashes for slashes (WHATWG URL)."""
    cleaned = "".join(letter for letter in location if ord(letter) > 32).replace("\\", "/")
    if cleaned.lower().startswith(_SCRIPTS):
        return True
    parts = split_link(cleaned)
    return parts is not None and bool(parts.netloc) and parts.netloc.rpartition("@")[2].lower() != host.lower()


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("redirect", "redirects"),
    sound="kept on the site",
    ask=_ask,
    judge=_judge,
    idle="no parameter that names a redirect target was found",
)
