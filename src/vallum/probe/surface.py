"""All that a check may know of the app: operations, accounts, ids, and the exchanges of the survey."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, quote_plus

from vallum.base.secret import Secret
from vallum.probe.exchange import Answer, Body, Exchange, FormBody, JsonBody, MultipartBody, Shot, Upload
from vallum.probe.identity import Identity
from vallum.probe.operation import HOLE, In, Operation, Parameter, Slot
from vallum.probe.read.cookie import SetCookie
from vallum.probe.values import Held, choose_id, good_value, match_template

BEARER: Final = "bearer"
"""The name of the session that carries an account's bearer token and no cookie."""
_KEPT_FORMS: Final = frozenset({"hidden", "csrf"})
_KEPT_NAMES: Final = frozenset({"username", "user", "login", "email", "mail"})
"""Fields by which an account is found: an honest user leaves them as they are."""
UNKNOWN: Final = "/{any unknown path}"
"""The template of every path that no operation has."""
_WRONG_VALUE: Final = frozenset({400, 409, 415, 422, 500})
_OTHERS: Final = frozenset({"username", "user", "recipient", "member", "assignee", "invitee"})
"""Fields that name somebody else, where they do not name oneself."""
PICTURE: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63d0cf8ffb0f0003c901fc"
    "06635bb00000000049454e44ae426082"
)
"""A PNG of one pixel: the file that an honest user uploads."""


