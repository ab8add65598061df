"""Sign-ins with the probe's own provider, whole or gone wrong in one place, and whether a session came of them."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from vallum.findings.finding import Silence, Unproven
from vallum.probe.check import Claim, Wanted
from vallum.probe.exchange import Answer, Consent, Exchange, FormBody, Recall, Shot
from vallum.probe.federation import Door, read_request, why_shut, why_unplayed
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import Proof, Surface

HONEST: Final = "honest"
BACK: Final = "come back: "
ASKED: Final = "token requests: "
LOGGED_IN: Final = "signed in: "
_MINE, _NOBODY = "page as signed in", "page as nobody"
_LIKELY: Final = ("/", "/me", "/profile", "/account", "/dashboard", "/home", "/api/me")
_LEAVING: Final = ("log out", "logout", "sign out", "signout", "log off")
_MOST_PAGES: Final = 6
Step = Generator[Wanted, Exchange, Exchange]


def sign_in(door: Door, case: str, consent: Consent | None = None, *, session: str = "") -> Step:
    """Begin, let the provider consent, come back; gives the last answer of the app."""
    started = yield door.shot(case, session=session)
    wanted = replace(consent or Consent(trial=door.trial, url=""), trial=door.trial, url=url_of(started))
    return (yield from come_back(door, case, wanted, session=session))


def come_back(door: Door, case: str, consent: Consent, *, session: str = "") -> Step:
    """Bring the browser of a case back to the app, as `consent` says; a page that posts itself is posted.

    What the provider was asked by then comes after it, under the label `ASKED` and the case.
    """
    yield Recall(trial=door.trial)
    gone = yield replace(consent, label=f"consent: {case}")
    target = path_of(gone.answer)
    shot = Shot(
        method="GET",
        target=target,
        route=target.partition("?")[0],
        session=door.browser(session or case),
        trial=door.trial,
        label=f"{BACK}{case}",
    )
    last = yield shot
    if posted := _post_itself(last):
        last = yield posted
    yield Recall(trial=door.trial, label=f"{ASKED}{case}")
    return last


def find_login(surface: Surface, door: Door) -> Generator[Wanted, Exchange, Proof | None]:
    """Sign in honestly, and find a page that tells those who are signed in from nobody; None where none does."""
    last = yield from sign_in(door, HONEST)
    landing = path_of(last.answer) if last.answer.redirects else ""
    known = [account.proof.target for account in surface.accounts]
    for target in list(dict.fromkeys(t for t in (*known, landing, *_LIKELY) if t))[:_MOST_PAGES]:
        page = Shot(method="GET", target=target, route=target.partition("?")[0], trial=door.trial)
        mine = yield replace(page, session=door.browser(HONEST), label=_MINE)
        nobody = yield replace(page, session=door.browser("nobody"), label=_NOBODY)
        if found := _tell_apart(mine, nobody):
            return found
    return None


def try_faults(door: Door, proof: Proof, faults: Iterable[str]) -> Generator[Wanted, Exchange, None]:
    """A sign-in for each fault of the provider, which is its case; see `Consent` for the names."""
    for fault in faults:
        yield from sign_in(door, fault, Consent(trial=door.trial, url="", fault=fault))
        yield show_login(door, proof, fault)


def show_login(door: Door, proof: Proof, case: str, *, session: str = "") -> Shot:
    """Ask for the page that tells whether this case has led to a session."""
    return Shot(
        method="GET",
        target=proof.target,
        route=proof.target.partition("?")[0],
        session=door.browser(session or case),
        trial=door.trial,
        label=f"{LOGGED_IN}{case}",
    )


def proof_of(exchanges: Iterable[Exchange]) -> Proof | None:
    """The page that `find_login` has found, read from what came back."""
    mine: Exchange | None = None
    for exchange in exchanges:
        if exchange.shot.label == _MINE:
            mine = exchange
        elif exchange.shot.label == _NOBODY and mine and (found := _tell_apart(mine, exchange)):
            return found
    return None


def outcome_of(exchanges: Sequence[Exchange], case: str) -> tuple[Exchange, bool] | None:
    """The app's last answer in a case, and whether it led to a session; None where the case did not come so far."""
    proof = proof_of(exchanges)
    last = last_of(exchanges, f"{BACK}{case}")
    shown = last_of(exchanges, f"{LOGGED_IN}{case}")
    if proof is None or last is None or shown is None or not shown.answer.status:
        return None
    return last, proof.shows_login(shown.answer)


