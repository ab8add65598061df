"""From a request to its answer, in no framework's terms: each adapter hands in bytes and sends out bytes."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import wants_page
from vallum.guard.exchange import ACCEPT, SITE, current
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Reply, read_ask
from vallum.guard.identity.pages import render_form, render_page, render_sentence, render_turn, render_way
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.input.models import InputRefusedError

Headers = tuple[tuple[str, str], ...]
# A page behind a link has a secret in its address, which no other site is told. "no-referrer" would tell as little, but
# then the page's own POST comes from the origin "null".
_PRIVATE: Final[Headers] = (("referrer-policy", "same-origin"), ("cache-control", "no-store"))
_JSON: Final = ("content-type", "application/json")
_HTML: Final = ("content-type", "text/html; charset=utf-8")
_ELSEWHERE: Final = b"cross-site"
_HERE: Final = b"&from=here"
"""Ends the address of a page that was come to from another site, the second time."""
_LONGEST_QUERY: Final = 8192
_LEADS: Final = {"recent-login-required": "/login/again", "recent-factor-required": "/factors/confirm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes out."""

    status: int = 200
    headers: Headers
    body: bytes = field(default=b"", repr=False)


def serve_ask(parts: IdentityParts, endpoint: Endpoint, content_type: str, body: bytes) -> Answer:
    """Run an endpoint on a thread that may wait. Raises what the flow raises."""
    ask = _read(endpoint, content_type, body)
    try:
        reply = endpoint.run(ask)
    except PublicError as error:
        reply = _lead_in(parts, ask, error)
    return write_reply(parts, endpoint, ask, reply)


async def serve_ask_later(parts: IdentityParts, endpoint: Endpoint, content_type: str, body: bytes) -> Answer:
    """The same on an event loop: what waits does so in a thread."""
    if endpoint.run_later is None:
        return await asyncio.to_thread(serve_ask, parts, endpoint, content_type, body)
    ask = _read(endpoint, content_type, body)
    return write_reply(parts, endpoint, ask, await endpoint.run_later(ask))


def show_page(parts: IdentityParts, page: Page) -> Answer:
    """The form of an endpoint, for GET; may wait. Raises what its look-up raises."""
    query = current().query
    if len(query) > _LONGEST_QUERY:
        raise InputRefusedError("the query string is too long.")
    found = parse_qs(query.decode("latin-1"), max_num_fields=12, errors="replace")
    known = {name: found.get(name, [""])[0] for name in ("token", "next")}
    if page.look is not None:
        page.look(known["token"])
    turns = page.arrives and _comes_bare()
    text = render_turn(_here(), parts.settings.site) if turns else render_form(page, parts.settings.site, known)
    return Answer(headers=(_HTML, *_PRIVATE), body=text.encode())


def _comes_bare() -> bool:
    """Whether a browser comes from another site, so that it holds back the session, and what binds a visitor's form.

    A form that was made for nobody would be refused once it comes with the session.
    """
    exchange = current()
    return exchange.found[SITE] == _ELSEWHERE and not exchange.actor_id and not exchange.query.endswith(_HERE)


def _here() -> str:
    exchange = current()
    return f"{exchange.path}?{(exchange.query + _HERE).decode('latin-1')}"


async def show_page_later(parts: IdentityParts, page: Page) -> Answer:
    """The same on an event loop."""
    return await asyncio.to_thread(show_page, parts, page)


def write_reply(parts: IdentityParts, endpoint: Endpoint, ask: Ask, reply: Reply) -> Answer:
    """The reply as this client takes it: a page, a redirect or JSON."""
    if reply.raw is not None:
        return Answer(headers=reply.raw.headers, body=reply.raw.body)
    exchange, site = current(), parts.settings.site
    exchange.private = True
    if reply.visits:
        return _redirect(reply.location)
    pages = ask.is_form or (endpoint.method == "GET" and reply.body is not None and wants_page(exchange.found[ACCEPT]))
    if not pages or reply.saved:
        return _tell(reply)
    if reply.location and not reply.away:
        return _redirect(reply.location)
    if reply.away:
        text = render_way(reply.sentence, reply.location, site)
    elif reply.body is not None:
        text = render_page(reply.title, site, reply.body)
    else:
        text = render_sentence(reply.sentence or "Done.", site)
    return Answer(headers=(_HTML, *_PRIVATE), body=text.encode())


def _tell(reply: Reply) -> Answer:
    told = {**reply.data, "location": reply.location} if reply.away else dict(reply.data)
    saved = (("content-disposition", f'attachment; filename="{reply.saved}"'),) if reply.saved else ()
    return Answer(headers=(_JSON, *saved, *_PRIVATE), body=json.dumps(told).encode())


def _redirect(location: str) -> Answer:
    return Answer(status=303, headers=(("location", location), ("content-type", "text/plain"), *_PRIVATE))


def _read(endpoint: Endpoint, content_type: str, body: bytes) -> Ask:
    return Ask({}) if endpoint.method == "GET" else read_ask(content_type, body)


def _lead_in(parts: IdentityParts, ask: Ask, error: PublicError) -> Reply:
    """A form that lacks a fresh proof is led to where one is shown; a program gets the error."""
    path = _LEADS.get(error.refusal.code, "")
    if not ask.is_form or not path:
        raise error
    prefix = parts.settings.prefix
    current().core.report(current(), error.event, error.level, **error.detail)
    return Reply(location=f"{prefix}{path}?next={prefix}/factors")
