"""A small issuer in Python that lies on request: an `HttpSender` for tests of sign-ins."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from vallum.crypto.jwt.compact import encode_segment, write_segment
from vallum.guard.oauth.pkce import verify_pkce
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.transport import HttpReply, HttpRequest

ISSUER, CLIENT = "https://id.example", "notes-client"


def half(digest: bytes) -> str:
    return encode_segment(digest[: len(digest) // 2])


@dataclass
class FakeIssuer:
    """An `HttpSender` that is the issuer itself. What it shall do wrong stands in its fields."""

    clock: Callable[[], float]
    issuer: str = ISSUER
    keys: list[Any] = field(default_factory=lambda: [ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256"})])
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
    instead: dict[str, HttpReply] = field(default_factory=dict)
    forged: Callable[[dict[str, Any]], str] | None = None
    down: set[str] = field(default_factory=set)
    seen: list[HttpRequest] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refreshes: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def authorize(self, url: str, **changed: str) -> str:
        """What a browser brings back: the query string of the callback."""
        asked = dict(parse_qsl(urlsplit(url).query))
        with self.lock:
            code = f"code-{len(self.codes)}"
            self.codes[code] = asked
        return urlencode({"code": code, "state": asked["state"], "iss": self.issuer} | changed)

    def send(self, request: HttpRequest) -> HttpReply:
        path = urlsplit(request.url).path
        with self.lock:
            self.seen.append(request)
        if path in self.down:
            raise ProviderDownError("down")
        if path in self.instead:
            return self.instead[path]
        if path == "/.well-known/openid-configuration":
            return reply(self.document())
        if path == "/jwks":
            return reply({"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "/token":
            return self.redeem(dict(request.form or {}))
        return HttpReply(status=200 if path == "/revoke" else 404)

    def paths(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.seen]

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "end_session_endpoint": f"{self.issuer}/logout",
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def redeem(self, form: dict[str, str]) -> HttpReply:
        if form["grant_type"] == "refresh_token":
            self.refreshes.append(form["refresh_token"])
            if form["refresh_token"] != f"refresh-{len(self.refreshes)}":
                return reply({"error": "invalid_grant"}, 400)
            return reply(self.answer(self.tokens("")))
        with self.lock:
            asked = self.codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return reply({"error": "invalid_grant"}, 400)
        if not verify_pkce(form["code_verifier"], asked["code_challenge"], asked["code_challenge_method"]):
            return reply({"error": "invalid_grant"}, 400)
        return reply(self.answer(self.tokens(asked["nonce"])))

    def tokens(self, nonce: str) -> dict[str, Any]:
        number = len(self.refreshes) + 1
        return {
            "access_token": f"access-{number}",
            "refresh_token": f"refresh-{number}",
            "token_type": "Bearer",
            "expires_in": 600,
            "id_token": self.sign({"nonce": nonce, "at_hash": self.at_hash(f"access-{number}")}),
        }

    def at_hash(self, access: str) -> str:
        return half((sha512 if self.keys and self.keys[0].key_type == "OKP" else sha256)(access.encode()).digest())

    def sign(self, claims: dict[str, Any]) -> str:
        now = int(self.clock())
        whole = {"iss": self.issuer, "sub": "ada", "aud": CLIENT, "iat": now, "exp": now + 300} | claims | self.claims
        whole = {name: value for name, value in whole.items() if value is not None}
        if self.forged is not None:
            return self.forged(whole)
        return sign(self.keys[0], whole, self.header)


def sign(key: Any, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    algorithm = key.get("alg", "ES256")
    whole = {"alg": algorithm, "typ": "JWT", "kid": key.get("kid")} | (header or {})
    whole = {name: value for name, value in whole.items() if value is not None}
    signed = f"{write_segment(whole)}.{write_segment(claims)}"
    return f"{signed}.{encode_segment(JWSRegistry.algorithms[algorithm].sign(signed.encode(), key))}"


def reply(document: dict[str, Any], status: int = 200) -> HttpReply:
    return HttpReply(status=status, content_type="application/json;charset=utf-8", body=json.dumps(document).encode())
