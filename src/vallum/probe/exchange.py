"""One request as it is asked for, and what came back. Immutable, so that judging is a pure function."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.probe.read.cookie import SetCookie, read_cookies
from vallum.probe.read.html import Page, read_page

Headers = tuple[tuple[str, str], ...]
Text = str | Secret[str]

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_PAGES_KEPT: Final = 1024


@dataclass(frozen=True, slots=True)
class FormBody:
    """Fields sent as `application/x-www-form-urlencoded`."""

    fields: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A value sent as JSON; a `Secret` in it is revealed only on the wire."""

    value: Any


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart form."""

    field: str
    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """Fields and files sent as `multipart/form-data`."""

    fields: tuple[tuple[str, Text], ...]
    files: tuple[Upload, ...] = ()


@dataclass(frozen=True, slots=True)
class RawBody:
    """Bytes sent as they are."""

    content: bytes
    media_type: str


Body = FormBody | JsonBody | MultipartBody | RawBody | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What to send, as whom. The client adds cookies, bearer token, Origin and CSRF token, as a browser would."""

    method: str
    target: str
    """Path and query, percent-encoded, exactly as they go out: nothing is normalised."""
    identity: str = ""
    """The name of the identity; empty for nobody."""
    session: str = ""
    """The name of a session opened by `SignIn`; empty for the identity's own."""
    frozen: bool = False
    """Send the cookies as they were right after the login, whatever the app has set or deleted since."""
    headers: Headers = ()
    cookies: Headers = ()
    """Cookies sent in place of, or next to, those of the session."""
    body: Body = None
    route: str = ""
    """The route's template, such as `/notes/{id}`."""
    label: str = ""
    """What this shot is for, in the words of its check."""
    slot: str = ""
    """The parameter that carries the attack: `query q`."""
    page: str = ""
    """Where the form stands from which the CSRF token is taken."""
    token: bool = True
    """Whether an unsafe request carries the CSRF token and the Origin of the site itself."""
    token_from: str = ""
    """Take the CSRF token from the session of this other identity."""
    shown: str = ""
    """The template of the page to which the shot was redirected, when this follows it; `route` is that of the shot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A login in a new, separate session, to be used by shots that name it."""

    identity: str
    """Whose login form, fields and credentials are used."""
    session: str
    plant: tuple[tuple[str, str], ...] = ()
    """Cookies that are in the jar before the login begins."""
    replace: Mapping[str, Text] | None = None
    """Fields that differ from the identity's own: another name, another password."""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    """0 when no answer came; then `fault` says why."""
    headers: Headers = ()
    body: bytes = b""
    """The body up to the recording cap."""
    length: int = 0
    """How long the body really was."""
    seconds: float = 0.0
    raised: str = ""
    """The exception inside the app, in process: type and message. No client sees this."""
    fault: str = ""

    def header(self, name: str) -> str:
        """The first header of this name; empty when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    def header_lines(self, name: str) -> tuple[str, ...]:
        """Every header of this name."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def has(self, name: str) -> bool:
        """Tell whether the header is there, even when empty."""
        return bool(self.header_lines(name))

    @property
    def media_type(self) -> str:
        """The type without parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The recorded body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_html(self) -> bool:
        """Whether a browser renders this as a page."""
        return self.media_type in ("text/html", "application/xhtml+xml")

    @property
    def is_json(self) -> bool:
        """Whether the type says JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @property
    def succeeded(self) -> bool:
        """A status from 200 to 299."""
        return 200 <= self.status < 300

    @property
    def redirects(self) -> bool:
        """A status from 300 to 399 with a Location."""
        return 300 <= self.status < 400 and self.has("location")

    @property
    def page(self) -> Page:
        """The body read as HTML; an empty page when it is none."""
        return _read(self.text) if self.is_html else Page()

    @property
    def cookies(self) -> tuple[SetCookie, ...]:
        """The cookies that it sets."""
        return read_cookies(self.headers)

    def json(self) -> Any:
        """The body read as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


_read = lru_cache(maxsize=_PAGES_KEPT)(read_page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A shot and its answer, with the command line that repeats it."""

    shot: Shot
    answer: Answer
    curl: str = ""
    base: str = ""
    """Scheme and host: `https://testserver`."""
    forged: bool = False
    """Whether the shot asked for a CSRF token that could be found and sent."""
