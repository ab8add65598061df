"""Where an app sends its users to sign in with another provider, and what it asks that provider for.

An authorization request is a redirect, or a link of a page, to another origin with `response_type` and `client_id` (RFC
6749, section 4.1.1). Where the policy tells how the app learns of a provider, the app is started anew with the probe's
own; without that only the request can be judged.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from vallum.findings.finding import Silence, Unproven
from vallum.probe.check import Claim, Wanted
from vallum.probe.exchange import Exchange, FormBody, Headers, Launch, Shot
from vallum.probe.read.link import resolve_link, split_link
from vallum.probe.starting import START
from vallum.probe.surface import Surface

TRIAL: Final = "oauth"
LOOK: Final = "look for a sign-in"
BEGIN: Final = "begin: "
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_DOORS: Final = re.compile(r"(?i)log-?in|sign-?in|sso|oauth|oidc|openid|connect|/auth(?![a-z]*or)|federat|callback")
_MOST_PAGES: Final = 8
_MOST_LOOKS: Final = 20
_BUTTONS: Final = frozenset({"hidden", "submit", "button"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authorization request as the browser carries it."""

    url: str
    parameters: Mapping[str, str]

    def get(self, name: str) -> str:
        """A parameter; empty when absent."""
        return self.parameters.get(name, "")

    @property
    def is_openid(self) -> bool:
        """Whether it asks for an ID token."""
        return "openid" in self.get("scope").split()

    @property
    def is_local(self) -> bool:
        """Whether the provider is on this machine: no other is ever sent a code."""
        return (urlsplit(self.url).hostname or "") in _LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A path of the app that leads to a provider; `trial` is where it was found, empty for the app that is probed."""

    target: str
    claim: str
    """The claim that tries it: its browsers are its own."""
    trial: str = ""
    page: str = ""
    """Where the form stands by which it is begun; empty for a link or a route."""
    fields: tuple[tuple[str, str], ...] = ()

    def browser(self, case: str) -> str:
        """The session in which a case happens."""
        return f"{self.claim}: {case}"

    def shot(self, case: str, *, headers: Headers = (), query: str = "", session: str = "") -> Shot:
        """Begin a sign-in in a browser of its own, or in the one of another case."""
        mark = "&" if "?" in self.target else "?"
        return Shot(
            method="POST" if self.page else "GET",
            target=f"{self.target}{mark}{query}" if query else self.target,
            route=self.target.partition("?")[0],
            body=FormBody(self.fields) if self.page else None,
            page=self.page,
            headers=headers,
            session=self.browser(session or case),
            trial=self.trial,
            label=f"{BEGIN}{case}",
        )


def read_requests(exchange: Exchange) -> Iterator[Asked]:
    """The authorization requests that an answer leads to: its redirect, and the links of its page."""
    answer = exchange.answer
    links = [answer.header("location")] if answer.redirects else list(answer.page.links)
    for link in links:
        whole = split_link(link) and urljoin(f"{exchange.base}{exchange.shot.target}", link)
        parts = split_link(whole) if isinstance(whole, str) else None
        if parts is None or parts.netloc == exchange.base.partition("://")[2]:
            continue
        found = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "client_id" in found and ("response_type" in found or "redirect_uri" in found):
            yield Asked(url=parts.geturl(), parameters=found)


def read_request(exchange: Exchange) -> Asked | None:
    """The first of them; in a trial, of those that go to a provider on this machine."""
    found = read_requests(exchange)
    return next((asked for asked in found if asked.is_local or not exchange.shot.trial), None)


def hosts_of(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The providers that the app leads to; those on this machine count as one, for the probe plays it."""
    found = (asked for exchange in exchanges for asked in read_requests(exchange))
    return frozenset("" if asked.is_local else urlsplit(asked.url).netloc for asked in found)


