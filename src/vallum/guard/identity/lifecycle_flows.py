"""Invitations, the export and the end of an account, and what administrators do to others': as endpoints."""

from collections.abc import Callable
from functools import partial

from vallum.guard.authentication.lifecycle.invitations import Invitations
from vallum.guard.authorization.access import SIGNED_IN, Access
from vallum.guard.authorization.demands import administration
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import current
from vallum.guard.identity.account_flows import find_own, finish, serve_link, tell
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Reply
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.sessions.signing import sign_out


class OwnAccountError(PublicError):
    """An administrator changes others' accounts: her own would be a way to shut everybody out (409)."""

    refusal = Refusal(409, "own-account", "Ask another administrator to change your account.")


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    closing = Page(title="Delete your account")
    invitations = Invitations(desk=parts.desk, limits=parts.limit("invitation"))
    wanted = parts.settings.admin_permission
    return (
        Endpoint(path="/export", run=partial(_export, parts), access=SIGNED_IN, page=Page(title="Export your data")),
        Endpoint(path="/close", run=partial(_close, parts), access=SIGNED_IN, page=closing),
        serve_link("/invitation", partial(_accept, parts, invitations), "Join", invitations.look, "password"),
        *(_administer(parts, invitations, administration(wanted)) if wanted else ()),
    )


def _export(parts: IdentityParts, _: Ask) -> Reply:
    account = find_own(parts)
    parts.factors.desk.demand(account, current().record)
    return Reply(data=parts.closing.export(account.id), saved="account.json")


def _close(parts: IdentityParts, _: Ask) -> Reply:
    account = find_own(parts)
    parts.factors.desk.demand(account, current().record)
    parts.closing.delete(account.id)
    parts.standings.forget(account.id)
    sign_out()
    return Reply(data={"message": "Your account was deleted."}, sentence="Your account was deleted.")


def _accept(parts: IdentityParts, invitations: Invitations, ask: Ask) -> Reply:
    invitations.accept(ask.take("token"), ask.take("password"), login=ask.find("login"))
    return finish(parts)


def _administer(parts: IdentityParts, invitations: Invitations, access: Access) -> tuple[Endpoint, ...]:
    care = parts.care

    def change(act: Callable[[str], object]) -> Callable[[Ask], Reply]:
        def run(ask: Ask) -> Reply:
            account_id = ask.take("account")
            if account_id == current().actor_id:
                raise OwnAccountError("her own account")
            act(account_id)
            parts.standings.forget(account_id)
            return tell("Done.")

        return run

    def set_roles(ask: Ask) -> Reply:
        return change(lambda account_id: care.set_roles(account_id, ask.take("roles").split()))(ask)

    def invite(ask: Ask) -> Reply:
        invitations.invite(ask.take("email"), ask.find("roles").split())
        return tell("A mail is on its way.")

    page = Page(title="Invite", fields=("email", "roles"))
    acts = {"disable": care.disable, "enable": care.enable, "unlock": care.unlock, "delete": parts.closing.delete}
    return (
        Endpoint(path="/invitations", run=invite, access=access, page=page),
        *(Endpoint(path=f"/accounts/{name}", run=change(act), access=access) for name, act in acts.items()),
        Endpoint(path="/accounts/roles", run=set_roles, access=access),
    )
