"""From half a login to a session: every kind of second factor, a passkey alone, and the factor that was lost."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from vallum.base.randomness import token
from vallum.guard.authentication.lifecycle.desk import digest_of
from vallum.guard.authentication.login import HALF_LOGIN
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.mfa.passkeys import Passkeys
from vallum.guard.authorization.access import ASSETS
from vallum.guard.errors.public import NotFoundError
from vallum.guard.identity.account_flows import serve_link, tell
from vallum.guard.identity.browsers import ASKED
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Raw, Reply
from vallum.guard.identity.entering import enter_account, pass_on
from vallum.guard.identity.pages import draw_form, draw_link, draw_passkey
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.passkey_script import SCRIPT
from vallum.guard.identity.users import find_half_login
from vallum.guard.output.html import SafeHtml, join_html
from vallum.stores.accounts import AccountRecord

_TITLES: Final = {"totp": "Use an app's code", "email": "Use a mailed code", "recovery": "Use a recovery code"}
_SENT: Final = "If your account gets codes by mail, one is on its way."
_LOST: Final = "If your address is confirmed, a mail is on its way to it."


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    page = Page(title="Confirm that it is you", fields=None, draw=partial(_draw_kinds, parts))
    return (
        Endpoint(path="/login/factor", run=partial(_show_factor, parts), page=page),
        Endpoint(path="/login/factor/code", run=partial(_send_code, parts)),
        Endpoint(path="/login/factor/passkey", run=partial(_ask_own, parts)),
        Endpoint(path="/login/factor/lost/begin", run=partial(_report_lost, parts)),
        serve_link(
            "/login/factor/lost",
            partial(_confirm_lost, parts),
            "Remove your second factors",
            parts.lost.look,
            "password",
        ),
        *_list_passkeys(parts),
    )


def _list_passkeys(parts: IdentityParts) -> tuple[Endpoint, ...]:
    script = Raw(
        body=SCRIPT.encode(),
        headers=(("content-type", "text/javascript; charset=utf-8"), ("cache-control", "public, max-age=3600")),
    )
    return (
        Endpoint(path="/login/passkey/options", run=partial(_ask_anybody, parts)),
        Endpoint(path="/login/passkey", run=partial(_show_passkey, parts)),
        Endpoint(path="/passkeys.js", run=lambda _: Reply(raw=script), method="GET", access=ASSETS),
        Endpoint(path="/.well-known/webauthn", run=partial(_tell_origins, parts), method="GET", rooted=True),
    )


def _tell_origins(parts: IdentityParts, _: Ask) -> Reply:
    """Which origins of ours use the passkeys of this one (WebAuthn Level 3, section 5.11)."""
    return Reply(data={name: list(origins) for name, origins in open_passkeys(parts).party.describe().items()})


def _show_factor(parts: IdentityParts, ask: Ask) -> Reply:
    account = parts.factors.second.complete(find_half_login(), ask.take("kind"), ask.take("code"))
    return enter_account(parts, account, ask, factor=True)


def _send_code(parts: IdentityParts, ask: Ask) -> Reply:
    half = find_half_login()
    parts.factors.email.send(find_halved(parts, half), browser=half)
    if not ask.is_form:
        return tell(_SENT)
    return Reply(location=f"{parts.settings.prefix}/login/factor{pass_on(ask)}")


def _ask_own(parts: IdentityParts, _: Ask) -> Reply:
    half = find_half_login()
    options = open_passkeys(parts).challenge(browser=half, account=find_halved(parts, half))
    return Reply(data={"options": options})


def _report_lost(parts: IdentityParts, _: Ask) -> Reply:
    parts.lost.begin(find_half_login())
    return tell(_LOST)


def _confirm_lost(parts: IdentityParts, ask: Ask) -> Reply:
    account = parts.lost.confirm(ask.take("token"), ask.take("password"))
    parts.standings.forget(account.id)
    return tell("Your second factors were removed. Log in and add a new one.")


def _ask_anybody(parts: IdentityParts, _: Ask) -> Reply:
    passkeys = open_passkeys(parts)
    browser = ASKED.find()
    if not browser:
        browser = token(randomness=parts.desk.randomness)
        ASKED.keep(browser)
    return Reply(data={"options": passkeys.challenge(browser=browser)})


def _show_passkey(parts: IdentityParts, ask: Ask) -> Reply:
    account = open_passkeys(parts).authenticate(ask.take("code"), browser=ASKED.find())
    ASKED.drop()
    return enter_account(parts, account, ask, factor=True)


def open_passkeys(parts: IdentityParts) -> Passkeys:
    """The passkeys of this site. Raises `NotFoundError` (404) where its origin has none."""
    if parts.factors.passkeys is None:
        raise NotFoundError("the origin is no name that passkeys could belong to")
    return parts.factors.passkeys


def find_halved(parts: IdentityParts, half: str) -> AccountRecord:
    """Whose half login the browser holds, which stays good. Raises `LoginFailedError` (401)."""
    proof = parts.desk.proofs.look(digest_of(half), HALF_LOGIN, parts.desk.clock())
    account = parts.desk.accounts.find(proof.account_id) if proof is not None else None
    if proof is None or account is None or not account.is_active or account.epoch != proof.data.get("epoch"):
        raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR)
    return account


def _draw_kinds(parts: IdentityParts, known: Mapping[str, str]) -> SafeHtml:
    half, prefix = find_half_login(), parts.settings.prefix
    kinds = parts.factors.list_kinds(find_halved(parts, half))
    drawn = [draw_kind(kind, known) for kind in kinds if kind in _TITLES]
    if "passkey" in kinds:
        drawn.insert(0, draw_passkey("get", "Use a passkey", prefix, "/login/factor/passkey", "/login/factor"))
    if "email" in kinds:
        drawn.append(draw_form("Send me a code", ("next",), known, f"{prefix}/login/factor/code"))
    if kinds:
        drawn.append(draw_form("I have lost them", (), known, f"{prefix}/login/factor/lost/begin"))
    else:
        drawn.append(draw_link(f"{prefix}/email/proof", "Confirm your address first: codes go there."))
    return join_html("", drawn)


def draw_kind(kind: str, known: Mapping[str, str], path: str = "") -> SafeHtml:
    """The form for a code of this kind."""
    return draw_form(_TITLES[kind], ("kind", "code", "next"), {"kind": kind, "next": known.get("next", "")}, path)
