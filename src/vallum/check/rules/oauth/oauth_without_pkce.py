"""Codes that are worth a token to whoever holds them: no challenge, the method plain, or a verifier that is known."""

import re
from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Setting
from vallum.check.flow.folding import UNKNOWN, fold
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.oauth import Message, exchanges_by_hand, starts_by_hand, uses_oauth
from vallum.check.readings.origins import origins_of
from vallum.check.readings.tokens import read_table
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Finding, Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "A code that leaked through a log, a Referer or another application brings a token to its finder."
_FIX: Final = (
    "Make a verifier of 32 random bytes for each sign-in, keep it with the state, send its SHA-256 as code_challenge "
    "with code_challenge_method=S256, and the verifier with the code: PkcePair of the guard."
)
_CLIENTS: Final = frozenset({"OAuth2Session", "OAuth2Client", "AsyncOAuth2Client"})
_METHOD: Final = re.compile(r"method", re.IGNORECASE)
_SERVES: Final = re.compile(r"code_?challenge|code_?verifier|S256")
_SOUND: Final = (
    "vallum.guard.oauth.client.OAuthClient", "vallum.guard.oauth.pkce.PkcePair.make", "*.initiate_auth_code_flow",
    "*.acquire_token_by_auth_code_flow", "vallum.guard.oauth.pkce.verify_pkce",
)  # fmt: skip


def examine(project: Project) -> Iterator[Remark]:
    """Look at authorization requests, at exchanges of codes, at libraries' options, and at servers."""
    looked = False
    for judge in (
        _judge_starts, _judge_exchanges, _judge_registrations, _judge_urls, _judge_factories, _judge_settings,
        _judge_servers, _judge_comparisons,
    ):  # fmt: skip
        for remark in judge(project):
            looked = True
            yield remark
    for call in project.calls(*_SOUND):
        if not is_test(call.place.path):
            looked = True
            yield RULE.site(call.place, "S256 by the library")
    if not looked and not uses_oauth(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nobody signs in with another provider")


def _find(place: Place, why: str, confidence: Confidence = Confidence.HIGH) -> Finding:
    return RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=confidence)


def _judge_starts(project: Project) -> Iterator[Remark]:
    for start in starts_by_hand(project):
        given = start.parameters
        kind = given.constant("response_type", project)
        if isinstance(kind, str) and "code" not in kind.split():
            continue
        method = given.constant("code_challenge_method", project)
        if "code_challenge" not in given.values:
            if not given.open:
                yield _find(start.place, "The authorization request has no code_challenge.")
        elif isinstance(given.constant("code_challenge", project), str):
            yield _find(start.place, "The code_challenge is the same every time.")
        elif "code_challenge_method" not in given.values and not given.open:
            yield _find(start.place, "Without code_challenge_method the method is plain.")
        elif isinstance(method, str) and method != "S256":
            yield _find(start.place, f"The method is {method}: the challenge is the verifier.")
        elif method == "S256" or method is UNKNOWN:
            yield RULE.site(start.place, "sends a challenge")


def _judge_exchanges(project: Project) -> Iterator[Remark]:
    for exchange in exchanges_by_hand(project):
        if not _redeems_code(exchange, project):
            continue
        given = exchange.parameters
        if "code_verifier" in given.values:
            if isinstance(given.constant("code_verifier", project), str):
                yield _find(exchange.place, "The code_verifier is the same every time.")
            else:
                yield RULE.site(exchange.place, "sends the verifier")
        elif not given.open:
            yield _find(exchange.place, "The token request has no code_verifier.")


def _redeems_code(exchange: Message, project: Project) -> bool:
    grant = exchange.parameters.constant("grant_type", project)
    return grant == "authorization_code" or (grant is None and "code" in exchange.parameters.values)


def _judge_registrations(project: Project) -> Iterator[Remark]:
    """`oauth.register(...)` of Authlib, and `create_authorization_url` of its sessions."""
    if not project.uses("authlib"):
        return
    for call in project.calls("*.register"):
        told = call.argument(None, "client_kwargs", "server_metadata_url", "authorize_url", "access_token_url")
        skips = is_test(call.place.path) or call.expands or call.argument(None, "request_token_url")
        if told is not None and not skips:
            yield from _judge_method(call, _read_kwargs(call, project))
    for call in project.calls("*.create_authorization_url"):
        made = _maker(call, project)
        if made is not None and not made.expands and not is_test(call.place.path):
            method = made.constant_of(None, "code_challenge_method", default=None)
            sent = call.argument(None, "code_verifier", "code_challenge") is not None
            yield from _judge_method(call, method if sent or call.expands else None)


def _read_kwargs(call: Call, project: Project) -> Any:
    """The `code_challenge_method` of a registration; None without one, `UNKNOWN` when it cannot be told."""
    given = call.argument(None, "client_kwargs")
    if given is None:
        return None
    told = read_table(given, call, project)
    return told.get("code_challenge_method", None if told else UNKNOWN)


def _judge_method(call: Call, method: Any) -> Iterator[Remark]:
    if method == "S256":
        yield RULE.site(call.place, "S256 by the library")
    elif method is None:
        yield _find(call.place, "No code_challenge_method is set, so the library sends no challenge.")
    elif isinstance(method, str):
        yield _find(call.place, f"The method is {method}: the challenge is the verifier.")


