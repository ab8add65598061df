"""Plain pages for the endpoints, for an app that has none of its own yet."""

from collections.abc import Mapping
from typing import Final

from vallum.guard.exchange import current
from vallum.guard.identity.endpoint import Page
from vallum.guard.output.html import SafeHtml, fill_html, join_html
from vallum.guard.output.urls import check_link

_LABELS: Final = {
    "email": "E-mail",
    "login": "Name or e-mail",
    "password": "Password",
    "new_password": "New password",
    "code": "Code",
    "name": "Name for it",
    "roles": "Roles, between spaces",
}
_COMPLETES: Final = {
    "email": "email",
    "login": "username webauthn",
    "password": "current-password",
    "code": "one-time-code",
    "name": "off",
    "roles": "off",
}
_BOX: Final = SafeHtml('<input name="{}" type="{}" autocomplete="{}"{}>')
_OPTIONAL: Final = frozenset({"name", "roles"})


def render_form(page: Page, site: str, known: Mapping[str, str]) -> str:
    """The page of an endpoint: its form, posted to where it was fetched, and what it draws; `known` fills fields."""
    parts = [] if page.fields is None else [draw_form(page.title, page.fields, known)]
    if page.draw is not None:
        parts.append(page.draw(known))
    return render_page(page.title, site, join_html("", parts))


def draw_form(title: str, fields: tuple[str, ...], known: Mapping[str, str], path: str = "") -> SafeHtml:
    """A form with one button, posted to `path` of our own, else to where it was fetched."""
    begin = SafeHtml('<form method="post" action="{}">').format(path) if path else SafeHtml('<form method="post">')
    return fill_html(
        '{begin}<input type="hidden" name="csrf_token" value="{token}">{fields}'
        '<p><button type="submit">{title}</button></p>{end}',
        begin=begin,
        end=SafeHtml("</form>"),
        token=current().csrf_token,
        fields=join_html("", [_draw_field(name, known.get(name, "")) for name in fields]),
        title=title,
    )


def draw_link(path: str, text: str) -> SafeHtml:
    """A link to `path` of our own."""
    return SafeHtml('<p><a href="{}">{}</a></p>').format(path, text)


def draw_passkey(kind: str, text: str, prefix: str, asked: str, answered: str, *, autofill: bool = False) -> SafeHtml:
    """A button that asks the browser for a passkey, `kind` "get" or "create", and the script that works it."""
    exchange = current()
    button = fill_html(
        '<button type="button" hidden data-passkey="{kind}" data-options="{asked}" data-answer="{answered}" '
        'data-token="{token}" data-autofill="{autofill}">{text}</button>',
        kind=kind,
        asked=prefix + asked,
        answered=prefix + answered,
        token=exchange.csrf_token,
        autofill="yes" if autofill else "no",
        text=text,
    )
    script = SafeHtml('<script nonce="{}" src="{}/passkeys.js" defer></script>').format(exchange.csp_nonce, prefix)
    return fill_html('<p>{button} <span role="status"></span></p>{script}', button=button, script=script)


def render_sentence(sentence: str, site: str) -> str:
    """A page that says one sentence."""
    return render_page(sentence, site, fill_html("<p>{text}</p>", text=sentence))


def render_turn(address: str, site: str) -> str:
    """A page that goes on to `address` of our own by itself: a browser then comes from this site, with its cookies."""
    link = SafeHtml('<p><a id="turn" href="{}">Continue</a></p>').format(address)
    script = '<script nonce="{nonce}">document.getElementById("turn").click()</script>'
    return render_page("Continue", site, link + SafeHtml(script).format(nonce=current().csp_nonce))


def render_way(sentence: str, address: str, site: str) -> str:
    """A page with a link to another site, to which a form may not lead."""
    schemes = ("https", "http") if address.startswith(("http://localhost", "http://127.0.0.1")) else ("https",)
    link = SafeHtml('<p><a href="{}" rel="noreferrer">Continue</a></p>').format(check_link(address, schemes=schemes))
    return render_page(sentence, site, link)


def render_page(title: str, site: str, body: SafeHtml) -> str:
    """A whole page."""
    return fill_html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        "<body><main><h1>{heading}</h1>{body}</main></body></html>",
        title=f"{title} - {site}" if site else title,
        heading=title,
        body=body,
    )


def _draw_field(name: str, value: str) -> SafeHtml:
    if name not in _LABELS or (value and name != "login"):
        return fill_html('<input type="hidden" name="{name}" value="{value}">', name=name, value=value)
    kind = "password" if "password" in name else "email" if name == "email" else "text"
    needed = SafeHtml("" if name in _OPTIONAL else " required")
    completes = _COMPLETES.get(name, "new-password")
    return fill_html(
        "<p><label>{label} {box}</label></p>", label=_LABELS[name], box=_BOX.format(name, kind, completes, needed)
    )
