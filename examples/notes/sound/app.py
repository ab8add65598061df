"""The application: routers, static files, and the guard around all of it."""

from dataclasses import replace
from typing import Final

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from vallum.guard import ASSETS, BearerPolicy, Environment, Guard
from vallum.guard.http.headers import HeaderPolicy
from vallum.guard.logging.setup import set_up_logs
from vallum.guard.output.csp import NONE, SELF, ContentSecurityPolicy

from . import (
    accounts,
    admin,
    alarms,
    api,
    company,
    devices,
    errors,
    exchange,
    files,
    limits,
    notes,
    people,
    reports,
    schema,
    sharing,
    tokens,
)
from .security import ROLES
from .settings import APP_NAME, SETTINGS, STATIC

OWN_CREDENTIAL: Final = ("/api/token", "/api/token/refresh", "/api/internal/notes", reports.PATH)
"""Each of these calls brings its credential in the body or a header, or needs none; cookies count for nothing there."""

if SETTINGS.guard.environment is not Environment.TEST:  # there, the test runner reads the logs
    set_up_logs()
app = FastAPI(title=APP_NAME, openapi_url=None)
app.mount("/static", StaticFiles(directory=STATIC), name="static")
for module in (accounts, devices, notes, sharing, files, exchange, admin, api, reports):
    app.include_router(module.router)
if SETTINGS.company:
    company.add_routes(app, SETTINGS.company)

GUARD: Final = Guard(
    app,
    policy=replace(
        SETTINGS.guard,
        roles=ROLES,
        paths={"/static/*": ASSETS},
        csrf_exempt=OWN_CREDENTIAL,
        bearer=BearerPolicy(verify=tokens.verify),
        login="/login",
        error_page=errors.PAGE,
        csp=ContentSecurityPolicy(
            default_src=(NONE,), style_src=(SELF,), img_src=(SELF,), trusted_types=True, report_to="csp"
        ),
        headers=HeaderPolicy(reporting={"csp": reports.PATH}),
        rate_limits=limits.POLICY,
        store=people.SESSIONS,
        sink=alarms.ALERTS,
    ),
)
schema.prepare()
