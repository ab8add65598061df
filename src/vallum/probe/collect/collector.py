"""Sends shots as their identities, within the budget, and records what came back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from vallum.probe.collect.antiforgery import Pass, find_pass, strip_token
from vallum.probe.collect.budget import Budget
from vallum.probe.collect.curl import write_curl
from vallum.probe.collect.jar import Jar
from vallum.probe.collect.session import Session
from vallum.probe.collect.wire import Transport, Wire, encode_body
from vallum.probe.exchange import SAFE_METHODS, Exchange, Headers, RawBody, Shot
from vallum.probe.identity import RouteKey
from vallum.probe.operation import normalise_template

_SHOWN: Final = 1 << 16
"""Bytes of a body that a command line can repeat; a larger one stands for a file."""
_AGENT: Final = "vallum-probe"
_ACCEPT: Final = "text/html,application/json;q=0.9,*/*;q=0.8"


class Collector:
    """The one place through which every request passes."""

    def __init__(self, transport: Transport, budget: Budget, timeout: float, keys: tuple[RouteKey, ...] = ()) -> None:
        """Take the app, the budget, and the seconds that one request may take."""
        self.transport = transport
        self.budget = budget
        self._timeout = timeout
        self._keys = keys
        self._sessions: dict[tuple[str, str], Session] = {}

    @property
    def base(self) -> str:
        """Scheme and host."""
        return self.transport.base

    def session(self, identity: str, name: str = "") -> Session:
        """The session of this name; a new, empty one when there is none yet."""
        key = (identity, name)
        if key not in self._sessions:
            self._sessions[key] = Session(jar=Jar(secure=self.base.startswith("https:")))
        return self._sessions[key]

    def open_session(self, identity: str, name: str) -> Session:
        """A new, empty session in place of any other of this name."""
        self._sessions.pop((identity, name), None)
        return self.session(identity, name)

    def fire(self, shot: Shot) -> Exchange:
        """Send one shot. Raises `BudgetSpentError` when none may be sent, `StuckError` when the app blocks."""
        session = self.session(shot.identity, shot.session)
        guarded = shot.method not in SAFE_METHODS
        token = self._find_token(shot, session) if guarded and (shot.token or shot.token_from) else Pass()
        exchange = self._send(shot, session, token)
        if guarded and token and exchange.answer.status in (400, 403, 419) and shot.token and not shot.label:
            session.passes.clear()
            exchange = self._send(shot, session, self._find_token(shot, session))
        return exchange

    def _send(self, shot: Shot, session: Session, token: Pass) -> Exchange:
        sent = shot
        if shot.method not in SAFE_METHODS:
            sent = replace(shot, body=token.put_in(shot.body) if token else strip_token(shot.body))
        body, media_type = encode_body(sent.body)
        credential = session.credential(shot.target, frozen=shot.frozen, extra=shot.cookies)
        headers = self._headers(sent, media_type, len(body), credential, token)
        self.budget.spend()
        answer = self.transport.send(
            Wire(method=shot.method, target=shot.target, headers=headers, body=body, scheme=shot.scheme), self._timeout
        )
        if not shot.frozen:
            session.jar.take(answer.cookies, shot.target)
        if found := find_pass(answer, session.jar):
            session.passes[""] = found
            session.passes[shot.target.partition("?")[0]] = found
        signed = credential[-1][0] if credential else ""
        base = f"{shot.scheme}://{self.base.partition('://')[2]}" if shot.scheme else self.base
        shown = sent if len(body) <= _SHOWN else replace(sent, body=RawBody(b"@body", media_type))
        curl = write_curl(base, shown, signed_by=signed)
        return Exchange(shot=shot, answer=answer, curl=curl, base=self.base, forged=bool(token))

    def _headers(self, shot: Shot, media_type: str, length: int, credential: Headers, token: Pass) -> Headers:
        given = {name.lower() for name, _ in shot.headers}
        unsafe = shot.method not in SAFE_METHODS
        standard: dict[str, str] = {
            "Host": self.base.partition("://")[2],
            "User-Agent": _AGENT,
            "Accept": _ACCEPT,
        }
        if media_type:
            standard["Content-Type"] = media_type
        if (length or unsafe) and "transfer-encoding" not in given:
            standard["Content-Length"] = str(length)
        if unsafe and shot.token:
            page = shot.page or shot.target
            standard |= {"Origin": self.base, "Referer": f"{self.base}{page}", "Sec-Fetch-Site": "same-origin"}
        own = tuple((name, value) for name, value in standard.items() if name.lower() not in given)
        carried = tuple((name, value) for name, value in credential if name.lower() not in given)
        tokens = tuple(pair for pair in token.headers() if pair[0].lower() not in given)
        keys = ((key.header, key.value.reveal()) for key in self._keys if shot.keyed and key.opens(shot.target))
        return (*own, *carried, *tokens, *keys, *shot.headers)

    def _find_token(self, shot: Shot, session: Session) -> Pass:
        owner, name = session, shot.session
        if shot.token_from:
            owner, name = self.session(shot.token_from), ""
        page = shot.page.partition("?")[0]
        if page and page not in owner.passes:
            who = shot.token_from or shot.identity
            self._send(Shot(method="GET", target=shot.page, identity=who, session=name), owner, Pass())
            owner.passes.setdefault(page, Pass())
        return owner.passes.get(page) or owner.passes.get("", Pass())


def route_of(target: str, templates: Mapping[str, str]) -> str:
    """The template of a target that has no holes; the target's path when none is known."""
    path = target.partition("?")[0]
    return templates.get(normalise_template(path), path)
