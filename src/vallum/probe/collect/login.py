"""Logs identities in, and proves it: a page that answers otherwise to those who are logged in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.findings.finding import Gap, Way
from vallum.probe.collect.antiforgery import find_form, names_token
from vallum.probe.collect.collector import Collector
from vallum.probe.exchange import Answer, Exchange, FormBody, JsonBody, Shot, SignIn, Text
from vallum.probe.identity import BearerToken, FormLogin, Identity, JsonLogin, SessionCookie
from vallum.probe.operation import In, Operation
from vallum.probe.read.html import Form, Page
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import Account, Proof

_LIKELY: Final = ("/", "/me", "/account", "/profile", "/dashboard", "/home", "/api/me", "/users/me", "/settings")
_LEAVING: Final = ("log out", "logout", "sign out", "signout", "log off")
_USER_FIELDS: Final = ("username", "user", "email", "login", "name")
_TOKEN_NAMES: Final = ("access_token", "token", "jwt", "id_token", "auth_token", "accessToken")
ANY_PLACE: Final = "*"
"""Look for the token under the names that are in use."""
_MOST_PAGES: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a login: an account, or the gap that it leaves."""

    account: Account | None = None
    gap: Gap | None = None


def log_in(collector: Collector, identity: Identity, pages: Iterable[str]) -> Outcome:
    """Log in and prove it on one of `pages`, or on a page that apps usually have."""
    collector.open_session(identity.name, "")
    login = sign_in(collector, identity, SignIn(identity=identity.name, session=""))
    session = collector.session(identity.name)
    where = [identity.proof] if identity.proof else [*_landing(login), *_LIKELY, *pages]
    proof = find_proof(collector, identity, list(dict.fromkeys(where))[:_MOST_PAGES])
    if proof is None:
        return Outcome(gap=_gap(identity, login))
    session.freeze()
    cookies = login.answer.cookies if login else ()
    account = Account(identity=identity, proof=proof, login=login, cookies=cookies, bearer=session.bearer)
    return Outcome(account=account)


def sign_in(collector: Collector, identity: Identity, ask: SignIn) -> Exchange | None:
    """Open a session; the exchange that opened it, None when the credential was given ready."""
    session = collector.open_session(ask.identity, ask.session)
    for name, value in ask.plant:
        session.jar.plant(name, value)
    login = identity.login
    if isinstance(login, BearerToken):
        session.bearer = login.token
    elif isinstance(login, SessionCookie):
        session.jar.plant(login.name, login.value.reveal())
    if not isinstance(login, FormLogin | JsonLogin):
        session.freeze()
        return None
    fields: dict[str, Text] = {**login.fields, **login.secrets, **(ask.replace or {})}
    shot = _json_shot(login, fields) if isinstance(login, JsonLogin) else _form_shot(collector, login, fields, ask)
    exchange = collector.fire(
        Shot(
            method="POST",
            target=shot.target,
            body=shot.body,
            identity=ask.identity,
            session=ask.session,
            page=shot.page,
            route=shot.target.partition("?")[0],
            label=ask.label or "login",
            headers=ask.headers,
            trial=ask.trial,
        )
    )
    if isinstance(login, JsonLogin) and login.token:
        found = _find_token(exchange.answer.json(), login.token)
        session.bearer = Secret(found) if isinstance(found, str) and found else None
    session.freeze()
    return exchange


def token_login(identity: Identity, operation: Operation) -> Identity | None:
    """The same identity at another door: one that takes name and password as JSON; None where that cannot be."""
    login = identity.login
    if not isinstance(login, FormLogin | JsonLogin) or not login.secrets or login.path == operation.template:
        return None
    asked = [parameter.name for parameter in operation.within(In.JSON)]
    secret = next((name for name in asked if "passw" in name.lower()), "")
    user = next((name for name in asked if name.lower() in _USER_FIELDS), "")
    if not secret or not user:
        return None
    password = next(iter(login.secrets.values()))
    door = JsonLogin(
        path=operation.template, fields={user: identity.account}, secrets={secret: password}, token=ANY_PLACE
    )
    return replace(identity, login=door)


