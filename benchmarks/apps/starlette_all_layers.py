"""Starlette with every layer of the guard on, for a harness that takes `benchmarks.apps.starlette_all_layers:app`."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.apps.layers import HELLO, build_policy, prime
from vallum.guard import Guard, public, requires


@requires("json:read")
async def hello(_: Request) -> JSONResponse:
    """The endpoint that is timed."""
    return JSONResponse(HELLO)


@public
async def enter(_: Request) -> JSONResponse:
    """Sign the harness in."""
    told, cookie = prime()
    return JSONResponse(told, headers={"set-cookie": cookie})


def build(more: int = 0) -> Starlette:
    """The app, with `more` routes that are matched before the timed one."""
    crowd = [Route(f"/other/{number}", hello) for number in range(more)]
    app = Starlette(routes=[*crowd, Route("/json", hello, methods=["GET", "POST"]), Route("/prime", enter)])
    Guard(app, policy=build_policy())
    return app


app = build()
