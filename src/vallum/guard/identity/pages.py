"""Plain forms for the endpoints, for an app that has no pages of its own yet."""

from typing import Final

from vallum.guard.exchange import current
from vallum.guard.identity.endpoint import Page
from vallum.guard.output.html import SafeHtml, fill_html, join_html

_LABELS: Final = {
    "email": "E-mail",
    "login": "Name or e-mail",
    "password": "Password",
    "new_password": "New password",
}
_COMPLETES: Final = {"email": "email", "login": "username", "password": "current-password"}


def render_form(page: Page, site: str, known: dict[str, str]) -> str:
    """The form, posted to where it was fetched; `known` fills the hidden fields."""
    fields = join_html("", [_render_field(name, known.get(name, "")) for name in page.fields])
    body = fill_html(
        '<form method="post"><input type="hidden" name="csrf_token" value="{token}">{fields}'
        '<p><button type="submit">{title}</button></p></form>',
        token=current().csrf_token,
        fields=fields,
        title=page.title,
    )
    return _render_page(page.title, site, body)


def render_sentence(sentence: str, site: str) -> str:
    """A page that says one sentence."""
    return _render_page(sentence, site, fill_html("<p>{text}</p>", text=sentence))


def _render_page(title: str, site: str, body: SafeHtml) -> str:
    return fill_html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        "<body><main><h1>{heading}</h1>{body}</main></body></html>",
        title=f"{title} - {site}" if site else title,
        heading=title,
        body=body,
    )


def _render_field(name: str, value: str) -> SafeHtml:
    if name not in _LABELS:
        return fill_html('<input type="hidden" name="{name}" value="{value}">', name=name, value=value)
    kind = "password" if "password" in name else "email" if name == "email" else "text"
    return fill_html(
        '<p><label>{label} <input name="{name}" type="{kind}" autocomplete="{completes}" required></label></p>',
        label=_LABELS[name],
        name=name,
        kind=kind,
        completes=_COMPLETES.get(name, "new-password"),
    )
