"""Flask with every layer of the guard on, for a harness that takes `benchmarks.apps.flask_all_layers:app`."""

from flask import Flask, Response, jsonify

from benchmarks.apps.layers import HELLO, build_policy, prime
from vallum.guard import Guard, public, requires


def build() -> Flask:
    """The app."""
    app = Flask(__name__, static_folder=None)

    @app.route("/json", methods=["GET", "POST"])
    @requires("json:read")
    def hello() -> dict[str, str]:
        return HELLO

    @app.get("/prime")
    @public
    def enter() -> Response:
        told, cookie = prime()
        answer = jsonify(told)
        answer.headers["set-cookie"] = cookie
        return answer

    Guard(app, policy=build_policy())
    return app


app = build()