def find_door(surface: Surface, claim: Claim) -> Generator[Wanted, Exchange, Door | None]:
    """The start of a sign-in: in a trial with the probe's own provider where there is one, else as it was surveyed."""
    if not (surface.provider and surface.startable):
        target = next(_surveyed(surface), "")
        return Door(target=target, claim=claim.slug) if target else None
    started = yield Launch(trial=TRIAL, provider=True, shared=True, label=START)
    if not started.answer.status:
        return None
    queue = [Door(target=target, claim=claim.slug, trial=TRIAL) for target in _pages(surface)]
    seen: set[Door] = set()
    while queue and len(seen) < _MOST_LOOKS:
        door = queue.pop(0)
        if door in seen:
            continue
        seen.add(door)
        shown = yield replace(door.shot(LOOK), label=LOOK)
        if read_request(shown):
            return door
        queue += _ways(shown, door)
    return None


def _ways(shown: Exchange, door: Door) -> Iterator[Door]:
    """The links of a page that may lead to a provider, and the buttons: forms with nothing to fill in."""
    here, page = shown.shot.target, shown.answer.page
    for link in page.links:
        target = resolve_link(link, here, shown.base)
        if target and _DOORS.search(target):
            yield Door(target=target, claim=door.claim, trial=door.trial)
    for form in page.forms:
        target = resolve_link(form.action or here, here, shown.base)
        is_button = form.method == "POST" and all(known.kind in _BUTTONS for known in form.fields)
        if target and is_button and _DOORS.search(target) and not door.page:
            fields = tuple((known.name, known.value) for known in form.fields if known.name)
            yield Door(target=target, claim=door.claim, trial=door.trial, page=here, fields=_plain(fields))


def _plain(fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The fields without a CSRF token: whoever sends the form takes the one of its own session."""
    return tuple((name, value) for name, value in fields if "csrf" not in name.lower())


def why_shut(claim: Claim, surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Unproven]:
    """What is said when no sign-in could be begun; nothing when one was."""
    if any(exchange.shot.label.startswith(BEGIN) for exchange in exchanges):
        return
    failed = next((e for e in exchanges if e.shot.label == START and not e.answer.status), None)
    if failed:
        reason = f"the app does not start with the probe's own provider: {failed.answer.fault[:200]}"
        yield claim.unproven(Silence.COULD_NOT_LOOK, reason)
    elif surface.provider and surface.startable:
        reason = "with the probe's own provider configured, no page and no route leads to it"
        yield claim.unproven(Silence.COULD_NOT_LOOK, reason)
    else:
        reason = "no page and no route leads to the authorization endpoint of a provider"
        yield claim.unproven(Silence.DOES_NOT_APPLY, reason)


def why_unplayed(claim: Claim, exchanges: Iterable[Exchange]) -> Iterable[Unproven]:
    """What is said of what only the probe's own provider can show, when the app does not know it."""
    if any(e.shot.label.startswith(BEGIN) and not e.shot.trial for e in exchanges):
        reason = "the policy does not say how the app learns of a provider ([provider] in vallum.toml)"
        yield claim.unproven(Silence.COULD_NOT_LOOK, reason)


def begun(exchanges: Iterable[Exchange]) -> Iterator[tuple[Exchange, Asked]]:
    """Each start that led to a provider, and what it asked for."""
    for exchange in exchanges:
        if exchange.shot.label.startswith(BEGIN) and (asked := read_request(exchange)):
            yield exchange, asked


def _surveyed(surface: Surface) -> Iterator[str]:
    for exchange in surface.exchanges:
        if exchange.shot.method == "GET" and not exchange.shot.identity and read_request(exchange):
            yield exchange.shot.target


def _pages(surface: Surface) -> list[str]:
    logins = [account.login.shot.page for account in surface.accounts if account.login]
    routes = [
        operation.template
        for operation in surface.usable(writes=False)
        if operation.method == "GET" and not operation.holes and _DOORS.search(operation.template)
    ]
    known = [target for target in ("/", *logins, *routes) if target]
    return list(dict.fromkeys(known))[:_MOST_PAGES]
