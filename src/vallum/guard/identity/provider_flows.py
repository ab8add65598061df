"""Sign in with other providers: start, callback, link with proof on both sides, unlink, and logout at and by them.

`GET /with/NAME` leads to the provider. Its callback is a GET from another site, so it changes nothing: it shows a page
with a button, which a script presses, and the POST of that page finishes. A link begins by a POST of who has just
proved who she is, so that no other site can have somebody else's identity linked to her account.
"""

from collections.abc import Mapping
from functools import partial

from vallum.base.randomness import token
from vallum.guard.authentication.lifecycle.email_proof import EmailChange
from vallum.guard.authentication.names import NameRefusedError, canonical_email
from vallum.guard.authorization.access import SIGNED_IN
from vallum.guard.errors.public import NotFoundError, PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import current
from vallum.guard.identity.account_flows import find_own
from vallum.guard.identity.browsers import OAUTH
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Raw, Reply
from vallum.guard.identity.entering import enter_account, halve_login
from vallum.guard.identity.pages import draw_form
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.providers import SignIns
from vallum.guard.logging.vocabulary import AccountCreated, note_event
from vallum.guard.oauth.client import Arrival
from vallum.guard.oauth.id_token import FederatedIdentity
from vallum.guard.oauth.refusals import SignInRefusedError
from vallum.guard.output.html import SafeHtml, fill_html, join_html
from vallum.stores.accounts import AccountRecord
from vallum.stores.links import LinkRecord
from vallum.stores.sessions import Json


class RegistrationClosedError(PublicError):
    """Nobody has linked this identity, and strangers make no accounts here (403)."""

    refusal = Refusal(403, "registration-closed", "No account belongs to this sign-in.")


class AddressTakenError(PublicError):
    """An account has the address that the provider vouches for (409): told only to whom it was proved to be hers."""

    refusal = Refusal(
        409, "address-taken", "You have an account with this address: log in to it, then link this sign-in."
    )


def list_flows(parts: IdentityParts, sign_ins: SignIns) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    return (
        *(endpoint for one in parts.settings.providers for endpoint in _serve_provider(parts, sign_ins, one.name)),
        Endpoint(path="/sign-ins", run=partial(_list, parts), method="GET", access=SIGNED_IN),
        Endpoint(path="/sign-ins/unlink", run=partial(_unlink, parts, sign_ins), access=SIGNED_IN),
    )


def _serve_provider(parts: IdentityParts, sign_ins: SignIns, name: str) -> tuple[Endpoint, ...]:
    finishing = Page(title="Signing in", fields=None, arrives=True, draw=partial(_draw_return, sign_ins, name))
    return (
        Endpoint(path=f"/with/{name}", run=partial(_start, sign_ins, name), method="GET"),
        Endpoint(path=f"/with/{name}/callback", run=partial(_finish, parts, sign_ins, name), page=finishing),
        Endpoint(path=f"/with/{name}/link", run=partial(_start_link, parts, sign_ins, name), access=SIGNED_IN),
        Endpoint(path=f"/with/{name}/logout", run=partial(_end, sign_ins, name)),
    )


def _start(sign_ins: SignIns, name: str, _: Ask) -> Reply:
    departure = sign_ins.client.begin(name, browser=OAUTH.find())
    OAUTH.keep(departure.browser)
    return Reply(location=departure.url, visits=True)


def _start_link(parts: IdentityParts, sign_ins: SignIns, name: str, _: Ask) -> Reply:
    account, proved_at = find_own(parts), parts.desk.clock()
    parts.factors.desk.demand(account, current().record)
    departure = sign_ins.links.begin(
        sign_ins.client, name, account_id=account.id, proved_at=proved_at, browser=OAUTH.find()
    )
    OAUTH.keep(departure.browser)
    return Reply(sentence=f"Continue to {name}", location=departure.url, away=True)


def _draw_return(sign_ins: SignIns, name: str, _: Mapping[str, str]) -> SafeHtml:
    exchange = current()
    answer = exchange.query.decode("latin-1")
    sign_ins.client.look(name, answer, browser=OAUTH.find())
    return fill_html(
        '<form method="post" id="finish"><input type="hidden" name="csrf_token" value="{csrf}">'
        '<input type="hidden" name="answer" value="{answer}"><button>Continue</button></form>'
        '<script nonce="{nonce}">document.getElementById("finish").submit()</script>',
        csrf=exchange.csrf_token,
        answer=answer,
        nonce=exchange.csp_nonce,
    )


