"""Tokens that come through the address, passwords that go to the client, and exchanges whose answer is believed."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.gates import is_gated
from vallum.check.readings.oauth import Message, exchanges_by_hand, starts_by_hand, uses_oauth
from vallum.check.readings.origins import origins_of
from vallum.check.readings.tokens import read_table
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_BEYOND: Final = re.compile(r"\b(?:token|id_token)\b")
_PASSWORD_CALLS: Final = (
    "*.acquire_token_by_username_password", "*.LegacyApplicationClient", "*.password_grant", "*.get_token_by_password",
)  # fmt: skip
_GRANTS: Final = ("ResourceOwnerPasswordCredentialsGrant", "ImplicitGrant", "OpenIDImplicitGrant", "OpenIDHybridGrant")
_CHECKS: Final = re.compile(
    r"raise_for_status|status_code|\.status\b|\.ok\b|is_success|is_error|[\"']error[\"']|"
    r"[\"']access_token[\"']\s+(?:not\s+)?in\b|not\s+\w+\.get\([\"']access_token"
)
_INSECURE: Final = frozenset({"OAUTHLIB_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT"})
_SOUND: Final = (
    "vallum.guard.oauth.client.OAuthClient", "*.authorize_access_token", "*.acquire_token_by_auth_code_flow",
    "*.initiate_auth_code_flow", "*.WebApplicationClient", "*.verify_and_process", "*.from_client_secrets_file",
    "*.from_client_config",
)  # fmt: skip
_CLEAR: Final = re.compile(r"http://(?!localhost|127\.|\[::1\])")
_IMPLICIT: Final = "The token stands in the address, where histories, scripts and open redirects reach it."
_ASKED: Final = "Users learn to give the provider's password to others, and no second factor can be asked."
_HANGS: Final = "A provider that does not answer holds the worker for ever."
_ERRORS: Final = "An error page of the provider becomes a signed-in stranger."
_READ: Final = "Whoever stands between reads the code, the client's secret and the tokens."
_CODE_FIX: Final = "Ask for response_type=code, with PKCE, and exchange the code on the server."
_ANSWER_FIX: Final = "Refuse every status but 200, and an answer without its tokens or with a token_type but Bearer."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every authorization request, every token request, and what libraries are told."""
    looked = False
    for remark in (*_judge_starts(project), *_judge_exchanges(project), *_judge_libraries(project)):
        looked = True
        yield remark
    if not looked and not uses_oauth(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nobody signs in with another provider")


def _judge_starts(project: Project) -> Iterator[Remark]:
    for start in starts_by_hand(project):
        kind = start.parameters.constant("response_type", project)
        if isinstance(kind, str) and _BEYOND.search(kind):
            yield RULE.finding(start.place, _IMPLICIT, f"It asks for response_type={kind}.", fix=_CODE_FIX)
        elif kind == "code":
            yield RULE.site(start.place, "asks for a code")


def _judge_exchanges(project: Project) -> Iterator[Remark]:
    for exchange in exchanges_by_hand(project):
        grant = exchange.parameters.constant("grant_type", project)
        if grant == "password":
            yield RULE.finding(exchange.place, _ASKED, "It sends grant_type=password.", fix=_CODE_FIX)
            continue
        found = list(_list_faults(exchange, project))
        if found:
            message, why, fix = found[0]
            reason = f"{'; '.join([why, *(other for _, other, _ in found[1:])])}."
            yield RULE.finding(exchange.place, message, reason, fix=fix)
        elif exchange.call is not None and exchange.call.argument(None, "data", "json", "content"):
            yield RULE.site(exchange.place, "verified, limited in time, and its answer is read")


def _list_faults(exchange: Message, project: Project) -> Iterator[tuple[str, str, str]]:
    """What a token request lacks: an attack, a reason and a fix for each."""
    call = exchange.call
    if call is None or call.method not in {"post", "request", "fetch", "urlopen", "send"}:
        return
    if call.constant_of(None, "verify") is False or _client_says(call, "verify", False, project):
        yield _READ, "`verify=False` takes any certificate", "Leave the verification on."
    address = call.argument(1 if call.method == "request" else 0, "url")
    if address is not None and isinstance(address.constant, str) and _CLEAR.match(address.constant):
        yield _READ, "the token endpoint is asked in clear", "Use its https address."
    if call.constant_of(None, "follow_redirects") is True:
        yield _READ, "the request follows redirects with code and secret", "Leave follow_redirects off."
    if _is_endless(call, project):
        yield _HANGS, "the token request has no timeout", "Pass timeout=10."
    if _is_believed(exchange):
        yield _ERRORS, "the status of the answer is not looked at", _ANSWER_FIX


def _is_endless(call: Call, project: Project) -> bool:
    """Whether nothing ends the wait: requests and urllib have no limit of their own, httpx has one of 5 s."""
    given = call.argument(None, "timeout")
    if given is not None:
        return given.constant is None
    if call.expands:
        return False
    if call.name.startswith(("requests.", "urllib.request.")) and "?" not in call.name:
        return "urlopen" not in call.name or call.argument(2) is None
    return _client_says(call, "timeout", None, project)


def _client_says(call: Call, keyword: str, wanted: object, project: Project) -> bool:
    """Whether the client that sends was built with this value."""
    if call.receiver is None:
        return False
    origins = origins_of(project)
    for node, scope in origins.trace(call.receiver.node, origins.scope_at(call), lambda *_: False):
        if isinstance(node, nodes.Call):
            given = project.facts.call(node, scope).argument(None, keyword)
            if given is not None and given.known:
                return given.constant is wanted
    return False


def _is_believed(exchange: Message) -> bool:
    """Whether `.json()` of the answer is used in a function that never looks at the status."""
    function, call = exchange.function, exchange.call
    if function is None or call is None or _CHECKS.search(function.text):
        return False
    return any(_reads_answer(other, call) for other in function.calls)


def _reads_answer(other: Call, call: Call) -> bool:
    return other.method in {"json", "loads"} and other.node.line >= call.node.line


def _judge_libraries(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_PASSWORD_CALLS):
        if not is_test(call.place.path):
            yield RULE.finding(call.place, _ASKED, f"`{call.method}` sends the password.", fix=_CODE_FIX)
    for call in project.calls("*.register_grant"):
        yield from _judge_grant(call, project)
    for call in project.calls("*.register", "*.fetch_token"):
        yield from _judge_library(call, project)
    for setting in project.settings:
        if setting.key not in _INSECURE or setting.constant in {"0", ""} or is_test(setting.place.path):
            continue
        if not is_gated(setting.module, setting.node) and not names_development(setting.place.path):
            yield RULE.finding(setting.place, _READ, f"{setting.key} allows http.", fix="Leave it out.")
    for call in project.calls(*_SOUND):
        if not is_test(call.place.path):
            yield RULE.site(call.place, "the code flow of the library")


def _judge_grant(call: Call, project: Project) -> Iterator[Remark]:
    """A grant that a server of the project's own accepts."""
    grant = call.argument(0)
    if grant is None or is_test(call.place.path):
        return
    bases = next((known.bases for known in project.classes if known.qualified == grant.name), ())
    bad = next((name for base in (grant.name, *bases) for name in _GRANTS if base.endswith(f".{name}")), "")
    if bad:
        message = _ASKED if "Password" in bad else _IMPLICIT
        yield RULE.finding(call.place, message, f"The server accepts the {bad}.", fix="Register the code grant only.")
    elif any(base.endswith("AuthorizationCodeGrant") for base in (grant.name, *bases)):
        yield RULE.site(call.place, "the code grant")


def _judge_library(call: Call, project: Project) -> Iterator[Remark]:
    if is_test(call.place.path) or not project.uses("authlib", "requests_oauthlib", "google_auth_oauthlib"):
        return
    options = read_table(call.argument(None, "client_kwargs"), call, project)
    if options.get("verify") is False or call.constant_of(None, "verify") is False:
        yield RULE.finding(call.place, _READ, "`verify=False` takes any certificate.", fix="Leave the verification on.")
    elif str(options.get("response_type", "code")) != "code" and _BEYOND.search(str(options["response_type"])):
        yield RULE.finding(call.place, _IMPLICIT, "It asks for a token.", fix=_CODE_FIX, confidence=Confidence.MEDIUM)
    elif call.method == "fetch_token" or call.argument(None, "client_kwargs", "server_metadata_url"):
        yield RULE.site(call.place, "the code flow of the library")


RULE = Rule(
    slug="oauth-flow-unsafe",
    control="oauth-code-flow",
    languages=("python",),
    unit=("OAuth request", "OAuth requests"),
    sound="the code flow",
    examine=examine,
)
