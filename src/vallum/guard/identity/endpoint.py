"""One endpoint of the accounts: what it asks for, and what it answers, in no framework's terms."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl

from vallum.guard.authorization.access import PUBLIC, Access
from vallum.guard.input.json_text import LoadLimits
from vallum.guard.input.loaders import load_json
from vallum.guard.input.models import InputRefusedError
from vallum.guard.output.html import SafeHtml
from vallum.stores.sessions import Json

MOST_BYTES: Final = 16_384
_LIMITS: Final = LoadLimits(size=MOST_BYTES)
_MOST_FIELDS: Final = 12
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ask:
    """The fields of a request, all text; `is_form` tells that a page sent them and that a page is to be answered."""

    fields: Mapping[str, str] = field(repr=False)
    is_form: bool = False

    def take(self, name: str) -> str:
        """The field `name`. Raises `InputRefusedError` (400) without it."""
        if name not in self.fields:
            raise InputRefusedError(f"the field {name} is missing.")
        return self.fields[name]

    def find(self, name: str) -> str:
        """The field `name`; "" without it."""
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A finished body with its headers."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a program gets as JSON; a page is led to `location`, or shows `body`, or `sentence`.

    `raw` is sent as it stands to both. `away` tells that `location` is one of another site, which a form may not be led
    to (CSP `form-action`): a page shows a link to it. `visits` tells that every answer is the redirect. `saved` is the
    name of the file as which a browser keeps the data.
    """

    data: Mapping[str, Json] = field(default_factory=lambda: _NOTHING, repr=False)
    sentence: str = ""
    location: str = ""
    title: str = ""
    body: SafeHtml | None = field(default=None, repr=False)
    raw: Raw | None = field(default=None, repr=False)
    away: bool = False
    visits: bool = False
    saved: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form of an endpoint: title, fields, and what is looked up first, by the token of the link.

    `draw` makes what stands below the form, or all of it where `fields` is None. `arrives` tells that people come to it
    from other sites: by a link in a mail, or back from a provider.
    """

    title: str
    fields: tuple[str, ...] | None = ()
    look: Callable[[str], object] | None = None
    draw: Callable[[Mapping[str, str]], SafeHtml] | None = None
    arrives: bool = False


Run: TypeAlias = Callable[[Ask], Reply]
RunLater: TypeAlias = Callable[[Ask], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`run` waits; `run_later` does the same on an event loop, where a thread would not do. With `page`, GET shows it.

    `path` is below the prefix of the accounts, unless it is `rooted`.
    """

    path: str
    run: Run
    run_later: RunLater | None = None
    method: Literal["GET", "POST"] = "POST"
    access: Access = PUBLIC
    page: Page | None = None
    rooted: bool = False

    @property
    def name(self) -> str:
        """A name for the framework's table of routes."""
        return "account" + self.path.replace("/.", "-").replace("/", "-").replace(".", "-")


def read_ask(content_type: str, body: bytes) -> Ask:
    """Read a form or a JSON object of texts. Raises `InputRefusedError` (400, 413, 415)."""
    kind = content_type.partition(";")[0].strip().lower()
    if len(body) > MOST_BYTES:
        raise _refuse(f"the body has more than {MOST_BYTES} bytes.", 413)
    if kind == _JSON:
        return Ask(load_json(body, dict[str, str], limits=_LIMITS))
    if kind == _FORM:
        return Ask(_read_form(body), is_form=True)
    if not body:
        return Ask({})
    raise _refuse("send a form or JSON.", 415)


def _read_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InputRefusedError("the form cannot be read.") from None
    if len(dict(pairs)) < len(pairs):
        raise InputRefusedError("a field of the form comes twice.")
    return dict(pairs)


def _refuse(what: str, status: int) -> InputRefusedError:
    refusal = InputRefusedError(what)
    refusal.status = status
    return refusal
