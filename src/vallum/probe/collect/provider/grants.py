"""What the provider of a trial knows: codes that it gave, refresh tokens in turn, and what it was asked."""

import hashlib
import json
import time
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from vallum.base.compare import equal
from vallum.base.randomness import token
from vallum.crypto.jwt.compact import encode_segment
from vallum.probe.collect.provider.tokens import Keys, write_claims
from vallum.probe.exchange import Consent

CLIENT: Final = "vallum-trial"
_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the provider answers."""

    status: int
    body: bytes
    media_type: str = _JSON


@dataclass(slots=True, kw_only=True)
class _Code:
    """An authorization code, and what it was given for."""

    asked: Mapping[str, str]
    consent: Consent
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Desk:
    """One provider's memory. Its methods answer requests and send none; whoever serves them holds the lock."""

    issuer: str
    secret: str = field(default_factory=token, repr=False)
    keys: Keys = field(default_factory=Keys, repr=False)
    shift: float = 0.0
    """How far the clock of the app is ahead."""
    ended: bool = False
    """Whether it refuses every refresh from now on."""
    heard: list[dict[str, Any]] = field(default_factory=list)
    given: list[str] = field(default_factory=list, repr=False)
    """Every token and code that it has issued."""
    _codes: dict[str, _Code] = field(default_factory=dict, repr=False)
    _refreshes: dict[str, Consent] = field(default_factory=dict, repr=False)
    _people: dict[str, Consent] = field(default_factory=dict, repr=False)

    def metadata(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0, section 3)."""
        places = {
            name: f"{self.issuer}/{path}"
            for name, path in (
                ("authorization_endpoint", "authorize"),
                ("token_endpoint", "token"),
                ("userinfo_endpoint", "userinfo"),
                ("jwks_uri", "jwks"),
                ("end_session_endpoint", "end"),
            )
        }
        return {
            "issuer": self.issuer,
            **places,
            "response_types_supported": ["code", "token", "id_token", "code id_token"],
            "grant_types_supported": ["authorization_code", "refresh_token", "password"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "authorization_response_iss_parameter_supported": True,
        }

    def consent(self, wanted: Consent) -> str:
        """Where the browser goes back to, with what an honest provider adds: code, state and iss."""
        asked = dict(parse_qsl(urlsplit(wanted.url).query, keep_blank_values=True))
        code = wanted.code or token()
        if not wanted.code:
            self._codes[code] = _Code(asked=asked, consent=wanted)
            self.given.append(code)
        back = {"code": code, "iss": self.issuer}
        if "state" in asked:
            back["state"] = asked["state"]
        back = {name: value for name, value in (back | dict(wanted.changed)).items() if value is not None}
        address = asked.get("redirect_uri", "")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(back)}"

    def redeem(self, form: Mapping[str, str], authorization: str, query: Mapping[str, str]) -> Reply:
        """Answer a token request (RFC 6749, sections 4.1.3, 5 and 6)."""
        client, secret, way = _read_client(form, authorization)
        known = {"grant": form.get("grant_type", ""), "way": way, "in_query": sorted(query)}
        told: dict[str, Any] = {**known, "verifier": form.get("code_verifier", "")}
        self.heard.append(told)
        if client != CLIENT or (secret and not equal(secret, self.secret)):
            told["outcome"] = "invalid_client"
            return _refuse(401, "invalid_client")
        if told["grant"] == "refresh_token":
            return self._refresh(form, told)
        return self._exchange(form, told)

    def describe(self, authorization: str) -> Reply:
        """Answer a userinfo request."""
        consent = self._people.get(authorization.partition(" ")[2])
        if consent is None:
            return _refuse(401, "invalid_token")
        return _answer(_person(consent))

    def _exchange(self, form: Mapping[str, str], told: dict[str, Any]) -> Reply:
        code = self._codes.get(form.get("code", ""))
        if told["grant"] != "authorization_code":
            told["outcome"] = "unsupported_grant_type"
            return _refuse(400, "unsupported_grant_type")
        if code is None or code.used or not _proves(code, form):
            told["outcome"] = "invalid_grant"
            return _refuse(400, "invalid_grant")
        code.used = True
        told["outcome"] = "tokens"
        return self._issue(code.consent, code.asked.get("nonce", ""), code.asked.get("scope", ""))

    def _refresh(self, form: Mapping[str, str], told: dict[str, Any]) -> Reply:
        sent = form.get("refresh_token", "")
        consent = self._refreshes.get(sent)
        newest = bool(self._refreshes) and sent == list(self._refreshes)[-1]
        told["newest"] = newest
        if consent is None or self.ended or not newest:
            told["outcome"] = "invalid_grant"
            return _refuse(400, "invalid_grant")
        told["outcome"] = "tokens"
        return self._issue(consent, "", "")

    def _issue(self, consent: Consent, nonce: str, scope: str) -> Reply:
        access, refresh = token(), token()
        self._people[access], self._refreshes[refresh] = consent, consent
        claims = write_claims(
            issuer=self.issuer,
            client=CLIENT,
            nonce=nonce,
            access_token=access,
            now=time.time() + self.shift,
            person=_person(consent),
            fault=consent.fault,
        )
        answer: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": consent.seconds,
            "refresh_token": refresh,
            "scope": scope,
            "id_token": self.keys.sign(claims, consent.fault),
        }
        self.given += [access, refresh, answer["id_token"]]
        return _spoil(answer, consent.fault)


def _spoil(answer: dict[str, Any], fault: str) -> Reply:
    if fault == "html":
        return Reply(status=200, body=b"<!doctype html><title>Busy</title><p>Try again.", media_type=_HTML)
    if fault == "no-id-token":
        del answer["id_token"]
    if fault == "status":
        return _answer({**answer, "error": "invalid_request"}, 400)
    return _answer(answer)


def _answer(value: Mapping[str, Any], status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode())


def _refuse(status: int, error: str) -> Reply:
    return _answer({"error": error}, status)


def _person(consent: Consent) -> dict[str, Any]:
    return {
        "sub": consent.subject,
        "name": consent.name,
        "email": consent.email,
        "email_verified": consent.verified,
    }


def _proves(code: _Code, form: Mapping[str, str]) -> bool:
    """Whether the request is by whoever asked for the code: its redirect URI and its verifier (RFC 7636)."""
    challenge = code.asked.get("code_challenge", "")
    verifier = form.get("code_verifier", "")
    if form.get("redirect_uri", "") != code.asked.get("redirect_uri", ""):
        return False
    if code.consent.fault == "verifier":
        return False
    if code.asked.get("code_challenge_method") == "S256":
        return challenge == encode_segment(hashlib.sha256(verifier.encode()).digest())
    return challenge in ("", verifier)


def _read_client(form: Mapping[str, str], authorization: str) -> tuple[str, str, str]:
    """Who asks, the secret, and how it came: `basic`, `post`, `assertion` or `none`."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = b64decode(value).decode().partition(":")
        except ValueError:
            return "", "", "basic"
        return unquote_plus(name), unquote_plus(secret), "basic"
    way = "post" if "client_secret" in form else "assertion" if "client_assertion" in form else "none"
    return form.get("client_id", ""), form.get("client_secret", ""), way
