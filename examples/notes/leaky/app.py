"""The application: routers, middleware, static files."""

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles

from . import (
    accounts,
    admin,
    api,
    company,
    database,
    errors,
    exchange,
    files,
    notes,
    schema,
    sessions,
    settings,
    sharing,
)
from .logbook import log

app = FastAPI(title=settings.APP_NAME, version=settings.VERSION, debug=settings.DEBUG)
app.mount("/static", StaticFiles(directory=settings.STATIC), name="static")


@app.middleware("http")
async def visitor(request: Request, call_next):
    """Find out who is visiting, and sign the answer."""
    log.info(f"{request.method} {request.url} from {request.headers.get('user-agent')} {dict(request.cookies)}")
    request.state.session_id = sessions.session_of(request)
    request.state.user = sessions.user_of(request.state.session_id)
    response = await call_next(request)
    if sessions.COOKIE not in request.cookies and "set-cookie" not in response.headers:
        response.set_cookie(sessions.COOKIE, request.state.session_id, samesite=None)
    response.headers["Server"] = f"notes/{settings.VERSION} uvicorn"
    response.headers["X-Powered-By"] = "FastAPI"
    response.headers["X-XSS-Protection"] = "1; mode=block"
    response.headers["Referrer-Policy"] = "unsafe-url"
    return response


app.add_middleware(
    CORSMiddleware, allow_origins=["*"], allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
)

for module in (accounts, company, notes, sharing, files, exchange, admin, api):
    app.include_router(module.router)
errors.add_handlers(app)


@app.get("/debug/config")
def debug_config():
    """What this instance runs with, for support."""
    values = {name: str(value) for name, value in vars(settings).items() if name.isupper()}
    return {"settings": values, "sqlite": database.one("SELECT sqlite_version() AS version")["version"]}


schema.prepare()