def _finish(parts: IdentityParts, sign_ins: SignIns, name: str, ask: Ask) -> Reply:
    answer = ask.find("answer")
    if not answer:
        raise SignInRefusedError("callback-malformed: the page was not ours")
    arrival = sign_ins.client.finish(name, answer, browser=OAUTH.find())
    if arrival.account_id:
        return _link(parts, sign_ins, arrival)
    account = parts.desk.accounts.find(sign_ins.links.admit(arrival, partial(_create, parts, name)))
    if account is None or not account.is_active:
        raise SignInRefusedError("account: gone or disabled")
    half = parts.login.halve(account)
    if half is not None:  # a provider vouches for the first factor, not for the second
        return halve_login(parts, account, half.reveal(), ask)
    return enter_account(parts, account, ask, provider=name)


def _link(parts: IdentityParts, sign_ins: SignIns, arrival: Arrival) -> Reply:
    sign_ins.links.link(arrival, account_id=current().actor_id)
    parts.desk.notify("sign-in-linked", find_own(parts).email)
    return Reply(data={"message": "Linked."}, location=f"{parts.settings.prefix}/sign-ins")


def _create(parts: IdentityParts, name: str, identity: FederatedIdentity) -> str:
    """A new account, whose address is proved by a mail of our own before it is used for anything."""
    if not parts.settings.open_registration:
        raise RegistrationClosedError("no account")
    desk, address = parts.desk, _vouched(identity)
    if address and desk.accounts.find_email(address) is not None:
        raise AddressTakenError("address taken")
    account = AccountRecord(
        id=token(16, randomness=desk.randomness),
        login=f"{name}-{token(16, randomness=desk.randomness).lower()}",
        created=desk.clock(),
    )
    if not desk.accounts.create(account):
        raise SignInRefusedError("account: the random numbers repeat")
    note_event(AccountCreated(account=account.id))
    if address:
        EmailChange(desk=desk, login=parts.login, limits=parts.limit("email-change")).claim(account, address)
    return account.id


def _vouched(identity: FederatedIdentity) -> str:
    try:
        return canonical_email(identity.email) if identity.email_verified and identity.email else ""
    except NameRefusedError:
        return ""


def _end(sign_ins: SignIns, name: str, ask: Ask) -> Reply:
    """OpenID Connect Back-Channel Logout 1.0, section 2.7: 200 and no-store, or 400."""
    sign_ins.logout.accept(name, ask.take("logout_token"))
    return Reply(raw=Raw(body=b"", headers=(("content-type", "text/plain"), ("cache-control", "no-store"))))


def _list(parts: IdentityParts, _: Ask) -> Reply:
    found = parts.links.list_account(find_own(parts).id)
    prefix, names = parts.settings.prefix, [one.name for one in parts.settings.providers]
    rows = [_draw_link(prefix, one) for one in found]
    ways = [draw_form(f"Link {name}", (), {}, f"{prefix}/with/{name}/link") for name in names]
    told: list[Json] = [_describe(one) for one in found]
    return Reply(
        data={"sign_ins": told, "providers": list(names)},
        title="Ways to sign in",
        body=fill_html("<ul>{rows}</ul>{ways}", rows=join_html("", rows), ways=join_html("", ways)),
    )


def _describe(link: LinkRecord) -> dict[str, Json]:
    return {"issuer": link.issuer, "subject": link.subject, "email": link.email, "created": link.created}


def _draw_link(prefix: str, link: LinkRecord) -> SafeHtml:
    known = {"issuer": link.issuer, "subject": link.subject}
    form = draw_form("Remove", ("issuer", "subject"), known, f"{prefix}/sign-ins/unlink")
    return fill_html("<li>{issuer} {email}{form}</li>", issuer=link.issuer, email=link.email, form=form)


def _unlink(parts: IdentityParts, sign_ins: SignIns, ask: Ask) -> Reply:
    account = find_own(parts)
    parts.factors.desk.demand(account, current().record)
    has_passkey = any(one.kind == "passkey" for one in parts.factors.desk.list(account.id))
    identity = FederatedIdentity(issuer=ask.take("issuer"), subject=ask.take("subject"))
    has_other_way = bool(account.password) or has_passkey
    if not sign_ins.links.unlink(identity, account_id=account.id, has_other_way=has_other_way):
        raise NotFoundError("no such link of this account")
    parts.desk.notify("sign-in-unlinked", account.email)
    return Reply(data={"message": "Removed."}, location=f"{parts.settings.prefix}/sign-ins")
