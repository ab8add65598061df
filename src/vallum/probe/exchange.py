"""One request as it is asked for, and what came back. Immutable, so that judging is a pure function."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
class LogLine:
    """A line that an app in process logged or printed while it answered."""

    text: str
    """As a handler writes it, redacted and with its stack; as the record says where no handler writes it."""
    source: str
    """The logger's name, or `stdout` or `stderr`."""
    level: int = 0
    """As `logging` counts; 0 for what was printed."""
    written: bool = True
    """Whether any handler wrote it."""
    record: int = 0
    """Lines that two handlers made of one record have the same number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that an app in process wrote."""

    recipient: str
    subject: str = ""
    text: str = field(default="", repr=False)
    """Its text, and that of its HTML; the links in it open accounts."""


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
    trial: str = ""
    """The name of the trial, opened by `Launch`, that gets it; empty for the app that is probed."""
    scheme: str = ""
    """`http` for a request without TLS, to an app in process; empty for that of the run."""
    shared: bool = False
    """Whether the answer that another claim got to the same shot will do; its label tells such shots apart."""
    keyed: bool = False
    """Whether it carries the key that the policy has for its path, as a service of the company would."""


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
    trial: str = ""
    headers: Headers = ()
    """Headers that the login carries besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A start of the app in a process of its own, a *trial*, that ends with the check that asked for it.

    The exchange that comes back has the status 200 when the app started; else 0, and what it died of as `fault`. Its
    body is JSON: `reads`, the environment variables that the app looked at; `text`, what it printed; `exit`, its
    status.
    """

    trial: str
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """Variables that differ from those of the probe; None takes one away."""
    production: bool = False
    """Whether the variables are set that the policy gives for a start as production."""
    provider: bool = False
    """Whether it is told of an OpenID provider that the probe plays, by the variables that the policy gives."""
    shared: bool = False
    """Whether a trial of this name that runs already will do, and stays for the next claim."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Volley:
    """Shots to the app that is probed, or starts under names of their own, all at the same moment.

    The exchange that comes back is that of the last one; all of them are kept, in order.
    """

    shots: tuple[Shot | Launch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stir:
    """Changes the world around a trial: its clock moves on, its stores are taken away or are back.

    The exchange that comes back has as its body how often a store that was away had been asked for till now. Its
    headers tell the trial's time in seconds since the epoch (`x-now`), how many SQLite files the app has opened
    (`x-databases`) and each of the texts to `find` that stands in one of them (`x-found`).
    """

    trial: str
    seconds: float = 0.0
    down: tuple[str, ...] = ()
    """The stores that are away from now on: `database` (SQLite), `network`, `files`."""
    find: tuple[str, ...] = ()
    """What to look for in the files of the databases, as it would stand there."""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The OpenID provider of a trial lets a user in. The exchange that comes back redirects to where the browser goes.

    `fault` names the one thing that is wrong with what follows: `iss`, `aud`, `azp`, `nonce`, `no-nonce`, `key`,
    `none`, `hmac`, `expired` or `at-hash` of the ID token; `status` (400, and an error beside the tokens), `html` or
    `no-id-token` of the token response; `verifier`, which the provider does not accept.
    """

    trial: str
    url: str
    """The authorization request: where the app has sent the browser."""
    fault: str = ""
    code: str = ""
    """Bring this code, which was given before, in place of a new one."""
    changed: Mapping[str, str | None] = field(default_factory=dict)
    """Parameters of the callback that differ from what an honest provider sends; None leaves one out."""
    subject: str = "vallum-one"
    name: str = "Vallum One"
    email: str = "vallum-one@example.org"
    verified: bool = True
    seconds: int = 300
    """How long the access token is good."""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Asks the OpenID provider of a trial what it was asked since the last time.

    The body that comes back is JSON: `requests`, each with `grant`, `outcome`, `way` (how the client proved itself),
    `in_query`, `verifier` and `newest`; `secret`, the client's; `issued`, all codes and tokens.
    """

    trial: str
    end: bool = False
    """Whether every refresh is refused from now on."""
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
    escaped: bool = False
    """Whether the exception reached the server, which logs it in its own way."""
    log: tuple[LogLine, ...] = ()
    """What the app logged and printed while it answered, in process; nothing is known over a network."""
    letters: tuple[Letter, ...] = ()
    """The mails that it wrote since the answer before, in process."""

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
