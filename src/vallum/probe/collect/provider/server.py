"""The provider's door: HTTP on a port of 127.0.0.1, in a thread that ends with the trial."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from vallum.probe.collect.provider.grants import CLIENT, Desk, Reply
from vallum.probe.exchange import Consent

_LONGEST: Final = 1 << 16
_PATIENCE: Final = 10.0
_POLL: Final = 0.02
WORDS: Final = ("{issuer}", "{client_id}", "{client_secret}")
"""What stands in the variables by which the app is told of the provider."""


class LoopbackProvider:
    """An OpenID provider that says yes to everybody, and lies where it is told to."""

    def __init__(self) -> None:
        """Open a port that nobody else on this machine has; nothing beyond this machine can reach it."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        # By its name: a guard may keep private addresses out of the Location header.
        self.desk = Desk(issuer=f"http://localhost:{self._server.server_address[1]}")
        self._server.provider = self  # type: ignore[attr-defined]  # the handler is built by the server
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL,), daemon=True)
        self._thread.start()

    def fill(self, text: str) -> str:
        """The text with each of `WORDS` replaced."""
        for word, value in zip(WORDS, (self.desk.issuer, CLIENT, self.desk.secret), strict=True):
            text = text.replace(word, value)
        return text

    def consent(self, wanted: Consent) -> str:
        """Let the user in; where the browser goes back to."""
        with self._lock:
            return self.desk.consent(wanted)

    def recall(self, *, end: bool = False) -> dict[str, Any]:
        """What it was asked since the last call, its client secret, and all that it has issued."""
        with self._lock:
            heard, self.desk.heard = self.desk.heard, []
            self.desk.ended = self.desk.ended or end
            return {"requests": heard, "secret": self.desk.secret, "issued": list(self.desk.given)}

    def advance(self, seconds: float) -> None:
        """Let its clock follow that of the app."""
        with self._lock:
            self.desk.shift += seconds

    def answer(self, path: str, form: dict[str, str] | None, query: dict[str, str], authorization: str) -> Reply:
        """Answer a request of the app."""
        with self._lock:
            if path == "/token" and form is not None:
                return self.desk.redeem(form, authorization, query)
            if path == "/userinfo":
                return self.desk.describe(authorization)
            known = {"/.well-known/openid-configuration": self.desk.metadata, "/jwks": self.desk.keys.jwks}
            if path in known:
                return Reply(status=200, body=json.dumps(known[path]()).encode())
        return Reply(status=404, body=b'{"error": "not_found"}')

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection; says nothing to the console."""

    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE
    server: Any

    def do_GET(self) -> None:
        """Documents, keys, userinfo."""
        self._reply(None)

    def do_POST(self) -> None:
        """Token requests."""
        length = min(int(self.headers.get("content-length") or 0), _LONGEST)
        body = self.rfile.read(length).decode("utf-8", "replace")
        self._reply(dict(parse_qsl(body, keep_blank_values=True)))

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's name
        """Nothing."""

    def _reply(self, form: dict[str, str] | None) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        reply = self.server.provider.answer(parts.path, form, query, self.headers.get("authorization", ""))
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(reply.body)
