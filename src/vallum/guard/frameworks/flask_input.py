"""Flask handlers that get typed input, so that they never touch `flask.request`.

@app.post("/notes/<int:note>")
@checked(RequestShape(path=Place, body=NewNote))
def change(data: CheckedRequest): ...
"""

import functools
from collections.abc import Callable
from typing import Any

from flask import request

from vallum.guard.input.checked_request import CheckedRequest, RequestShape


def checked(shape: RequestShape) -> Callable[[Callable[[CheckedRequest], Any]], Callable[..., Any]]:
    """Decorate a handler: it runs with the typed request, or the guard answers 400, 413 or 415 and it does not run."""

    def decorate(handler: Callable[[CheckedRequest], Any]) -> Callable[..., Any]:
        @functools.wraps(handler)
        def endpoint(**path: object) -> Any:
            return handler(
                shape.read(
                    body=request.stream.read(shape.limits.size + 1),
                    content_type=request.content_type or "",
                    query=request.query_string,
                    path=path,
                    headers=request.headers.items(),
                )
            )

        return endpoint

    return decorate
