"""Sign in with the company's account, where one is configured, and show what the company knows of the person."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import Response

from vallum.base.randomness import token
from vallum.guard import PublicError, signed_in
from vallum.guard.errors.refusal import Refusal
from vallum.guard.oauth.client import Arrival, OAuthClient
from vallum.guard.oauth.client_secret import SecretBasic
from vallum.guard.oauth.grants import Grants
from vallum.guard.oauth.id_token import FederatedIdentity
from vallum.guard.oauth.identity_links import IdentityLinks
from vallum.guard.oauth.provider import Provider
from vallum.guard.oauth.refusals import ProviderDownError, SignInRefusedError
from vallum.guard.oauth.starlette import sign_in_routes
from vallum.guard.oauth.transport import HttpRequest, HttpxSender
from vallum.stores.sql.database import Database
from vallum.stores.sql.grants import SqlGrants
from vallum.stores.sql.links import SqlLinks
from vallum.stores.sql.proofs import SqlProofs

from . import identities, passwords, people
from .pages import render
from .settings import SETTINGS, Company

NAME: Final = "company"
SCOPES: Final = ("openid", "profile", "email", "offline_access")
SHOWN: Final = ("name", "email")


class AddressTakenError(PublicError):
    """An address from the company opens no account that exists, and none under an address that is not proved."""

    refusal = Refusal(409, "address-taken", "There is an account for this address already: sign in to it as usual.")


class Accounts:
    """The accounts of people who come from the company."""

    def __init__(self, client: OAuthClient, database: Database) -> None:
        self.links = IdentityLinks(store=SqlLinks(database))
        self.grants = Grants(client=client, store=SqlGrants(database), box=identities.open_box())

    def welcome(self, arrival: Arrival) -> str:
        """The account of an arrival, found by issuer and subject alone; a new one for whoever comes first."""
        account_id = self.links.admit(arrival, open_account)
        if people.get(int(account_id)) is None:
            raise SignInRefusedError("account-disabled: the account is closed")
        self.grants.keep(account_id, arrival)
        return account_id


def open_account(identity: FederatedIdentity) -> str:
    """Open an account with a proved address and a password that nobody knows. Raises `AddressTakenError`."""
    name = f"company-{token()[:12]}"
    hashed = passwords.HASHER.hash(token())
    user_id = people.add(name, identity.email, hashed, identity.name) if identity.email_verified else None
    if user_id is None:
        raise AddressTakenError("the address is taken, or not proved")
    people.confirm(user_id, identity.email)
    return str(user_id)


def roles_of(account_id: str) -> tuple[str, ...]:
    """What the session of this account may do."""
    account = people.get_account(int(account_id))
    return account.roles if account else ()


def build_client(company: Company, database: Database) -> OAuthClient:
    """The provider may be on a developer's own machine; in production it is reached by https alone."""
    local = not SETTINGS.guard.is_production
    provider = Provider(
        name=NAME,
        issuer=company.issuer,
        client_id=company.client,
        authentication=SecretBasic(company.secret),
        scopes=SCOPES,
        unsafe_loopback_http=local,
    )
    return OAuthClient(
        [provider],
        origin=SETTINGS.origin,
        store=SqlProofs(database),
        sender=HttpxSender(unsafe_loopback_http=local),
        unsafe_loopback_http=local,
    )


def add_routes(app: FastAPI, company: Company) -> None:
    """Add the sign-in and the page about the person."""
    if identities.DATABASE is None:
        return
    client = build_client(company, identities.DATABASE)
    accounts = Accounts(client, identities.DATABASE)
    app.router.routes.extend(sign_in_routes(client, accounts.welcome, after="/notes", roles=roles_of))

    @app.get("/profile/company")
    @signed_in
    def company_profile(request: Request) -> Response:
        """What the company's directory says, asked for with the person's own token."""
        access = accounts.grants.access_token(str(people.me().id), NAME)
        facts = ask_company(client, company.profile, access.reveal())
        return render(request, "accounts/company.html", {"facts": facts})


def ask_company(client: OAuthClient, address: str, access: str) -> dict[str, Any]:
    """The facts that are shown. Raises `ProviderDownError`."""
    reply = client.sender.send(HttpRequest(url=address, headers={"authorization": f"Bearer {access}"}))
    if reply.status != 200:
        raise ProviderDownError(f"profile: status {reply.status}")
    answer = reply.read_json()
    return {name: str(answer[name]) for name in SHOWN if name in answer}
