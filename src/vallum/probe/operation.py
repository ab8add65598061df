"""What an app offers: operations with their parameters, as routes, OpenAPI, forms and links tell."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from vallum.probe.exchange import SAFE_METHODS

HOLE: Final = re.compile(r"\{([^{}]+)\}")
_WORD: Final = re.compile(r"[a-z]+")
_LOGIN: Final = frozenset({"login", "signin", "logon", "authenticate", "auth", "token"})
_LOGOUT: Final = re.compile(r"(?i)log[-_]?(out|off)|sign[-_]?(out|off)|end[-_]?session")
_REGISTER: Final = re.compile(r"(?i)register|registration|sign[-_]?up|join|create[-_]?account")
_PERIL: Final = re.compile(
    r"(?i)(delete|remove|destroy|purge|wipe|drop|reset|recover|forgot|password|passwd|deactivate|disable|suspend|ban"
    r"|transfer|pay|checkout|withdraw|refund|revoke|shutdown|restart|createdb|migrate|unsubscribe|mfa|2fa|otp|totp"
    r"|two[-_]?factor|authenticator|(?<![a-z])factors?(?![a-z]))"
)
_DESTROYS: Final = re.compile(
    r"(?i)(?:^|[/_-])(delete|remove|destroy|purge|wipe|drop|shutdown|restart|createdb|resetdb|migrate|unsubscribe)"
)
"""Words that no reading request should carry; apps that destroy by GET exist all the same."""
_ADMIN: Final = re.compile(r"(?i)(?:^|[/_-])(admin|administration|backoffice|superuser|staff)(?:$|[/_-])")


class In(StrEnum):
    """Where a parameter travels."""

    PATH = "path"
    QUERY = "query"
    FORM = "form"
    JSON = "json"
    FILE = "file"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One value that a request carries."""

    name: str
    place: In
    kind: str = "string"
    """`string`, `integer`, `number`, `boolean`, `array`, `object` or `file`."""
    form: str = ""
    """A narrower format: `email`, `uuid`, `date`, `password`, `hidden`, `path`."""
    required: bool = False
    value: Any = None
    """A value that was offered: a default, an example, what a form holds."""
    choices: tuple[Any, ...] = ()
    longest: int = 0
    least: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the other parameters of its operation."""
        return (self.place.value, self.name)

    @property
    def is_open(self) -> bool:
        """Whether free text may stand here."""
        return self.kind == "string" and self.form not in ("csrf", "file")

    def __str__(self) -> str:
        """`query q`."""
        return f"{self.place.value} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one route template."""

    method: str
    template: str
    parameters: tuple[Parameter, ...] = ()
    media: str = ""
    """How the body travels: `form`, `multipart`, `json`; empty when there is none or it is not known."""
    page: str = ""
    """The page on which its form stands."""
    source: str = ""
    """Who told of it: `routes`, `openapi`, `form`, `link`."""

    @property
    def is_safe(self) -> bool:
        """Whether the method promises to change nothing."""
        return self.method in SAFE_METHODS

    @property
    def is_login(self) -> bool:
        """Whether it takes a name and a password and opens a session."""
        return not self.is_safe and self._has_password and bool(_LOGIN & set(self._words()))

    @property
    def is_logout(self) -> bool:
        """Whether it ends a session."""
        return bool(_LOGOUT.search(self.template))

    @property
    def is_registration(self) -> bool:
        """Whether it makes an account."""
        if self.is_safe or not self._has_password or self.is_login:
            return False
        last = self.template.rstrip("/").rpartition("/")[2].lower()
        return bool(_REGISTER.search(self.template)) or last in ("users", "accounts")

    @property
    def is_perilous(self) -> bool:
        """Whether its name says that it destroys, resets or pays; such an operation is left alone."""
        if self.is_safe:
            return bool(_DESTROYS.search(self.template))
        return self.method == "DELETE" or bool(_PERIL.search(self.template))

    @property
    def is_administrative(self) -> bool:
        """Whether its path says that it belongs to administrators."""
        return bool(_ADMIN.search(self.template))

    @property
    def holes(self) -> tuple[Parameter, ...]:
        """The parameters of the path, in order."""
        return self.within(In.PATH)

    def within(self, *places: In) -> tuple[Parameter, ...]:
        """The parameters that travel in these places."""
        return tuple(parameter for parameter in self.parameters if parameter.place in places)

    def __str__(self) -> str:
        """`GET /notes/{id}`."""
        return f"{self.method} {self.template}"

    @property
    def _has_password(self) -> bool:
        return any("passw" in p.name.lower() or p.form == "password" for p in self.parameters)

    def _words(self) -> list[str]:
        return _WORD.findall(self.template.lower().replace("sign-in", "signin").replace("log-in", "login"))


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of an operation: a place where an attacker's data goes in."""

    operation: Operation
    parameter: Parameter

    def __str__(self) -> str:
        """`GET /search, query q`."""
        return f"{self.operation}, {self.parameter}"


def normalise_template(template: str) -> str:
    """The template with its holes unnamed and without a slash at the end: `/notes/{}`."""
    return HOLE.sub("{}", template).rstrip("/") or "/"


def merge_operations(found: Iterable[Operation]) -> tuple[Operation, ...]:
    """One operation for each method and template, with the parameters of all who told of it; sorted."""
    merged: dict[tuple[str, str], Operation] = {}
    for operation in found:
        key = (operation.method, normalise_template(operation.template))
        known = merged.get(key)
        merged[key] = _join(known, operation) if known else operation
    return tuple(merged[key] for key in sorted(merged, key=lambda pair: (pair[1], pair[0])))


def _join(known: Operation, other: Operation) -> Operation:
    holes = {hole.name for hole in known.holes}
    names = {parameter.key: parameter for parameter in known.parameters}
    for parameter in other.parameters:
        if parameter.place is In.PATH and parameter.name not in holes:
            continue
        names[parameter.key] = _richer(names.get(parameter.key), parameter)
    files = {parameter.name for parameter in names.values() if parameter.place is In.FILE}
    names = {key: p for key, p in names.items() if p.place not in (In.FORM, In.JSON) or p.name not in files}
    media = other.media if other.source in ("form", "openapi") and other.media else known.media
    if media and media != known.media:
        names = _move_body(names, media)
    return replace(known, parameters=tuple(names.values()), media=media, page=known.page or other.page)


def _richer(known: Parameter | None, other: Parameter) -> Parameter:
    if known is None:
        return other
    told = {
        "kind": known.kind if known.kind != "string" else other.kind,
        "form": known.form or other.form,
        "value": other.value if known.value in (None, "") else known.value,
        "choices": known.choices or other.choices,
        "longest": known.longest or other.longest,
        "least": other.least if known.least is None else known.least,
        "required": known.required or other.required,
    }
    return replace(known, **told)


def _move_body(names: dict[tuple[str, str], Parameter], media: str) -> dict[tuple[str, str], Parameter]:
    """When the way in which the body travels becomes known, its guessed parameters travel that way."""
    place = In.JSON if media == "json" else In.FORM
    moved: dict[tuple[str, str], Parameter] = {}
    for parameter in names.values():
        is_body = parameter.place in (In.JSON, In.FORM)
        taken = replace(parameter, place=place) if is_body else parameter
        moved[taken.key] = _richer(moved.get(taken.key), taken)
    return moved
