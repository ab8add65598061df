"""Templates and the values that every page needs."""

from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from vallum.guard import current
from vallum.guard.frameworks.jinja import add_globals
from vallum.guard.output.templates import build_environment

from . import people, preview
from .settings import APP_NAME, SETTINGS, TEMPLATES

MESSAGES: Final = {
    "registered": "We have sent you a mail. Follow its link to open the account.",
    "confirmed": "Your address is confirmed.",
    "password": "Your password is changed.",
    "factor": "Your second factor is active.",
    "proven": "Your second factor is confirmed for five minutes.",
    "saved": "Saved.",
    "proof": "Saved. The new address counts once you follow the link that we sent to it.",
    "note-deleted": "The note is deleted.",
    "attached": "The file is attached.",
    "shared": "The note is shared.",
    "imported": "The notes came in.",
    "account-deleted": "The account is deleted.",
    "backup": "The backup is ready.",
    "announced": "The announcement is sent.",
}
"""What a page may say after a redirect: the address names one of these, and cannot bring a sentence of its own."""

ENVIRONMENT: Final = build_environment(TEMPLATES)
ENVIRONMENT.filters["markup"] = preview.read_markup
ENVIRONMENT.globals.update(
    app_name=APP_NAME, company=SETTINGS.company is not None, user=None, message="", request_id=""
)  # what an error page knows
add_globals(ENVIRONMENT)
PAGES: Final = Jinja2Templates(env=ENVIRONMENT)


def render(
    request: Request, name: str, context: dict[str, Any] | None = None, *, status: int = 200, message: str = ""
) -> HTMLResponse:
    """A page in the app's frame."""
    values = {
        "user": people.visitor(),
        "message": message or MESSAGES.get(request.query_params.get("done", ""), ""),
        "request_id": current().request_id if status >= 400 else "",
        **(context or {}),
    }
    return PAGES.TemplateResponse(request, name, values, status_code=status)


def go(path: str, done: str = "") -> RedirectResponse:
    """On to another page of this app, which says what was done."""
    return RedirectResponse(f"{path}?done={done}" if done else path, 303)