def find_proof(collector: Collector, identity: Identity, pages: Iterable[str]) -> Proof | None:
    """The first page that tells those who are logged in from those who are not."""
    for target in pages:
        mine = collector.fire(Shot(method="GET", target=target, identity=identity.name, label="proof")).answer
        if not mine.succeeded:
            continue
        foreign = collector.fire(Shot(method="GET", target=target, label="proof")).answer
        if not foreign.succeeded and foreign.status:
            return Proof(target=target)
        for needle in (*_LEAVING, identity.account):
            if needle.lower() in _told(mine) and needle.lower() not in _told(foreign):
                return Proof(target=target, needle=needle)
    return None


def still_proven(collector: Collector, account: Account) -> bool:
    """Tell whether the account's own session is still logged in."""
    shot = Shot(method="GET", target=account.proof.target, identity=account.name, label="proof")
    return account.proof.shows_login(collector.fire(shot).answer)


def _told(answer: Answer) -> str:
    return answer.text.lower()


def _json_shot(login: JsonLogin, fields: Mapping[str, Text]) -> Shot:
    return Shot(method="POST", target=login.path, body=JsonBody(dict(fields)))


def _form_shot(collector: Collector, login: FormLogin, fields: dict[str, Text], ask: SignIn) -> Shot:
    page = collector.fire(
        Shot(method="GET", target=login.path, identity=ask.identity, session=ask.session, label="login page")
    ).answer
    form = find_form(page, "password")
    if form is None:
        return Shot(method="POST", target=login.path, body=FormBody(tuple(fields.items())), page=login.path)
    named = {field.name for field in form.fields}
    hidden = tuple(
        (field.name, field.value)
        for field in form.fields
        if field.name not in fields and field.kind in ("hidden", "submit") and not names_token(field.name)
    )
    token = tuple((f.name, f.value) for f in form.fields if names_token(f.name))
    kept = tuple((_field_name(name, form, named), value) for name, value in fields.items())
    target = resolve_link(form.action, login.path)
    return Shot(method="POST", target=target, body=FormBody((*hidden, *token, *kept)), page=login.path)


def _field_name(name: str, form: Form, named: set[str]) -> str:
    """The form's own name for a field that the policy calls `username` or `password`."""
    if name in named:
        return name
    if "passw" in name.lower():
        return next((field.name for field in form.fields if field.kind == "password"), name)
    texts = [field.name for field in form.fields if field.kind in ("text", "email")]
    return texts[0] if len(texts) == 1 else name


def _landing(login: Exchange | None) -> list[str]:
    if login is None or not login.answer.redirects:
        return []
    target = resolve_link(login.answer.header("location"), login.shot.target, login.base)
    return [target] if target else []


def _find_token(value: Any, path: str) -> Any:
    names = _TOKEN_NAMES if path == ANY_PLACE else (path,)
    return next((found for name in names if isinstance(found := _dig(value, name), str)), None)


def _dig(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _gap(identity: Identity, login: Exchange | None) -> Gap:
    what = f'the login of "{identity.name}"'
    if login is None:
        return Gap(what=what, why="no page tells this session from nobody's", way=Way.PROBE)
    answer = login.answer
    told = f"{login.shot.method} {login.shot.target} answered {answer.status or answer.fault}"
    words = _words(answer)
    if answer.status < 400 and answer.status:
        told += ", but no page tells this session from nobody's; name one as its proof"
    return Gap(what=what, why=f"{told}{f': {words}' if words else ''}", way=Way.PROBE)


def _words(answer: Answer) -> str:
    page: Page = answer.page
    text = page.text if answer.is_html else answer.text
    return " ".join(text.split())[:120] if answer.status >= 400 else ""
