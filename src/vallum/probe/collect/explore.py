"""The survey: every page that can be reached, for nobody and for each account, before any check asks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from vallum.probe.collect.antiforgery import names_token
from vallum.probe.collect.collector import Collector
from vallum.probe.collect.login import sign_in, token_login
from vallum.probe.collect.routes.openapi import read_openapi
from vallum.probe.exchange import Exchange, RawBody, Shot, SignIn
from vallum.probe.operation import In, Operation, Parameter, merge_operations
from vallum.probe.read.html import Field, Form
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import BEARER, UNKNOWN, Account, Bearer, Surface
from vallum.probe.values import find_ids, match_template

_DOCUMENTS: Final = ("/openapi.json", "/swagger.json", "/schema/openapi.json")
_MOST_PAGES: Final = 60
_SAME_TEMPLATE: Final = 2
_ASSETS: Final = (".css", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".woff", ".woff2", ".pdf", ".zip")
_KINDS: Final = {"number": "integer", "range": "integer", "checkbox": "boolean"}
_NASTY: Final = "'\"`{[<\\"
"""What no parser takes for a value of its own."""
_FORMS: Final = ("email", "password", "url", "date", "color", "hidden", "checkbox", "search")


@dataclass(slots=True)
class _Found:
    operations: list[Operation] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)


class Explorer:
    """Walks the app once for each identity and puts together the surface."""

    def __init__(self, collector: Collector, surface: Surface) -> None:
        """Take the surface as far as it is known: routes, accounts, mark."""
        self._collector = collector
        self._surface = surface

    def explore(self) -> Surface:
        """Read, then create, then read again; then the errors that every app gives."""
        if not self._surface.in_process:
            self._read_documents()
        names = ["", *(account.name for account in self._surface.accounts)]
        for name in names:
            self._crawl(name)
        self._read_all(names)
        self._find_tokens()
        if self._surface.writes:
            for account in self._surface.accounts:
                self._create(account)
                self._crawl(account.name)
            self._read_all(names, again=True)
        self._provoke()
        return self._surface

    def _find_tokens(self) -> None:
        """Log in at every other door that takes the same name and password and answers with a token."""
        for account in self._surface.accounts:
            given = account.bearer
            if given:
                found = Bearer(identity=account.name, token=given, source=account.login)
                self._surface = replace(self._surface, tokens=(*self._surface.tokens, found))
                continue
            for operation in self._surface.operations:
                if operation.is_login and operation.media == "json":
                    self._take_token(account, operation)

    def _take_token(self, account: Account, operation: Operation) -> None:
        login = token_login(account.identity, operation)
        if login is None or any(known.identity == account.name for known in self._surface.tokens):
            return
        exchange = sign_in(self._collector, login, SignIn(identity=account.name, session=BEARER, label="token login"))
        token = self._collector.session(account.name, BEARER).bearer
        if token and exchange:
            found = Bearer(identity=account.name, token=token, source=exchange)
            self._surface = replace(self._surface, tokens=(*self._surface.tokens, found))
            self._try_token(account.name)

    def _try_token(self, name: str) -> None:
        """The routes that refuse the cookie and take the token."""
        for operation in [op for op in self._surface.usable() if op.method == "GET"]:
            met = self._surface.baseline(operation, name)
            if met and met.answer.status in (401, 403):
                exchange = self._collector.fire(replace(met.shot, session=BEARER))
                if exchange.answer.succeeded:
                    routes = self._surface.bearer_routes | {operation.template}
                    self._surface = replace(self._surface, bearer_routes=routes)
                    self._keep(exchange)

    def _read_documents(self) -> None:
        for target in _DOCUMENTS:
            exchange = self._visit(target, "")
            found = read_openapi(exchange.answer.json())
            if found:
                self._learn(found)
                self._surface = replace(self._surface, inventory=True)
                return

    def _crawl(self, name: str) -> None:
        queue, seen, counts = ["/"], set[str](), dict[str, int]()
        account = self._surface.account(name)
        if account:
            queue.append(account.proof.target)
        queue += [operation.template for operation in self._plain_pages()]
        while queue and len(seen) < _MOST_PAGES:
            target = queue.pop(0)
            route = self._surface.route_of(target)
            if target in seen or counts.get(route, 0) >= _SAME_TEMPLATE or not self._may_visit(target):
                continue
            seen.add(target)
            counts[route] = counts.get(route, 0) + 1
            exchange = self._visit(target, name)
            self._learn(_read_forms(exchange, self._surface.operations))
            queue += list(_links(exchange))

    def _plain_pages(self) -> Iterator[Operation]:
        return (op for op in self._surface.operations if op.method == "GET" and not op.holes)

    def _may_visit(self, target: str) -> bool:
        path = target.partition("?")[0]
        page = Operation(method="GET", template=path)
        return not page.is_logout and not page.is_perilous and not path.lower().endswith(_ASSETS)

    def _read_all(self, names: Sequence[str], *, again: bool = False) -> None:
        """Each operation that reads, once for each identity, with ids that a user has seen.

        A second time, whoever is no user meets the objects that were made since.
        """
        for operation in [op for op in self._surface.usable() if op.method == "GET"]:
            for name in names:
                stranger = not any(user.name == name for user in self._surface.users)
                if self._surface.baseline(operation, name) and not (again and stranger and operation.holes):
                    continue
                shot = self._borrow(operation, name) or self._surface.aim(operation, name)
                if shot:
                    self._keep(self._collector.fire(shot))

    def _borrow(self, operation: Operation, name: str) -> Shot | None:
        """For nobody and for administrators, an object of a user; a user only meets its own."""
        if not operation.holes or any(user.name == name for user in self._surface.users):
            return None
        shots = (self._surface.aim(operation, user.name) for user in self._surface.users)
        return next((replace(shot, identity=name) for shot in shots if shot), None)

    def _create(self, account: Account) -> None:
        """One marked object through each operation that creates; as an administrator, only what only it may."""
        mark = f"{self._surface.mark}{account.name[:1].lower()}"
        for operation in list(self._surface.usable()):
            if operation.is_safe or operation.is_login or operation.is_registration:
                continue
            if operation.is_administrative is not account.identity.is_admin:
                continue
            shot = self._surface.aim(operation, account.name, mark=mark)
            if not shot:
                continue
            exchange = self._collector.fire(shot)
            self._keep(exchange, made=operation.method == "POST")
            target = self._landing(exchange)
            if target:
                self._learn(_read_forms(self._visit(target, account.name), self._surface.operations))

    def _landing(self, exchange: Exchange) -> str:
        if not exchange.answer.redirects:
            return ""
        target = resolve_link(exchange.answer.header("location"), exchange.shot.target, exchange.base)
        return target if target and self._may_visit(target) else ""

    def _provoke(self) -> None:
        """A page that does not exist, a path that is too long, broken JSON, values of the wrong kind."""
        missing = f"/{self._surface.mark}-no-such-page"
        names = ["", *(account.name for account in self._surface.users[:1])]
        for name in names:
            gone = Shot(method="GET", target=missing, identity=name, route=UNKNOWN, label="missing page")
            self._keep(self._collector.fire(gone))
        self._keep(self._collector.fire(Shot(method="GET", target=f"/{'a' * 4000}", route=UNKNOWN, label="long path")))
        for operation in list(self._surface.usable()):
            if not operation.is_safe:
                self._break(operation)
            who = self._surface.actor(operation)
            for parameter in operation.parameters if who is not None and operation.is_safe else ():
                shot = self._surface.aim(operation, who or "", hits={parameter.key: _NASTY}, label="nasty value")
                if shot:
                    self._keep(self._collector.fire(replace(shot, slot=str(parameter))))

    def _break(self, operation: Operation) -> None:
        """Broken JSON, and a body of the wrong kind, where JSON is taken."""
        if operation.media != "json":
            return
        shot = self._surface.aim(operation, self._surface.actor(operation) or "")
        for content, label in ((b'{"broken": ', "broken JSON"), (b"[[]]", "wrong type")):
            if shot:
                self._keep(self._collector.fire(replace(shot, body=RawBody(content, "application/json"), label=label)))

    def _visit(self, target: str, name: str) -> Exchange:
        shot = Shot(method="GET", target=target, identity=name, route=self._surface.route_of(target))
        exchange = self._collector.fire(shot)
        self._keep(exchange)
        return exchange

    def _keep(self, exchange: Exchange, *, made: bool = False) -> None:
        surface = self._surface
        ids = dict.fromkeys((*surface.ids, *find_ids(exchange, surface.operations, made=made)))
        self._surface = replace(surface, exchanges=(*surface.exchanges, exchange), ids=tuple(ids))

    def _learn(self, found: Iterable[Operation]) -> None:
        news = tuple(found)
        if news:
            self._surface = replace(self._surface, operations=merge_operations((*self._surface.operations, *news)))


def _links(exchange: Exchange) -> Iterator[str]:
    answer, page = exchange.answer, exchange.answer.page
    links = [*page.links, *page.resources]
    if answer.redirects:
        links.append(answer.header("location"))
    for link in links:
        target = resolve_link(link, exchange.shot.target, exchange.base)
        if target:
            yield target


def _read_forms(exchange: Exchange, operations: Iterable[Operation]) -> Iterator[Operation]:
    """The operations that the forms and links of a page tell of."""
    where = exchange.shot.target
    templates = [operation.template for operation in operations]
    for form in exchange.answer.page.forms:
        target = resolve_link(form.action or where, where, exchange.base)
        if target:
            yield _form_operation(form, urlsplit(target).path, where, templates)
    for link in exchange.answer.page.links:
        target = resolve_link(link, where, exchange.base)
        path, _, query = target.partition("?")
        if query:
            pairs = parse_qsl(query, keep_blank_values=True)
            parameters = tuple(Parameter(name=name, place=In.QUERY, value=value) for name, value in pairs)
            template, holes = _template(path, templates)
            yield Operation(method="GET", template=template, parameters=(*holes, *parameters), source="link")


def _form_operation(form: Form, path: str, page: str, templates: Sequence[str]) -> Operation:
    template, holes = _template(path, templates)
    place = In.FORM if form.method == "POST" else In.QUERY
    media = ("multipart" if "multipart" in form.encoding else "form") if form.method == "POST" else ""
    fields = tuple(_parameter(known, place) for known in form.fields if known.kind not in ("submit", "image", "reset"))
    return Operation(
        method=form.method, template=template, parameters=(*holes, *fields), media=media, page=page, source="form"
    )


def _template(path: str, templates: Sequence[str]) -> tuple[str, tuple[Parameter, ...]]:
    if path in templates:
        return path, ()
    for template in templates:
        values = match_template(path, template)
        if values:
            return template, tuple(Parameter(name=name, place=In.PATH) for name in values)
    return quote(path, safe="/%:@!$&'()*+,;=~"), ()


def _parameter(known: Field, place: In) -> Parameter:
    if known.kind == "file":
        return Parameter(name=known.name, place=In.FILE, kind="file")
    form = "csrf" if names_token(known.name) else known.kind if known.kind in _FORMS else ""
    return Parameter(
        name=known.name,
        place=place,
        kind=_KINDS.get(known.kind, "string"),
        form=form,
        required=known.required,
        value=known.value or None,
        choices=tuple(choice for choice in known.choices if choice),
        longest=known.longest,
    )
