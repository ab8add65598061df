"""Litestar with every layer of the guard on, for a harness that takes `benchmarks.apps.litestar_all_layers:app`."""

from litestar import Litestar, Response, get, route

from benchmarks.apps.layers import HELLO, build_policy, prime
from vallum.guard import Guard, public, requires


@route("/json", http_method=["GET", "POST"], status_code=200)
@requires("json:read")
async def hello() -> dict[str, str]:
    """The endpoint that is timed."""
    return HELLO


@get("/prime")
@public
async def enter() -> Response[dict[str, str]]:
    """Sign the harness in."""
    told, cookie = prime()
    return Response(told, headers={"set-cookie": cookie})


def build() -> Litestar:
    """The app."""
    app = Litestar([hello, enter], openapi_config=None, logging_config=None)
    Guard(app, policy=build_policy())
    return app


app = build()
