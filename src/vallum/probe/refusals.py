"""Requests that are honest but for one thing: who may send them, and whether they were refused or taken."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_plus

from vallum.probe.exchange import Exchange, JsonBody, RawBody, Shot
from vallum.probe.operation import In, Operation
from vallum.probe.surface import Surface

REFUSED: Final = frozenset({400, 413, 415, 422})
HONEST: Final = "honest"
_CHANGING: Final = re.compile(r"[\w+/=-]{20,}|\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?|\d+")
_MOST: Final = 24


def writers(surface: Surface, *places: In) -> Iterator[tuple[Operation, str]]:
    """The operations that take a body, with who can use them; logins and registrations are left to other claims."""
    found = 0
    for operation in surface.usable():
        if operation.is_safe or operation.is_login or operation.is_registration or found >= _MOST:
            continue
        who = surface.actor(operation)
        if who is not None and operation.within(*(places or (In.FORM, In.JSON))):
            found += 1
            yield operation, who


def send_honest(surface: Surface, operation: Operation, who: str, number: int) -> Shot | None:
    """What an honest user sends, to compare with."""
    return surface.aim(operation, who, label=f"{HONEST} #{number}")


def was_refused(exchange: Exchange) -> bool:
    """Whether the answer says that the request was wrong."""
    return exchange.answer.status in REFUSED


def was_taken(honest: Exchange, exchange: Exchange, *words: str) -> bool:
    """Whether the answer is that of the honest request: the status, the place that it leads to, and what it says.

    `words` are what was sent, which an answer may repeat. A page that shows the form once more, with a complaint, is
    not taken for success.
    """
    one, other = honest.answer, exchange.answer
    if not 200 <= one.status < 400 or one.status != other.status:
        return False
    if one.redirects or other.redirects:
        return _place(one.header("location"), words) == _place(other.header("location"), words)
    if one.is_json and other.is_json:
        return _shape(one.json()) == _shape(other.json())
    return _core(one.text, words) == _core(other.text, words)


def broke(exchange: Exchange) -> bool:
    """Whether the app failed over the request, instead of refusing it."""
    return exchange.answer.status >= 500 or bool(exchange.answer.status == 0 and exchange.answer.raised)


def write_json(shot: Shot, text: str) -> RawBody | None:
    """The JSON body with more text at the end of its object, as no dictionary can write it; None for another body."""
    if not isinstance(shot.body, JsonBody) or not isinstance(shot.body.value, dict):
        return None
    plain = json.dumps(shot.body.value)
    comma = ", " if shot.body.value else ""
    return RawBody(f"{plain[:-1]}{comma}{text}}}".encode(), "application/json")


def _place(location: str, words: Iterable[str]) -> str:
    return _core(unquote_plus(location), words)


def _core(text: str, words: Iterable[str]) -> str:
    """The text without what was sent, and without what changes by itself."""
    written = {form for word in words if word for form in (word, html.escape(word))}
    for form in sorted(written, key=len, reverse=True):
        text = text.replace(form, "")
    return _CHANGING.sub("", text)


def _shape(value: object) -> object:
    """The names of an object: its values may differ from one request to the next."""
    return sorted(value) if isinstance(value, dict) else type(value).__name__
