"""Error pages in the app's own look: what they may show is fixed, and only what was escaped is sent (CWE-79, CWE-209).

    policy = GuardPolicy(error_page=template_page(TEMPLATES.get_template("error.html")))

The template knows `status`, `title`, `text` and `request_id`. A function does the same: it takes an `ErrorView` and
returns HTML that carries the mark of having been escaped (`fill_html`, markupsafe's Markup, Django's SafeString).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from vallum.base.errors import VallumError
from vallum.guard.errors.refusal import ErrorView

if TYPE_CHECKING:
    from jinja2 import Template

KEEPS: Final = ("generic-errors", "error-request-id", "html-escaped")

Page = Callable[[ErrorView], object]


class UnescapedPageError(VallumError):
    """A page that no escaping function and no template engine has made."""

    code = "page-unescaped"


def template_page(template: "Template") -> Page:
    """Use a Jinja2 template as the error page. Raises `ConfigError` for an environment that may leave it unescaped."""
    from vallum.guard.output.html import SafeHtml  # noqa: PLC0415 - Jinja2 and markupsafe are optional
    from vallum.guard.output.templates import check_environment  # noqa: PLC0415 - as above

    check_environment(template.environment)

    def render(view: ErrorView) -> SafeHtml:
        values = {"status": view.status, "title": view.title, "text": view.text, "request_id": view.request_id}
        return SafeHtml(template.render(values))

    return render


def render_own(page: Page, view: ErrorView) -> bytes:
    """What the app's page makes of an error. Raises what the page raises, and `UnescapedPageError`."""
    made = page(view)
    marked = getattr(made, "__html__", None)
    if marked is None:
        raise UnescapedPageError(
            f"the error page is a {type(made).__name__}.", hint="Return fill_html(...), or use template_page(...)."
        )
    return str(marked()).encode("utf-8")
