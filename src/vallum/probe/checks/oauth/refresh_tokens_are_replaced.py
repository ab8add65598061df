"""A refresh sends the newest refresh token, and an ended grant is dropped (CWE-613; RFC 6749, section 6)."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim, Wanted
from vallum.probe.exchange import Consent, Exchange, Recall, Shot, Stir
from vallum.probe.federation import Door, find_door
from vallum.probe.journeys import find_login, last_of, proof_of, read_memory, sign_in, why_incomplete
from vallum.probe.operation import Operation
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import Proof, Surface

CLAIM: Final = Claim(slug="refresh-tokens-are-replaced", control="oauth-refresh-rotation")
_CASE: Final = "refreshing"
_LOOK, _LOOKED = "page", "provider after the page"
_SECOND, _AFTER_SECOND = "second use", "provider after the second use"
_ENDED, _AFTER_END = "use of an ended grant", "provider after the end"
_ONCE_MORE, _AFTER_ALL = "use after the end", "provider after all"
_LIFE: Final = 90
_WAIT: Final = 120.0
_MOST_PAGES: Final = 24
_PERSONAL: Final = ("profile", "account", "connect", "integration", "linked", "/me")
_ASSETS: Final = (".css", ".js", ".json", ".png", ".svg", ".ico")
_MESSAGE: Final = "A refresh token that was copied once opens the user's data at the provider for good."
_FIX: Final = (
    "Store the refresh token of each answer in place of the old one, in the same transaction; on invalid_grant delete"
    " the grant and ask the user to sign in."
)


def _ask(surface: Surface) -> Asking:
    door = yield from find_door(surface, CLAIM)
    if door is None:
        return
    yield door.shot("plain")
    proof = (yield from find_login(surface, door)) if door.trial else None
    if proof is None:
        return
    yield from sign_in(door, _CASE, Consent(trial=door.trial, url="", seconds=_LIFE))
    yield Stir(trial=door.trial, seconds=_WAIT)
    target = yield from _find_page(surface, door, proof)
    if not target:
        return
    yield Stir(trial=door.trial, seconds=_WAIT)
    yield _page(door, target, _SECOND)
    yield Recall(trial=door.trial, label=_AFTER_SECOND, end=True)
    yield Stir(trial=door.trial, seconds=_WAIT)
    yield _page(door, target, _ENDED)
    yield Recall(trial=door.trial, label=_AFTER_END)
    yield _page(door, target, _ONCE_MORE)
    yield Recall(trial=door.trial, label=_AFTER_ALL)


def _find_page(surface: Surface, door: Door, proof: Proof) -> Generator[Wanted, Exchange, str]:
    """The page that makes the app refresh, among the routes and what pages link to; empty when none does."""
    words = (*_PERSONAL, door.target.rpartition("/")[2].partition("?")[0].lower())
    routes = [op.template for op in surface.usable(writes=False) if op.method == "GET" and not op.holes]
    routes.sort(key=lambda route: -sum(word in route.lower() for word in words if word))
    queue, seen = [proof.target, *routes], set[str]()
    while queue and len(seen) < _MOST_PAGES:
        target = queue.pop(0)
        if target in seen or not _may_visit(target, door):
            continue
        seen.add(target)
        shown = yield _page(door, target, _LOOK)
        told = yield Recall(trial=door.trial, label=_LOOKED)
        if _refreshes(told):
            return target
        links = (resolve_link(link, target, shown.base) for link in shown.answer.page.links)
        queue = [*(link for link in links if link and "?" not in link and link not in routes), *queue]
    return ""


def _may_visit(target: str, door: Door) -> bool:
    page = Operation(method="GET", template=target.partition("?")[0])
    left_out = page.is_logout or page.is_perilous or page.is_administrative or page.template.endswith(_ASSETS)
    return not left_out and not page.template.startswith(door.target.partition("?")[0])


def _page(door: Door, target: str, label: str) -> Shot:
    return Shot(
        method="GET",
        target=target,
        route=target.partition("?")[0],
        session=door.browser(_CASE),
        trial=door.trial,
        label=label,
    )


def _refreshes(told: Exchange | None) -> tuple[Mapping[str, Any], ...]:
    requests = read_memory(told).get("requests", ()) if told else ()
    return tuple(request for request in requests if request["grant"] == "refresh_token")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    second, after = last_of(exchanges, _SECOND), last_of(exchanges, _AFTER_SECOND)
    if second and after:
        yield from _judge_second(second, _refreshes(after))
        yield from _judge_end(exchanges)
    elif proof_of(exchanges):
        reason = "no page makes the app ask for a new access token when the old one has run out"
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, reason)
    yield from why_incomplete(CLAIM, surface, exchanges)


def _judge_second(second: Exchange, sent: Sequence[Mapping[str, Any]]) -> Iterator[Remark]:
    if sent and not sent[0]["newest"]:
        reason = "The second refresh sends the refresh token of the sign-in again, not the one that took its place."
        yield CLAIM.finding(second, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif sent:
        yield CLAIM.site(second, "the second refresh sends the token that the first one returned")


def _judge_end(exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    ended, told = last_of(exchanges, _ENDED), last_of(exchanges, _AFTER_END)
    again = _refreshes(last_of(exchanges, _AFTER_ALL))
    if ended is None or not _refreshes(told):
        return
    if ended.answer.succeeded:
        reason = "The provider answers invalid_grant, and the page is shown as if the grant were good."
        yield CLAIM.finding(ended, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    elif again:
        reason = "After invalid_grant the app keeps the refresh token, and sends it again."
        yield CLAIM.finding(ended, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    else:
        yield CLAIM.site(ended, f"an ended grant: {ended.answer.status}, and the token is not sent again")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("refresh", "refreshes"),
    sound="with the newest token",
    ask=_ask,
    judge=_judge,
)