class Encoded(str):
    """A value that is percent-encoded already, or must not be: it goes out as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A page that answers otherwise to those who are logged in."""

    target: str
    needle: str = ""
    """What only a logged-in answer holds; empty when the status tells."""

    def shows_login(self, answer: Answer) -> bool:
        """Tell whether this answer to the page was given to somebody logged in."""
        return answer.succeeded and self.needle.lower() in answer.text.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An identity whose login was proven."""

    identity: Identity
    proof: Proof
    login: Exchange | None = None
    """The exchange that opened the session; None when the session was given."""
    cookies: tuple[SetCookie, ...] = ()
    """What the login set."""
    bearer: Secret[str] | None = None

    @property
    def name(self) -> str:
        """The identity's name."""
        return self.identity.name

    @property
    def session_cookies(self) -> tuple[SetCookie, ...]:
        """The cookies that carry the login, as far as names and flags tell."""
        return tuple(cookie for cookie in self.cookies if cookie.is_session and not cookie.deletes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A bearer token that the app gave to an account."""

    identity: str
    token: Secret[str]
    source: Exchange | None = None
    """The exchange that gave it; None when the policy did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What was found before any check asked anything."""

    base: str
    """Scheme and host: `https://testserver`."""
    operations: tuple[Operation, ...] = ()
    accounts: tuple[Account, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    """The survey: every page, for nobody and for each account, and the standard errors."""
    ids: tuple[Held, ...] = ()
    mark: str = "vallum"
    writes: bool = True
    in_process: bool = True
    public: tuple[str, ...] = ()
    delay: float = 1.0
    inventory: bool = False
    """Whether the operations come from the app's own routes or OpenAPI, and not only from links."""
    bearer_routes: frozenset[str] = frozenset()
    """The templates that take a bearer token where the session cookie is refused."""
    tokens: tuple[Bearer, ...] = ()
    wanted: tuple[Identity, ...] = field(default=())
    """The identities that the policy names, proven or not."""
    startable: bool = False
    """Whether the app can be started anew in a process of its own."""
    production: bool = False
    """Whether it is told how the app starts as in production."""
    drawn: Mapping[str, str] = field(default_factory=dict)
    """The variables that are drawn anew for each start as in production, with the pattern of their value."""
    provider: bool = False
    """Whether it is told how the app learns of an OpenID provider."""

    @property
    def host(self) -> str:
        """The host, with its port where it has one."""
        return self.base.partition("://")[2]

    @property
    def users(self) -> tuple[Account, ...]:
        """The accounts that are no administrators."""
        return tuple(account for account in self.accounts if not account.identity.is_admin)

    @property
    def admins(self) -> tuple[Account, ...]:
        """The administrators."""
        return tuple(account for account in self.accounts if account.identity.is_admin)

    def account(self, name: str) -> Account | None:
        """The account with this name; None when its login was not proven."""
        return next((account for account in self.accounts if account.name == name), None)

    def baseline(self, operation: Operation, identity: str) -> Exchange | None:
        """What this identity got when it used the operation honestly; the best answer, None if it never did."""
        met = [
            exchange
            for exchange in self.exchanges
            if exchange.shot.route == operation.template
            and exchange.shot.method == operation.method
            and exchange.shot.identity == identity
            and not exchange.shot.label
        ]
        return min(met, key=lambda exchange: exchange.answer.status or 999, default=None)

    def actor(self, operation: Operation) -> str | None:
        """Who can use the operation: the first user, then administrator, then nobody, that was let in.

        Else whoever was told that a value is wrong: such a one was let in too.
        """
        for name in [*(a.name for a in self.users), *(a.name for a in self.admins), ""]:
            met = self.baseline(operation, name)
            if met and 0 < met.answer.status < 400 and not self.sends_away(met.answer):
                return name
        for name in [*(a.name for a in self.users), *(a.name for a in self.admins), ""]:
            met = self.baseline(operation, name)
            if met and met.answer.status in _WRONG_VALUE:
                return name
        return None

    def sends_away(self, answer: Answer) -> bool:
        """Whether the answer asks for a login: 401, 403, or a redirect to a login page."""
        if answer.status in (401, 403):
            return True
        location = answer.header("location").lower()
        return answer.redirects and any(word in location for word in ("login", "signin", "sign-in", "/auth"))

    def route_of(self, target: str) -> str:
        """The template that a target belongs to."""
        path = target.partition("?")[0]
        templates = [operation.template for operation in self.operations]
        exact = next((template for template in templates if template.rstrip("/") == path.rstrip("/")), None)
        fitting = (template for template in templates if match_template(path, template) is not None)
        return exact or next(fitting, UNKNOWN)

    def usable(self, *, writes: bool = True) -> Iterator[Operation]:
        """The operations that a sweep may use: no logout, nothing perilous, no write that is not allowed."""
        for operation in self.operations:
            if operation.is_logout or operation.is_perilous:
                continue
            if operation.is_safe or (writes and self.writes):
                yield operation

    def slots(self, *places: In) -> Iterator[Slot]:
        """Every place for free text, in the operations that a sweep may use, registrations and logins left out."""
        for operation in self.usable():
            if operation.method in ("HEAD", "OPTIONS") or operation.is_registration or operation.is_login:
                continue
            for parameter in operation.parameters:
                if parameter.is_open and (not places or parameter.place in places):
                    yield Slot(operation, parameter)

    def aim(
        self,
        operation: Operation,
        identity: str = "",
        *,
        hits: Mapping[tuple[str, str], Any] | None = None,
        mark: str = "",
        label: str = "",
    ) -> Shot | None:
        """An honest request but for `hits`: values by parameter key; an `Encoded` one goes out as it is.

        None when a hole of the path cannot be filled.
        """
        values = self._fill(operation, identity, mark or self.mark) | dict(hits or {})
        path = _path(operation, values)
        if path is None:
            return None
        query = _query(values)
        return Shot(
            method=operation.method,
            target=f"{path}?{query}" if query else path,
            identity=identity,
            session=BEARER if identity and operation.template in self.bearer_routes else "",
            body=_body(operation, values),
            route=operation.template,
            label=label,
            page=operation.page,
        )

    def strike(self, slot: Slot, identity: str, value: Any, label: str) -> Shot | None:
        """An honest request but for one parameter."""
        shot = self.aim(slot.operation, identity, hits={slot.parameter.key: value}, label=label)
        return replace(shot, slot=str(slot.parameter)) if shot else None

    def find_id(self, operation: Operation, parameter: Parameter, identity: str) -> Held | None:
        """The id for a hole, out of what this identity has seen; to change something, only what the probe made."""
        fitting = (held for held in self.ids if held.identity == identity and (operation.is_safe or held.made))
        return choose_id(parameter, operation, fitting)

    def names_account(self, operation: Operation, parameter: Parameter, identity: str) -> bool:
        """Whether the field holds the name by which the account is found: another value would lock the probe out."""
        if operation.is_safe or parameter.name.lower() not in _KEPT_NAMES:
            return False
        return parameter.name in self._own_values(operation, identity)

    def mend(self, shot: Shot) -> Shot | None:
        """An honest request that puts right what this one may have set amiss; None where nothing stays."""
        for operation in self.operations:
            if (operation.method, operation.template) == (shot.method, shot.route) and not operation.holes:
                return None if operation.is_safe else self.aim(operation, shot.identity, label="mend")
        return None

    def _somebody_else(self, operation: Operation, identity: str) -> str:
        if operation.is_login or operation.is_registration or operation.is_safe or not identity:
            return ""
        return next((user.identity.account for user in self.users if user.name != identity), "")

    def _own_values(self, operation: Operation, identity: str) -> dict[str, str]:
        """What the operation's form holds when this identity looks at it."""
        if not operation.page:
            return {}
        for exchange in reversed(self.exchanges):
            if exchange.shot.identity == identity and exchange.shot.target == operation.page:
                forms = exchange.answer.page.forms
                return {f.name: f.value for form in forms for f in form.fields if f.value and f.kind != "checkbox"}
        return {}

    def _fill(self, operation: Operation, identity: str, mark: str) -> dict[tuple[str, str], Any]:
        values: dict[tuple[str, str], Any] = {}
        own = self._own_values(operation, identity)
        for parameter in operation.parameters:
            if parameter.place is In.PATH:
                held = self.find_id(operation, parameter, identity)
                if held:
                    values[parameter.key] = held.value
                continue
            if parameter.name in own and (parameter.form in _KEPT_FORMS or parameter.name.lower() in _KEPT_NAMES):
                values[parameter.key] = own[parameter.name]
                continue
            if parameter.place is In.QUERY and (not parameter.required or parameter.value not in (None, "")):
                if parameter.value not in (None, ""):
                    values[parameter.key] = parameter.value
                continue
            if parameter.name.lower() in _OTHERS and (other := self._somebody_else(operation, identity)):
                values[parameter.key] = other
                continue
            values[parameter.key] = good_value(parameter, mark)
        return values


def _path(operation: Operation, values: Mapping[tuple[str, str], Any]) -> str | None:
    pieces: list[str] = []
    for index, part in enumerate(HOLE.split(operation.template)):
        value = values.get((In.PATH.value, part)) if index % 2 else Encoded(part)
        if value is None:
            return None
        pieces.append(value if isinstance(value, Encoded) else quote(str(value), safe=""))
    return "".join(pieces)


def _query(values: Mapping[tuple[str, str], Any]) -> str:
    told = [(key[1], value) for key, value in values.items() if key[0] == In.QUERY]
    return "&".join(f"{quote_plus(n)}={v if isinstance(v, Encoded) else quote_plus(_as_text(v))}" for n, v in told)


def _body(operation: Operation, values: Mapping[tuple[str, str], Any]) -> Body:
    if operation.is_safe:
        return None
    told = [(key[1], value) for key, value in values.items() if key[0] in (In.FORM, In.JSON)]
    if operation.media == "json" or (not operation.media and any(key[0] == In.JSON for key in values)):
        return JsonBody(dict(told))
    fields = tuple((name, value if isinstance(value, Secret) else _as_text(value)) for name, value in told)
    files = tuple(_file(name[1], value) for name, value in values.items() if name[0] == In.FILE)
    if files or operation.media == "multipart":
        return MultipartBody(fields, files)
    return FormBody(fields) if fields or operation.media == "form" else None


def _file(name: str, value: Any) -> Upload:
    return value if isinstance(value, Upload) else Upload(name, "picture.png", "image/png", PICTURE)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return str(value)


def pick_exchanges(exchanges: Sequence[Exchange], label: str) -> Iterable[Exchange]:
    """The exchanges whose shot has this label, in order."""
    return (exchange for exchange in exchanges if exchange.shot.label == label)
