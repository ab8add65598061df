"""Templates and the values that every page needs."""

import json

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader

from . import preview, settings
from .sessions import read_preferences

templates = Jinja2Templates(directory=settings.TEMPLATES)
templates.env.filters["markup"] = preview.render

plain = Environment(loader=FileSystemLoader(settings.TEMPLATES))


def render(request, name, status_code=200, **context):
    """A page in the app's frame."""
    preferences = read_preferences(request)
    state = {"user": request.state.user and request.state.user["username"], "query": request.query_params.get("q", "")}
    context |= {
        "user": request.state.user,
        "preferences": preferences,
        "message": context.get("message") or request.query_params.get("message", ""),
        "state": json.dumps(state),
        "company": bool(settings.COMPANY_ISSUER),
        "app_name": settings.APP_NAME,
        "version": settings.VERSION,
    }
    return templates.TemplateResponse(request, name, context, status_code=status_code)


def render_plain(name, **context):
    """A sheet without the frame, for printing and mail."""
    return plain.get_template(name).render(**context)
