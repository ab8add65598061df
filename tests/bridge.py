"""WSGI apps behind a small ASGI bridge, so that one browser serves for all."""

import asyncio
import io
from typing import Any


def as_asgi(app: Any) -> Any:
    """Serve a WSGI app to an ASGI client, in a thread of its own as WSGI servers do."""

    async def run(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()) and message["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        head, content = await asyncio.to_thread(serve, app, environ_of(scope, body))
        await send(head)
        await send({"type": "http.response.body", "body": content})

    return run


def serve(app: Any, environ: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Run one request as a server would that sends the head with the first byte of the body."""
    content = b""
    head: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info is not None and content:
            raise exc_info[1]
        encoded = [(name.encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
        head.update(type="http.response.start", status=int(status[:3]), headers=encoded)

    parts = app(environ, start_response)
    try:
        for part in parts:
            content += part
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return head, content


def environ_of(scope: Any, body: bytes) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode(),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode().upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value.decode('latin-1')}" if key in environ else value.decode("latin-1")
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ["wsgi.input_terminated"] = True
    return environ
