"""What a client says of its own rights changes no refusal (CWE-602, CWE-639; ASVS 8.3.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, FormBody, Shot
from vallum.probe.operation import HOLE, Operation
from vallum.probe.surface import Surface
from vallum.probe.values import match_template

CLAIM: Final = Claim(slug="claims-of-clients-open-nothing", control="server-side-authorization")
_DENIED: Final = "denied"
_FORM: Final = "a form of administrators"
_NO_SUCH: Final = "987654321"
_MOST: Final = 8
_REFUSED: Final = frozenset({401, 403, 404})
_MESSAGE: Final = "Whoever adds a few words to a request gets the rights that these words name."
_HIDDEN: Final = "Anybody with an account does what only the pages of administrators show, by sending the same request."
_FIX: Final = "Take roles and ids from the session on the server, and never from a parameter, header or cookie."


def _headers_of(surface: Surface) -> tuple[tuple[str, str], ...]:
    admin = surface.admins[0].name if surface.admins else "admin"
    return (
        ("X-Role", "admin"), ("X-Roles", "admin"), ("X-User-Role", "admin"), ("X-Admin", "true"), ("X-Is-Admin", "1"),
        ("X-User-Id", "1"), ("X-User", admin), ("X-Forwarded-User", admin), ("X-Authenticated-User", admin),
        ("Remote-User", admin), ("X-Original-User", admin),
    )  # fmt: skip


_QUERIES: Final = (
    "role=admin", "isAdmin=true", "is_admin=1", "admin=1&admin=true", "user_id=1&role=administrator", "superuser=true",
)  # fmt: skip
_COOKIES: Final = (("role", "admin"), ("is_admin", "1"), ("isAdmin", "true"), ("admin", "true"))


def _ask(surface: Surface) -> Asking:
    """Ask what only administrators may have as an ordinary user, then with each claim added."""
    user = surface.users[0].name
    for operation in _closed(surface):
        shot = surface.aim(operation, user, label=_DENIED)
        if shot is None:
            continue
        denied = yield shot
        if denied.answer.status in _REFUSED or surface.sends_away(denied.answer):
            yield from _claim(surface, shot)
    yield from _forms(surface, user)


def _forms(surface: Surface, user: str) -> Iterator[Shot]:
    """Forms that stand on administrators' pages alone, sent by an ordinary user for an object that is not there."""
    admins, seen = {admin.name for admin in surface.admins}, set[str]()
    pages = [e for e in surface.exchanges if e.shot.identity in admins and e.answer.succeeded and not e.shot.label]
    for form in (form for page in pages if surface.writes for form in page.answer.page.forms):
        operation = _operation_of(surface, form.action) if form.method.upper() == "POST" else None
        if operation is None or not operation.is_administrative or operation.template in seen or len(seen) >= _MOST:
            continue
        seen.add(operation.template)
        fields = tuple((field.name, field.value) for field in form.fields if field.name and field.kind != "file")
        yield Shot(
            method="POST",
            target=HOLE.sub(_NO_SUCH, operation.template),
            identity=user,
            route=operation.template,
            body=FormBody(fields),
            label=_FORM,
        )


def _operation_of(surface: Surface, action: str) -> Operation | None:
    path = action.removeprefix(surface.base).partition("?")[0]
    usable = [operation for operation in surface.usable() if operation.method == "POST"]
    return next(
        (operation for operation in usable if operation.holes and match_template(path, operation.template) is not None),
        None,
    )


def _closed(surface: Surface) -> Iterator[Operation]:
    """Pages that an administrator got and the user did not; those whose path names administrators first."""
    user, names = surface.users[0].name, [admin.name for admin in surface.admins]
    found = [
        operation
        for operation in surface.usable(writes=False)
        if operation.is_safe and not operation.is_login and not _succeeded(surface, operation, user)
        and (operation.is_administrative or any(_succeeded(surface, operation, name) for name in names))
    ]  # fmt: skip
    yield from sorted(found, key=lambda operation: not operation.is_administrative)[:_MOST]


def _succeeded(surface: Surface, operation: Operation, name: str) -> bool:
    met = surface.baseline(operation, name)
    return met is not None and met.answer.succeeded


def _claim(surface: Surface, shot: Shot) -> Iterator[Shot]:
    yield replace(shot, headers=(*shot.headers, *_headers_of(surface)), label="headers")
    mark = "&" if "?" in shot.target else "?"
    yield replace(shot, target=f"{shot.target}{mark}{'&'.join(_QUERIES)}", label="parameters")
    yield replace(shot, cookies=_COOKIES, label="cookies")
    yield replace(
        shot, headers=(*shot.headers, ("X-HTTP-Method-Override", "HEAD"), ("X-Original-URL", "/")), label="way"
    )


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for exchange in exchanges:
        if exchange.shot.label == _DENIED or not exchange.answer.status:
            continue
        answer = exchange.answer
        if exchange.shot.label == _FORM:
            yield from _judge_form(surface, exchange)
        elif answer.succeeded and not surface.sends_away(answer):
            path = exchange.shot.target.partition("?")[0]
            reason = (
                f"{path} refuses an ordinary user, and answers {answer.status} once {exchange.shot.label} claim more."
            )
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        elif answer.status < 500:
            yield CLAIM.site(exchange, f"{exchange.shot.label} that claim more: answered {answer.status}")


def _judge_form(surface: Surface, exchange: Exchange) -> Iterator[Remark]:
    answer = exchange.answer
    if answer.status in (401, 403) or surface.sends_away(answer):
        yield CLAIM.site(exchange, f"a form of administrators: answered {answer.status} to a user")
    elif answer.status < 400:
        reason = (
            f"{exchange.shot.route} takes the form of an administrators' page from an ordinary user ({answer.status})."
        )
        yield CLAIM.finding(exchange, Blame(message=_HIDDEN, reason=reason, fix=_FIX))


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("refused call with a claim", "refused calls with a claim"),
    sound="refused all the same",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="no page was found that is open to an administrator and closed to an ordinary user",
)