def _maker(call: Call, project: Project) -> Call | None:
    """The call that built the session on which another is called."""
    if call.receiver is None:
        return None
    origins = origins_of(project)
    for node, scope in origins.trace(call.receiver.node, origins.scope_at(call), lambda *_: False):
        if isinstance(node, nodes.Call):
            made = project.facts.call(node, scope)
            if made.method in _CLIENTS or made.name in _CLIENTS:
                return made
    return None


def _judge_urls(project: Project) -> Iterator[Remark]:
    """What other libraries are told when an address is made."""
    if project.uses("requests_oauthlib"):
        for call in project.calls("*.authorization_url"):
            made = _maker(call, project)
            if made is not None and not is_test(call.place.path):
                given = call.argument(None, "code_challenge")
                method = made.constant_of(None, "pkce", default=None) if given is None else "S256"
                yield from _judge_method(call, UNKNOWN if call.expands or made.expands else method)
    if project.uses("httpx_oauth"):
        for call in project.calls("*.get_authorization_url"):
            if not is_test(call.place.path) and not call.expands:
                yield from _judge_method(call, call.constant_of(None, "code_challenge_method", default=None))


def _judge_factories(project: Project) -> Iterator[Remark]:
    """Calls of MSAL and of google-auth-oauthlib, which have one option each."""
    for call in project.calls("*.get_authorization_request_url"):
        if not is_test(call.place.path) and call.argument(None, "code_challenge") is None:
            yield _find(call.place, f"`{call.method}` sends no challenge; initiate_auth_code_flow does.")
    for call in project.calls("*.prepare_request_uri") if project.uses("oauthlib") else ():
        method = call.constant_of(None, "code_challenge_method", default=None)
        if not is_test(call.place.path) and not call.expands:
            yield from _judge_method(call, method)
    for call in project.calls("*.from_client_config", "*.from_client_secrets_file"):
        makes = call.constant_of(None, "autogenerate_code_verifier")
        if makes is False and call.argument(None, "code_verifier") is None and not is_test(call.place.path):
            yield _find(call.place, "autogenerate_code_verifier is off.")
        elif makes is True:
            yield RULE.site(call.place, "S256 by the library")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        if is_test(setting.place.path):
            continue
        if setting.key == "PKCE_REQUIRED" and setting.known:
            if setting.constant:
                yield RULE.site(setting.place, "the server wants a challenge")
            else:
                yield _find(setting.place, "The server takes codes without a challenge.")
        elif setting.key == "SOCIALACCOUNT_PROVIDERS":
            yield from _judge_providers(setting, project)


def _judge_providers(setting: Setting, project: Project) -> Iterator[Remark]:
    """django-allauth sends a challenge where `OAUTH_PKCE_ENABLED` says so."""
    if not isinstance(setting.node, nodes.Table):
        return
    scope = origins_of(project).scope_at(setting)
    for key, value in zip(setting.node.keys, setting.node.values, strict=True):
        if key is None or not isinstance(value, nodes.Table) or None in value.keys:
            continue
        names = [fold(name, scope, project.facts.names) for name in value.keys]
        place = setting.module.place(value)
        said = dict(zip(names, value.values, strict=True)).get("OAUTH_PKCE_ENABLED")
        if said is not None and fold(said, scope, project.facts.names) is not False:
            yield RULE.site(place, "S256 by the library")
        elif UNKNOWN not in names:
            yield _find(place, "OAUTH_PKCE_ENABLED is not set.", Confidence.MEDIUM)


def _judge_servers(project: Project) -> Iterator[Remark]:
    """Authlib's own `CodeChallenge` takes plain too, and takes it when no method is named."""
    own = [known.qualified for known in project.classes if any("rfc7636" in base for base in known.bases)]
    for call in project.calls("authlib.*.CodeChallenge", *own):
        if is_test(call.place.path):
            continue
        if call.constant_of(0, "required", default=True) is False:
            yield _find(call.place, "The server takes codes without a challenge.")
        elif call.name.startswith("authlib."):
            yield _find(call.place, "Authlib's CodeChallenge takes the method plain.", Confidence.MEDIUM)
        else:
            yield RULE.site(call.place, "the server wants a challenge")
    for setting in project.settings:
        methods = setting.constant if setting.key == "SUPPORTED_CODE_CHALLENGE_METHOD" else None
        if isinstance(methods, list | tuple) and "plain" in methods and not is_test(setting.place.path):
            yield _find(setting.place, "The server takes the method plain.")


def _judge_comparisons(project: Project) -> Iterator[Remark]:
    """A server by hand, which compares the method."""
    for comparison in project.comparisons:
        left, right, function = comparison.left, comparison.right, comparison.function
        if function is None or not _METHOD.search(left.text) or is_test(comparison.place.path):
            continue
        if not _SERVES.search(function.text):
            continue
        values = right.constant if isinstance(right.constant, list | tuple) else [right.constant]
        if "plain" in values and comparison.operator in {"==", "in", "not in"}:
            yield _find(comparison.place, "The server takes the method plain.")
        elif "S256" in values and "plain" not in function.text:
            yield RULE.site(comparison.place, "the server knows S256 only")


RULE = Rule(
    slug="oauth-without-pkce",
    control="oauth-pkce",
    languages=("python",),
    unit=("OAuth request", "OAuth requests"),
    sound="S256",
    examine=examine,
)
