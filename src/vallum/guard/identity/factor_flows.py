"""The second factors of who is signed in: list, add, confirm, remove. Each change needs a fresh proof and is told."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from vallum.guard.authorization.access import SIGNED_IN
from vallum.guard.exchange import current
from vallum.guard.identity.account_flows import find_own, tell
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Reply
from vallum.guard.identity.entering import welcome
from vallum.guard.identity.factor_login_flows import draw_kind, open_passkeys
from vallum.guard.identity.pages import draw_form, draw_link, draw_passkey
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.users import SignInRequiredError, mark_factor
from vallum.guard.output.html import SafeHtml, fill_html, join_html
from vallum.stores.accounts import AccountRecord
from vallum.stores.factors import FactorRecord
from vallum.stores.sessions import Json, SessionRecord

_NAMES: Final = {"totp": "Authenticator app", "passkey": "Passkey", "email": "Codes by mail"}


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    confirming = Page(title="Confirm that it is you", fields=None, draw=partial(_draw_confirming, parts))

    def serve(path: str, run: Callable[[IdentityParts, Ask], Reply], page: Page | None = None) -> Endpoint:
        return Endpoint(path=path, run=partial(run, parts), access=SIGNED_IN, page=page)

    return (
        Endpoint(path="/factors", run=partial(_list, parts), method="GET", access=SIGNED_IN),
        serve("/factors/confirm", _confirm, confirming),
        serve("/factors/code", _send_code),
        serve("/factors/passkey/options", _ask_passkey),
        serve("/factors/totp", _offer_app),
        serve("/factors/totp/confirm", _add_app),
        serve("/factors/recovery", _renew_codes),
        serve("/factors/email", _add_mail),
        serve("/factors/passkeys/options", _offer_passkey),
        serve("/factors/passkeys", _add_passkey),
        serve("/factors/remove", _remove),
    )


def _list(parts: IdentityParts, _: Ask) -> Reply:
    account = find_own(parts)
    found = [one for one in parts.factors.desk.list(account.id) if one.kind != "recovery"]
    left = parts.factors.recovery.count(account.id)
    return Reply(
        data={"factors": [_describe(one) for one in found], "recovery_codes_left": left},
        title="Second factors",
        body=_draw_factors(parts, found, left),
    )


def _confirm(parts: IdentityParts, ask: Ask) -> Reply:
    account, _ = _own(parts)
    browser = current().session_id
    parts.factors.second.confirm(account, ask.take("kind"), ask.take("code"), browser=browser)
    mark_factor()
    return welcome(parts, account, ask)


def _send_code(parts: IdentityParts, ask: Ask) -> Reply:
    account, _ = _own(parts)
    parts.factors.email.send(account, browser=current().session_id)
    return tell("A code is on its way.") if not ask.is_form else _go(parts, "/factors/confirm")


def _ask_passkey(parts: IdentityParts, _: Ask) -> Reply:
    account, _record = _own(parts)
    return Reply(data={"options": open_passkeys(parts).challenge(browser=current().session_id, account=account)})


def _offer_app(parts: IdentityParts, ask: Ask) -> Reply:
    account, record = _own(parts)
    offer = parts.factors.totp.begin(account, record, name=ask.find("name"))
    known = {"factor": offer.factor_id}
    picture, secret = SafeHtml(offer.picture.reveal()), offer.secret.reveal()
    form = draw_form("Add the app", ("factor", "code"), known, f"{parts.settings.prefix}/factors/totp/confirm")
    return Reply(
        data={
            "factor": offer.factor_id,
            "secret": secret,
            "address": offer.address.reveal(),
            "picture": offer.picture.reveal(),
        },
        title="Add an authenticator app",
        body=fill_html(
            "<p>Scan this with your app, or type <code>{secret}</code>.</p>{picture}{form}",
            secret=secret,
            picture=picture,
            form=form,
        ),
    )


def _add_app(parts: IdentityParts, ask: Ask) -> Reply:
    account, record = _own(parts)
    parts.factors.totp.confirm(account, record, ask.take("factor"), ask.take("code"))
    mark_factor()
    return _changed(parts, "The app was added.")


def _renew_codes(parts: IdentityParts, _: Ask) -> Reply:
    account, record = _own(parts)
    codes = [code.reveal() for code in parts.factors.recovery.issue(account, record)]
    lines = join_html("", [fill_html("<li><code>{code}</code></li>", code=code) for code in codes])
    told = "<p>Keep these where you find them without your other factors. They are shown this once.</p><ul>{lines}</ul>"
    return Reply(data={"codes": list(codes)}, title="Your recovery codes", body=SafeHtml(told).format(lines=lines))


def _add_mail(parts: IdentityParts, _: Ask) -> Reply:
    account, record = _own(parts)
    parts.factors.email.enable(account, record)
    return _changed(parts, "Codes go to your address from now on.")


def _offer_passkey(parts: IdentityParts, _: Ask) -> Reply:
    account, record = _own(parts)
    return Reply(data={"options": open_passkeys(parts).offer(account, record, browser=current().session_id)})


def _add_passkey(parts: IdentityParts, ask: Ask) -> Reply:
    account, record = _own(parts)
    browser = current().session_id
    open_passkeys(parts).register(account, record, ask.take("code"), browser=browser, name=ask.find("name"))
    mark_factor()
    return _changed(parts, "The passkey was added.")


def _remove(parts: IdentityParts, ask: Ask) -> Reply:
    account, record = _own(parts)
    parts.factors.desk.remove(account, record, ask.take("factor"))
    return _changed(parts, "The factor was removed.")


def _own(parts: IdentityParts) -> tuple[AccountRecord, SessionRecord]:
    """The account and its session. Raises `SignInRequiredError` (401) for a token, which proves no factor."""
    record = current().record
    if record is None:
        raise SignInRequiredError("a token cannot change how somebody signs in")
    return find_own(parts), record


def _changed(parts: IdentityParts, sentence: str) -> Reply:
    here = f"{parts.settings.prefix}/factors"
    return Reply(data={"message": sentence, "csrf_token": current().csrf_token, "next": here}, location=here)


def _go(parts: IdentityParts, path: str) -> Reply:
    return Reply(location=parts.settings.prefix + path)


def _describe(factor: FactorRecord) -> dict[str, Json]:
    told = (factor.id, factor.kind, factor.name, factor.created, factor.used)
    return dict(zip(("factor", "kind", "name", "created", "used"), told, strict=True))


def _draw_factors(parts: IdentityParts, found: list[FactorRecord], left: int) -> SafeHtml:
    prefix = parts.settings.prefix
    rows = [
        fill_html(
            "<li>{kind} {name}{form}</li>",
            kind=_NAMES[one.kind],
            name=one.name,
            form=draw_form("Remove", ("factor",), {"factor": one.id}, f"{prefix}/factors/remove"),
        )
        for one in found
    ]
    ways = [draw_form("Add an authenticator app", ("name",), {}, f"{prefix}/factors/totp")]
    if parts.factors.passkeys is not None:
        asked, answered = "/factors/passkeys/options", "/factors/passkeys"
        ways.append(draw_passkey("create", "Add a passkey", prefix, asked, answered))
    ways += [
        draw_form("Get codes by mail", (), {}, f"{prefix}/factors/email"),
        draw_form("Make new recovery codes", (), {}, f"{prefix}/factors/recovery"),
        draw_link(f"{prefix}/factors/confirm?next={prefix}/factors", "Confirm with a factor"),
    ]
    return fill_html(
        "<ul>{rows}</ul><p>Recovery codes left: {left}</p>{ways}",
        rows=join_html("", rows),
        left=left,
        ways=join_html("", ways),
    )


def _draw_confirming(parts: IdentityParts, known: Mapping[str, str]) -> SafeHtml:
    account, prefix = find_own(parts), parts.settings.prefix
    kinds = parts.factors.list_kinds(account)
    drawn = [draw_kind(kind, known) for kind in kinds if kind != "passkey"]
    if "passkey" in kinds:
        asked, answered = "/factors/passkey/options", "/factors/confirm"
        drawn.insert(0, draw_passkey("get", "Use a passkey", prefix, asked, answered))
    if "email" in kinds:
        drawn.append(draw_form("Send me a code", (), known, f"{prefix}/factors/code"))
    return join_html("", drawn)