def redeemed(exchanges: Sequence[Exchange], case: str) -> tuple[Exchange, bool] | None:
    """The same, where the app has sent the code to the provider: else nobody was asked, and nothing is shown."""
    return outcome_of(exchanges, case) if requests_of(exchanges, case) else None


def last_of(exchanges: Iterable[Exchange], label: str) -> Exchange | None:
    """The last exchange under this label."""
    return next((exchange for exchange in reversed(tuple(exchanges)) if exchange.shot.label == label), None)


def requests_of(exchanges: Iterable[Exchange], case: str) -> tuple[Mapping[str, Any], ...]:
    """The token requests of a case, as the provider tells of them."""
    told = last_of(exchanges, f"{ASKED}{case}")
    return tuple(read_memory(told).get("requests", ())) if told else ()


def read_memory(exchange: Exchange) -> Mapping[str, Any]:
    """What the provider told in answer to a `Recall`."""
    told = exchange.answer.json()
    return told if isinstance(told, Mapping) else {}


def why_incomplete(claim: Claim, surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Unproven]:
    """What is said when no sign-in was found, or none could be played to its end; nothing when one was."""
    yield from why_shut(claim, surface, exchanges)
    yield from why_unplayed(claim, exchanges)
    last = last_of(exchanges, f"{BACK}{HONEST}")
    if last and proof_of(exchanges) is None:
        told = f"{last.shot.method} {last.shot.route} answered {last.answer.status or last.answer.fault}"
        reason = f"an honest sign-in with the probe's own provider led to no session: {told}"
        yield claim.unproven(Silence.COULD_NOT_LOOK, reason)


def url_of(started: Exchange) -> str:
    """The authorization request that a start led to; empty when it led to none."""
    asked = read_request(started)
    return asked.url if asked else ""


def path_of(answer: Answer) -> str:
    """Path and query of a redirect, whichever host it names: there is but one app here."""
    parts = urlsplit(answer.header("location"))
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def code_of(back: Exchange) -> str:
    """The code that a callback carried in its address; empty when it is not there any more."""
    return dict(parse_qsl(urlsplit(back.shot.target).query)).get("code", "")


def _post_itself(exchange: Exchange) -> Shot | None:
    """The POST of a page that holds one form and nothing to fill in; None for any other page."""
    forms = exchange.answer.page.forms
    if len(forms) != 1 or forms[0].method != "POST" or not exchange.answer.succeeded:
        return None
    if not forms[0].fields or any(known.kind not in ("hidden", "submit", "button") for known in forms[0].fields):
        return None
    target = resolve_link(forms[0].action or exchange.shot.target, exchange.shot.target, exchange.base)
    fields = tuple((known.name, known.value) for known in forms[0].fields if known.name)
    return replace(exchange.shot, method="POST", target=target, body=FormBody(fields), page=exchange.shot.target)


def _tell_apart(mine: Exchange, nobody: Exchange) -> Proof | None:
    target = mine.shot.target
    if not mine.answer.succeeded or not nobody.answer.status:
        return None
    if not nobody.answer.succeeded:
        return Proof(target=target)
    seen, foreign = mine.answer.text.lower(), nobody.answer.text.lower()
    needle = next((word for word in _LEAVING if word in seen and word not in foreign), "")
    return Proof(target=target, needle=needle) if needle else None
