"""The end of every login: half of one where a factor is due, else the session, and a mail about a new browser."""

from urllib.parse import urlencode

from vallum.guard.exchange import current
from vallum.guard.identity.browsers import DEVICE
from vallum.guard.identity.endpoint import Ask, Reply
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.users import User, finish_login, keep_half_login, show_user
from vallum.guard.output.redirects import Redirects
from vallum.stores.accounts import AccountRecord
from vallum.stores.sessions import Json


def enter_account(
    parts: IdentityParts, account: AccountRecord, ask: Ask, *, factor: bool = False, provider: str = ""
) -> Reply:
    """Begin the session of an account that has proved all that is asked of it."""
    finish_login(account, factor=factor, provider=provider)
    _greet_browser(parts, account)
    return welcome(parts, account, ask)


def halve_login(parts: IdentityParts, account: AccountRecord, secret: str, ask: Ask) -> Reply:
    """Hand out half a login: no session, and no account but the one that showed its first factor is told its kinds."""
    keep_half_login(secret)
    return Reply(
        data={"second_factor": "required", "kinds": list(parts.factors.list_kinds(account))},
        location=f"{parts.settings.prefix}/login/factor{pass_on(ask)}",
    )


def welcome(parts: IdentityParts, account: AccountRecord, ask: Ask) -> Reply:
    """Who is signed in now, and where a page goes on."""
    target = find_next(parts, ask)
    user = show_json(show_user(account))
    return Reply(data={"user": user, "csrf_token": current().csrf_token, "next": target}, location=target)


def find_next(parts: IdentityParts, ask: Ask) -> str:
    """The local path that `next` asks for, else the home."""
    return Redirects(fallback=parts.settings.home).resolve(ask.find("next"))


def show_json(user: User) -> dict[str, Json]:
    """A user as the answers tell her own account."""
    return {
        "id": user.id,
        "login": user.login,
        "email": user.email,
        "email_is_proved": user.email_is_proved,
        "roles": list(user.roles),
    }


def pass_on(ask: Ask) -> str:
    """The query string that takes `next` along."""
    wanted = ask.find("next")
    return f"?{urlencode({'next': wanted})}" if wanted else ""


def _greet_browser(parts: IdentityParts, account: AccountRecord) -> None:
    """A browser that has not logged in to the account before is told apart from now on, and its owner is told."""
    if parts.devices.recognise(DEVICE.find(), account.login or account.email):
        return
    DEVICE.keep(parts.devices.issue(account))
    if parts.settings.device_notice:
        parts.desk.notify("new-device", account.email)
