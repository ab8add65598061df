"""Requests to the token and revocation endpoints, and the strict reading of what comes back (RFC 6749, section 5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.guard.oauth.provider import Provider
from vallum.guard.oauth.refusals import ProviderDownError, SignInRefusedError
from vallum.guard.oauth.transport import HttpReply, HttpRequest, HttpSender

INVALID_GRANT: Final = "invalid_grant"
_WORD: Final = re.compile(r"[a-z_]{1,64}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8192}")
_LONGEST_LIFE: Final = 10 * 366 * 86_400


class TokenEndpointError(SignInRefusedError):
    """The provider refused a token request; `word` is its error code (RFC 6749, section 5.2)."""

    refusal = SignInRefusedError.refusal
    event = SignInRefusedError.event

    def __init__(self, word: str) -> None:
        """Keep the code."""
        super().__init__(f"token-endpoint: {word}")
        self.word = word


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTokens:
    """What a provider issued. The access token is for its APIs; it proves nothing about who somebody is."""

    access_token: Secret[str]
    refresh_token: Secret[str] | None = None
    id_token: str = field(default="", repr=False)
    expires_in: int | None = None
    scope: str = ""


def request_tokens(sender: HttpSender, provider: Provider, address: str, form: Mapping[str, str]) -> ProviderTokens:
    """Send a token request with the client's proof, and return the tokens of an answer that is right in every part.

    Raises `TokenEndpointError` (400) when the provider refuses, `SignInRefusedError` (400) for an answer that lacks
    something, and `ProviderDownError` (503) for an outage or no JSON.
    """
    reply = _post(sender, provider, address, form)
    if reply.status >= 500 or reply.status == 429:
        raise ProviderDownError(f"token-endpoint: status {reply.status}")
    if not 200 <= reply.status < 300 and reply.status not in {400, 401, 403}:
        raise TokenEndpointError(f"status {reply.status}")
    answer = reply.read_json()
    # Some answer an error with 200.
    if reply.status != 200 or "error" in answer:
        word = answer.get("error")
        raise TokenEndpointError(word if isinstance(word, str) and _WORD.fullmatch(word) else f"status {reply.status}")
    return _read_tokens(answer)


def revoke_token(sender: HttpSender, provider: Provider, address: str, token: Secret[str]) -> bool:
    """Ask the provider to end a refresh token (RFC 7009); False if it did not say that it has."""
    form = {"token": token.reveal(), "token_type_hint": "refresh_token"}
    try:
        return _post(sender, provider, address, form).status == 200
    except ProviderDownError:
        return False


def _post(sender: HttpSender, provider: Provider, address: str, form: Mapping[str, str]) -> HttpReply:
    proof = provider.authentication.prove(provider.client_id, provider.issuer)
    return sender.send(HttpRequest(url=provider.check(address), headers=proof.headers, form={**form, **proof.form}))


def _read_tokens(answer: Mapping[str, Any]) -> ProviderTokens:
    access, refresh, identity = (answer.get(name, "") for name in ("access_token", "refresh_token", "id_token"))
    if not isinstance(access, str) or not _TOKEN.fullmatch(access):
        raise SignInRefusedError("token-endpoint: no access token")
    if str(answer.get("token_type", "")).lower() != "bearer":
        raise SignInRefusedError("token-endpoint: another type of token than Bearer")
    if not isinstance(identity, str) or (refresh and not (isinstance(refresh, str) and _TOKEN.fullmatch(refresh))):
        raise SignInRefusedError("token-endpoint: a token that is none")
    scope = answer.get("scope", "")
    return ProviderTokens(
        access_token=Secret(access),
        refresh_token=Secret(refresh) if refresh else None,
        id_token=identity,
        expires_in=_read_life(answer.get("expires_in")),
        scope=scope if isinstance(scope, str) else "",
    )


def _read_life(told: object) -> int | None:
    text = str(told) if isinstance(told, (int, str)) and not isinstance(told, bool) else ""
    return min(int(text), _LONGEST_LIFE) if text.isascii() and text.isdecimal() and len(text) < 12 else None
