"""Registration, proofs by mail, passwords: each flow as endpoints. A GET of a link shows; its POST does the work."""

from collections.abc import Callable

from vallum.guard.authentication.lifecycle.email_proof import EmailChange, EmailProof
from vallum.guard.authentication.lifecycle.registration import Registration
from vallum.guard.authentication.lifecycle.reset import PasswordChange, PasswordReset
from vallum.guard.authorization.access import SIGNED_IN
from vallum.guard.exchange import current
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Reply
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.users import SignInRequiredError, keep_session
from vallum.stores.accounts import AccountRecord

_DONE = "Done. You can log in now."


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    registers = _register(parts) if parts.settings.open_registration else ()
    return (*registers, *_reset(parts), *_prove(parts), *_move(parts), _change(parts))


def _register(parts: IdentityParts) -> tuple[Endpoint, ...]:
    flow = Registration(desk=parts.desk, limits=parts.limit("register"))

    def confirm(ask: Ask) -> Reply:
        flow.confirm(ask.take("token"), ask.take("password"))
        return finish(parts)

    return (
        Endpoint(
            path="/register",
            run=lambda ask: tell(flow.begin(ask.take("email"), ask.take("password"), login=ask.find("login"))),
            page=Page(title="Register", fields=("email", "password")),
        ),
        serve_link("/register/confirm", confirm, "Confirm your registration", flow.look, "password"),
    )


def _reset(parts: IdentityParts) -> tuple[Endpoint, ...]:
    flow = PasswordReset(desk=parts.desk, limits=parts.limit("password-reset"))

    def confirm(ask: Ask) -> Reply:
        account = flow.confirm(ask.take("token"), ask.take("new_password"))
        parts.standings.forget(account.id)
        return finish(parts)

    return (
        Endpoint(
            path="/password/reset",
            run=lambda ask: tell(flow.begin(ask.take("email"))),
            page=Page(title="Reset your password", fields=("email",)),
        ),
        serve_link("/password/reset/confirm", confirm, "Choose a new password", flow.look, "new_password"),
    )


def _prove(parts: IdentityParts) -> tuple[Endpoint, ...]:
    flow = EmailProof(desk=parts.desk, limits=parts.limit("email-proof"))

    def confirm(ask: Ask) -> Reply:
        account = flow.confirm(ask.take("token"))
        parts.standings.forget(account.id)
        return tell("Your address is confirmed.")

    return (
        Endpoint(
            path="/email/proof",
            run=lambda ask: tell(flow.begin(ask.take("email"))),
            page=Page(title="Confirm your address", fields=("email",)),
        ),
        serve_link("/email/confirm", confirm, "Confirm your address", flow.look),
    )


def _move(parts: IdentityParts) -> tuple[Endpoint, ...]:
    flow = EmailChange(desk=parts.desk, login=parts.login, limits=parts.limit("email-change"))

    def confirm(ask: Ask) -> Reply:
        account = flow.confirm(ask.take("token"))
        parts.standings.forget(account.id)
        return tell("Your address was changed.")

    def begin(ask: Ask) -> Reply:
        account = find_own(parts)
        if account.password:
            return tell(flow.begin(account, ask.take("email"), ask.take("password")))
        parts.factors.desk.demand(account, current().record)
        return tell(flow.claim(account, ask.take("email")))

    return (
        Endpoint(
            path="/email/change",
            run=begin,
            access=SIGNED_IN,
            page=Page(title="Change your address", fields=("email", "password")),
        ),
        serve_link("/email/change/confirm", confirm, "Confirm your new address", flow.look),
    )


def _change(parts: IdentityParts) -> Endpoint:
    flow = PasswordChange(desk=parts.desk, login=parts.login)

    def change(ask: Ask) -> Reply:
        record = current().record
        keep = None if record is None else record.digest
        account = flow.change(find_own(parts), ask.take("password"), ask.take("new_password"), keep=keep)
        if record is not None:
            keep_session(account)
        return tell("Your password was changed.")

    fields = ("password", "new_password")
    return Endpoint(
        path="/password", run=change, access=SIGNED_IN, page=Page(title="Change your password", fields=fields)
    )


def find_own(parts: IdentityParts) -> AccountRecord:
    """The account that makes the request, read now. Raises `SignInRequiredError` (401)."""
    account = parts.desk.accounts.find(current().actor_id)
    if account is None or not account.is_active:
        raise SignInRequiredError("the account is gone")
    return account


def serve_link(
    path: str, run: Callable[[Ask], Reply], title: str, look: Callable[[str], object], *fields: str
) -> Endpoint:
    """The endpoint behind a link: GET shows the form and uses nothing up, POST does the work."""
    return Endpoint(path=path, run=run, page=Page(title=title, fields=("token", *fields), look=look, arrives=True))


def tell(sentence: str) -> Reply:
    """Say one sentence, to a program and to a page."""
    return Reply(data={"message": sentence}, sentence=sentence)


def finish(parts: IdentityParts) -> Reply:
    """Lead a page to the login."""
    return Reply(data={"message": _DONE}, location=f"{parts.settings.prefix}/login")
