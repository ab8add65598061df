"""What signing in with other providers is made of, once the guard's policy is known."""

from collections.abc import Callable
from dataclasses import dataclass

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lifecycle.desk import AccountDesk
from vallum.guard.errors.public import NotFoundError
from vallum.guard.identity.backing import Backing
from vallum.guard.identity.settings import Identity
from vallum.guard.identity.standing import StandingSessions
from vallum.guard.oauth.client import OAuthClient
from vallum.guard.oauth.identity_links import IdentityLinks
from vallum.guard.oauth.logout import BackChannelLogout, leave_provider
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.transport import HttpSender, HttpxSender
from vallum.guard.policy import GuardPolicy


@dataclass(frozen=True, kw_only=True)
class SignIns:
    """The client of the providers, the links to accounts, and the endpoint of their logouts."""

    client: OAuthClient
    links: IdentityLinks
    logout: BackChannelLogout
    home: str

    def find_exit(self, name: str) -> str:
        """Where the session at the provider is ended too, and which leads home; "" where that is not to be had."""
        try:
            return leave_provider(self.client, name, back=self.home) or ""
        except (ProviderDownError, NotFoundError, ConfigError):
            return ""


def open_providers(
    settings: Identity, policy: GuardPolicy, backing: Backing, desk: AccountDesk, sessions: StandingSessions
) -> SignIns:
    """Connect the providers of `settings`, none of which is asked before the first sign-in."""
    origin = desk.links.origin
    client = OAuthClient(
        settings.providers,
        origin=origin,
        store=backing.proofs,
        sender=settings.sender or _open_sender(settings),
        path=f"{settings.prefix}/with",
        clock=policy.clock,
        unsafe_loopback_http=origin.startswith("http:"),
    )
    logout = BackChannelLogout(
        client=client,
        links=backing.links,
        sessions=sessions,
        proofs=backing.proofs,
        also_end=_ender(backing, sessions),
        clock=policy.clock,
    )
    return SignIns(
        client=client, links=IdentityLinks(store=backing.links, clock=policy.clock), logout=logout, home=settings.home
    )


def _ender(backing: Backing, sessions: StandingSessions) -> Callable[[str], object]:
    def end(account_id: str) -> None:
        backing.refresh.end_account(account_id)
        sessions.standings.forget(account_id)

    return end


def _open_sender(settings: Identity) -> HttpSender:
    return HttpxSender(unsafe_loopback_http=any(one.unsafe_loopback_http for one in settings.providers))
