"""The application: routers, static files, and the guard around all of it."""

from dataclasses import replace
from typing import Final

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from vallum.guard import ASSETS, BearerPolicy, Guard

from . import accounts, admin, api, errors, exchange, files, logbook, notes, people, schema, sharing, tokens
from .security import ROLES
from .settings import APP_NAME, SETTINGS, STATIC

OWN_CREDENTIAL: Final = ("/api/token", "/api/token/refresh", "/api/internal/notes")
"""Each of these calls brings its credential in the body or a header; cookies count for nothing there."""

app = FastAPI(title=APP_NAME, openapi_url=None)
app.mount("/static", StaticFiles(directory=STATIC), name="static")
for module in (accounts, notes, sharing, files, exchange, admin, api):
    app.include_router(module.router)
errors.add_handlers(app)

GUARD: Final = Guard(
    app,
    policy=replace(
        SETTINGS.guard,
        roles=ROLES,
        paths={"/static/*": ASSETS},
        csrf_exempt=OWN_CREDENTIAL,
        bearer=BearerPolicy(verify=tokens.verify),
        store=people.SESSIONS,
        sink=logbook.keep_event,
    ),
)
schema.prepare()
