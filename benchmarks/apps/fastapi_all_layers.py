"""FastAPI with every layer of the guard on, for a harness that takes `benchmarks.apps.fastapi_all_layers:app`."""

from fastapi import FastAPI
from starlette.responses import JSONResponse

from benchmarks.apps.layers import HELLO, build_policy, prime
from vallum.guard import Guard, public, requires


def build() -> FastAPI:
    """The app."""
    app = FastAPI(openapi_url=None)

    @app.api_route("/json", methods=["GET", "POST"])
    @requires("json:read")
    async def hello() -> dict[str, str]:
        return HELLO

    @app.get("/prime")
    @public
    async def enter() -> JSONResponse:
        told, cookie = prime()
        return JSONResponse(told, headers={"set-cookie": cookie})

    Guard(app, policy=build_policy())
    return app


app = build()
