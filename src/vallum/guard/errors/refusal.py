"""A refusal: one fixed answer, built once, as problem+json (RFC 9457) or a plain page, by what the client accepts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

KEEPS: Final = ("generic-errors", "error-request-id")

Headers = list[tuple[bytes, bytes]]
_MARK: Final = "\0"
_PAGE: Final = (
    '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
    "<body><h1>{title}</h1>{text}{identity}</body>\n</html>\n"
)
JSON_TYPE: Final = b"application/problem+json"
HTML_TYPE: Final = b"text/html; charset=utf-8"
SEE_OTHER: Final = 303
PERMANENT_REDIRECT: Final = 308
"""The status of a refusal that sends the client to https (RFC 9110, section 15.4.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorView:
    """What an error page may show: nothing of it comes from the request or from an exception.

    `title` is the standard's words for the status, `text` the fixed sentence of the refusal or empty; `request_id` is
    empty where the answer must be the same every time.
    """

    status: int
    title: str
    text: str
    request_id: str


class Refusal:
    """Status, stable code and a sentence that is the same for every cause; the cause goes to the log only."""

    __slots__ = ("_json", "_page", "code", "headers", "identified", "members", "reported", "status", "text")

    def __init__(
        self,
        status: int,
        code: str,
        text: str = "",
        *,
        headers: Iterable[tuple[bytes, bytes]] = (),
        identified: bool = True,
        members: Mapping[str, object] = MappingProxyType({}),
        reported: bool = False,
    ) -> None:
        """Fix the text. With `identified` False the body is byte for byte the same every time.

        `members` are further members of the problem document, or another `type` (RFC 9457, section 3.2). `reported`
        tells that whoever refuses has an event of its own for it.
        """
        self.status = status
        self.code = code
        self.text = text
        self.headers = tuple(headers)
        self.identified = identified
        self.members = members
        self.reported = reported
        self._json: list[bytes] = []
        self._page: list[bytes] = []

    def render(self, accept: bytes | None, request_id: str) -> tuple[bytes, bytes]:
        """The content type and body for a client that sent `accept`."""
        if wants_page(accept):
            self._page = self._page or _encode_page(self, identified=self.identified)
            return HTML_TYPE, request_id.encode().join(self._page)
        self._json = self._json or _encode_problem(self, identified=self.identified)
        return JSON_TYPE, request_id.encode().join(self._json)

    def view(self, request_id: str) -> ErrorView:
        """What a page of the app's own may show of it."""
        shown = request_id if self.identified else ""
        return ErrorView(status=self.status, title=phrase_of(self.status), text=self.text, request_id=shown)

    def __repr__(self) -> str:
        """Status and code."""
        return f"Refusal({self.status}, {self.code!r})"


def wants_page(accept: bytes | None) -> bool:
    """Tell whether a client that sent `accept` shows pages."""
    return accept is not None and b"text/html" in accept


def _encode_problem(refusal: Refusal, *, identified: bool) -> list[bytes]:
    import json  # noqa: PLC0415 - with the first refusal that is sent, so that importing the guard stays light

    members: dict[str, object] = {
        "type": "about:blank",
        "title": phrase_of(refusal.status),
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.text or phrase_of(refusal.status),
        **refusal.members,
    }
    if identified:
        members["request_id"] = _MARK
    return json.dumps(members).encode().split(b"\\u0000")


def _encode_page(refusal: Refusal, *, identified: bool) -> list[bytes]:
    from html import escape  # noqa: PLC0415 - as above

    title = escape(phrase_of(refusal.status))
    text = f"<p>{escape(refusal.text)}</p>" if refusal.text else ""
    identity = f"<p>Request id: <code>{_MARK}</code></p>" if identified else ""
    return _PAGE.format(title=title, text=text, identity=identity).encode().split(_MARK.encode())


def phrase_of(status: int) -> str:
    """The standard's words for a status; a status that is not registered gets the words of its class."""
    from http import HTTPStatus  # noqa: PLC0415 - as above

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Bad Request" if status < 500 else "Internal Server Error"


@cache
def refusal_for(status: int) -> Refusal:
    """The generic refusal for an error status that the app or its framework answered."""
    return _NAMED.get(status) or Refusal(status, phrase_of(status).lower().replace(" ", "-"))


INTERNAL: Final = Refusal(500, "internal-error", "An internal error occurred.")
_RETRY: Final = ((b"retry-after", b"1"),)
UNAVAILABLE: Final = Refusal(503, "unavailable", "The service cannot answer now. Try again later.", headers=_RETRY)
CHECK_FAILED: Final = Refusal(503, UNAVAILABLE.code, UNAVAILABLE.text, headers=_RETRY, reported=True)
"""A check of the guard has itself failed; the log has been told why."""
UNAUTHENTICATED: Final = Refusal(401, "sign-in-required", "Sign in to see this.")
FORBIDDEN: Final = Refusal(403, "forbidden", "You may not do this.")
NOT_FOUND: Final = Refusal(404, "not-found", "There is nothing here.")
_NAMED: Final[Mapping[int, Refusal]] = {403: FORBIDDEN, 404: NOT_FOUND}
"""What is missing or forbidden looks the same whoever says so: the guard, the app or its framework."""
