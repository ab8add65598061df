"""The client secret is in no page, script, address or log line (CWE-522; ASVS 10.4.16, 13.3.1)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote_plus

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Recall, Shot
from vallum.probe.federation import Door, begun, find_door
from vallum.probe.journeys import BACK, HONEST, find_login, last_of, read_memory, requests_of, why_incomplete
from vallum.probe.loglines import written_lines
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="client-secrets-stay-on-the-server", control="oauth-client-secret")
_PLAIN, _READ, _TOLD = "plain", "read", "what the provider knows"
_NOBODY: Final = "nobody"
_SCRIPTS: Final = (".js", ".mjs", ".json")
_MOST_PAGES: Final = 32
_MESSAGE: Final = "Whoever has the secret speaks to the provider in the app's name, and redeems stolen codes."
_FIX: Final = "Keep the secret in the environment of the server; use it in token requests only, and log none of them."


def _ask(surface: Surface) -> Asking:
    door = yield from find_door(surface, CLAIM)
    if door is None:
        return
    yield door.shot(_PLAIN)
    if not door.trial:
        return
    yield from find_login(surface, door)
    seen: dict[str, None] = {}
    for target in _targets(surface):
        page = yield _read(door, target, HONEST)
        if not page.answer.succeeded:
            page = yield _read(door, target, _NOBODY)
        links = (resolve_link(link, target, page.base) for link in page.answer.page.resources)
        seen |= dict.fromkeys(link for link in links if link.partition("?")[0].endswith(_SCRIPTS))
    for target in list(seen)[:_MOST_PAGES]:
        yield _read(door, target, _NOBODY)
    yield Recall(trial=door.trial, label=_TOLD)


def _read(door: Door, target: str, case: str) -> Shot:
    route = target.partition("?")[0]
    return Shot(
        method="GET", target=target, route=route, session=door.browser(case), trial=door.trial, label=f"{_READ} {case}"
    )


def _targets(surface: Surface) -> list[str]:
    known = [op.template for op in surface.usable(writes=False) if op.method == "GET" and not op.holes]
    return list(dict.fromkeys(["/", *known]))[:_MOST_PAGES]


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for exchange, asked in list(begun(exchanges))[:1]:
        if "client_secret" in asked.parameters:
            yield CLAIM.finding(exchange, _blame("The authorization request carries client_secret in its address."))
    told = last_of(exchanges, _TOLD)
    if told:
        yield from _judge_places(exchanges, str(read_memory(told).get("secret", "")))
        yield from _judge_requests(exchanges)
    yield from why_incomplete(CLAIM, surface, exchanges)


def _judge_places(exchanges: Sequence[Exchange], secret: str) -> Iterator[Remark]:
    leaks: dict[str, Exchange] = {}
    read: list[Exchange] = []
    for exchange in exchanges:
        if not exchange.answer.status or not exchange.shot.trial or exchange.shot.method not in ("GET", "POST"):
            continue
        read.append(exchange)
        for place in _places_of(exchange, secret):
            leaks.setdefault(place, exchange)
    for place, exchange in leaks.items():
        yield CLAIM.finding(exchange, _blame(f"The secret stands in {place}."))
    if read and not leaks:
        yield CLAIM.site(read[-1], f"no secret in {len(read)} pages, scripts and redirects, and the log of them")


def _places_of(exchange: Exchange, secret: str) -> Iterator[str]:
    answer, words = exchange.answer, {secret, quote_plus(secret)}
    where = exchange.shot.route or exchange.shot.target
    if any(word in value for _, value in answer.headers for word in words):
        yield f"a header of {where}"
    if any(word in answer.text for word in words):
        yield f"the answer of {where}"
    if any(word in line.text for line in written_lines(exchange) for word in words):
        yield f"the log of {where}"


def _judge_requests(exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    last = last_of(exchanges, f"{BACK}{HONEST}")
    if last is None:
        return
    for request in requests_of(exchanges, HONEST)[:1]:
        if "client_secret" in request["in_query"]:
            yield CLAIM.finding(last, _blame("The token request carries the secret in its address."))
        elif request["way"] in ("basic", "post", "assertion"):
            way = {"basic": "in the header", "post": "in the body", "assertion": "as a signed assertion"}
            yield CLAIM.site(last, f"the token request proves the client {way[request['way']]}")


def _blame(reason: str) -> Blame:
    return Blame(message=_MESSAGE, reason=reason, fix=_FIX)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer and token request", "answers and token requests"),
    sound="without the secret in a wrong place",
    ask=_ask,
    judge=_judge,
)
