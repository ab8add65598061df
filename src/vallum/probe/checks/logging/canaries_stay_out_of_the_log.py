"""No secret that a request carries is in the log, on any path (CWE-532; ASVS 16.2.5)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, FormBody, JsonBody, Shot, SignIn
from vallum.probe.identity import FormLogin, JsonLogin
from vallum.probe.logins import wrong_fields
from vallum.probe.loglines import why_unheard, written_lines
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="canaries-stay-out-of-the-log", control="log-redaction")
_MESSAGE: Final = "Whoever reads the log, its copies or a support ticket has the secrets of users."
_FIX: Final = "Redact by field name and by form, at every depth, on every handler, before any line is written."
_SHORTEST: Final = 8
_CARD: Final = "4111 1111 1111 1111"
_HEAD: Final = "secrets in query, headers and cookies"
_BODY: Final = "secrets in the body"
_SESSION: Final = "canary-in"
_LOGIN: Final = "a login with a wrong password"


def canaries(surface: Surface) -> dict[str, str]:
    """What is sent as a secret, by the name that a finding gives it; made up for this run."""
    mark = surface.mark
    return {
        "a password": f"Canary-{mark}-password-1",
        "an API key": f"canary{mark}apikey0123456789abcdef",
        "a JSON Web Token": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ7{mark}In0.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5",
        "a session cookie": f"canary{mark}session0123456789abcdef",
        "a token in the query": f"canary{mark}query0123456789abcdef",
        "a card number": _CARD,
    }


def _ask(surface: Surface) -> Asking:
    stage = yield from open_stage(surface)
    if stage is None:
        return
    said = canaries(surface)
    for account in surface.users[:1]:
        yield SignIn(identity=account.name, session=_SESSION, trial=stage, label="login")
        fields = wrong_fields(account, mark=surface.mark)
        if fields:
            secret = {name: Secret(said["a password"]) for name, value in fields.items() if isinstance(value, Secret)}
            yield SignIn(
                identity=account.name, session="canary", replace={**fields, **secret}, label=_LOGIN, trial=stage
            )
    query = f"?token={said['a token in the query']}&api_key={said['an API key']}"
    headers = (("Authorization", f"Bearer {said['a JSON Web Token']}"), ("X-API-Key", said["an API key"]))
    cookies = tuple((cookie.name, said["a session cookie"]) for a in surface.users[:1] for cookie in a.session_cookies)
    pages = dict.fromkeys(("/", *(account.proof.target for account in surface.users[:1])))
    for target in (*pages, f"/{surface.mark}-no-such-page"):
        shot = Shot(
            method="GET", target=f"{target.partition('?')[0]}{query}", route=surface.route_of(target), trial=stage
        )
        yield replace(shot, headers=headers, cookies=cookies, label="secrets in query, headers and cookies")
    yield from _ask_bodies(surface, said, stage)


def _ask_bodies(surface: Surface, said: dict[str, str], stage: str) -> Asking:
    """A nested value, and a flat form, where bodies are taken; a page that does not exist takes one too."""
    flat = (("passwordConfirmation", said["a password"]), ("apiKey", said["an API key"]), ("creditCard", _CARD))
    nested = {"user": [{"Password": said["a password"], "apiKey": said["an API key"]}], "card": {"number": _CARD}}
    nested["jwt"] = {"value": said["a JSON Web Token"]}
    takers = [op for op in surface.usable() if not op.is_safe and not op.is_registration]
    for operation in takers:
        shot = surface.aim(operation, surface.actor(operation) or "", label=_BODY)
        if shot and shot.identity in [account.name for account in surface.users[:1]] and not shot.session:
            shot = replace(shot, session=_SESSION)
        shot = replace(shot, trial=stage) if shot else None
        if shot and isinstance(shot.body, JsonBody):
            yield replace(shot, body=JsonBody({**shot.body.value, **nested}))
        elif shot and isinstance(shot.body, FormBody) and not operation.is_login:
            yield replace(shot, body=FormBody((*shot.body.fields, *flat)))
    target = f"/{surface.mark}-no-such-page"
    yield Shot(method="POST", target=target, route=UNKNOWN, body=JsonBody(nested), trial=stage, label=_BODY)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silence = [*why_no_stage(CLAIM, exchanges)] or [*why_unheard(CLAIM, surface, (*exchanges, *surface.exchanges))]
    if silence:
        yield from silence
        return
    words = {**canaries(surface), **_true_secrets(surface)}
    told: set[tuple[str, str]] = set()
    for exchange in (*exchanges, *surface.exchanges):
        found = list(_found(exchange, words))
        for name, source in found:
            if (name, source) not in told:
                told.add((name, source))
                reason = f"The log ({source}) holds {name} that this request carried."
                yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        if not found and exchange.shot.label and exchange in exchanges and written_lines(exchange):
            yield CLAIM.site(exchange, f"{exchange.shot.label}: {len(written_lines(exchange))} lines, none holds one")


def _true_secrets(surface: Surface) -> dict[str, str]:
    """The credentials of the identities; only their names are ever told."""
    known: dict[str, str] = {}
    for account in surface.accounts:
        login = account.identity.login
        if isinstance(login, FormLogin | JsonLogin):
            known |= {f"the {name} of {account.name}": value.reveal() for name, value in login.secrets.items()}
        known |= {f"the cookie {c.name} of {account.name}": c.value.reveal() for c in account.session_cookies}
    known |= {f"the bearer token of {held.identity}": held.token.reveal() for held in surface.tokens}
    return {name: value for name, value in known.items() if len(value) >= _SHORTEST}


def _found(exchange: Exchange, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What of the words stands in the log, digits of a card also without their gaps."""
    for line in written_lines(exchange):
        for name, word in words.items():
            if word in line.text or (name == "a card number" and word.replace(" ", "") in line.text):
                yield name, line.source


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request with secrets", "requests with secrets"),
    sound="logged without them",
    ask=_ask,
    judge=_judge,
)
