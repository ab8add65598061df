"""Redirect URIs that follow the request, stand in clear, or are compared by less than the whole text."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Comparison, Value
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Scope
from vallum.check.judging import first_by_place
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.readings.oauth import callbacks, starts_by_hand, uses_oauth
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Finding, Remark, Silence, Site
from vallum.findings.place import Place

_ATTACK: Final = "The code is sent where an attacker wants it, and with it the victim's sign-in."
_FIX: Final = (
    "Take the redirect URI from the configuration, https, the same in both requests: build_redirect of the guard."
)
_SERVER_FIX: Final = "Compare with the registered URIs by ==, or by membership in a set: RedirectRegistry of the guard."
_NAME: Final = re.compile(r"^(?:\w+_)?redirect_uri$|^(?:\w+_)?oauth\w*_(?:callback|redirect)_url$", re.IGNORECASE)
_URIS: Final = re.compile(r"(?:redirect|callback)_?ur[il]s$", re.IGNORECASE)
_HOST: Final = re.compile(
    r"\.(?:host_url|url_root|base_url|root_url|host)$|\.headers(?:\.get\(|\[)\s*[\"'](?:x-forwarded-)?host[\"']"
    r"|HTTP_(?:X_FORWARDED_)?HOST|\.url\.(?:netloc|hostname|replace)",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(r"(?:^|\.)(?:request|req|info|websocket)\b")
_PARAMETER: Final = re.compile(
    r"request\.(?:args|GET|POST|form|values|query_params|json|data)\s*(?:\.get\(|\[)|query_params(?:\.get\(|\[)"
)
_CONFIGURED: Final = frozenset({"SERVER_NAME", "TRUSTED_HOSTS", "ALLOWED_HOSTS"})
_CLEAR: Final = re.compile(r"http://(?!localhost\b|127\.|\[::1\]|[{%<])", re.IGNORECASE)
_WILD: Final = re.compile(r"^https?://[^\s]*\*")
_PARTS: Final = frozenset({"netloc", "hostname", "host", "scheme", "path"})
_SCHEMES: Final = re.compile(r"^(?:https?://|https?:|/|\w+://)$")
_PATTERNS: Final = (
    "re.match",
    "re.fullmatch",
    "re.search",
    "*.match",
    "*.fullmatch",
    "fnmatch.*",
    "*.fnmatch",
    "*.fnmatchcase",
)
_SOUND: Final = (
    "vallum.guard.oauth.client.OAuthClient", "vallum.guard.oauth.redirect_uris.RedirectRegistry",
    "vallum.guard.oauth.redirect_uris.build_redirect",
)  # fmt: skip


def examine(project: Project) -> Iterator[Remark]:
    """Look at every redirect URI that is given, and at every comparison of one."""
    judges = (_judge_given, _judge_texts, _judge_options, _judge_tests, _judge_comparisons, _judge_ends)
    remarks = [*first_by_place(remark for judge in judges for remark in judge(project))]
    yield from remarks
    if not remarks and not uses_oauth(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nobody signs in with another provider")


def _find(place: Place, why: str, confidence: Confidence = Confidence.HIGH) -> Finding:
    return RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=confidence)


def _judge_given(project: Project) -> Iterator[Finding | Site]:
    """Values under the name of a redirect URI, and the second argument of `authorize_redirect`."""
    origins = origins_of(project)
    for setting in project.settings:
        if _NAME.match(setting.key) and not is_test(setting.place.path) and uses_oauth(project):
            scope = origins.scope_at(setting)
            yield from _judge_value(setting, scope, project)
    positions = {"authorize_redirect": 1, "get_authorization_url": 0, "get_access_token": 1, "get_login_redirect": None}
    for method, position in positions.items():
        for call in project.calls(f"*.{method}"):
            given = call.argument(position, "redirect_uri", "redirect_url")
            if given is not None and not is_test(call.place.path) and uses_oauth(project):
                yield from _judge_value(given, origins.scope_at(call), project)


def _judge_value(value: Value, scope: Scope, project: Project) -> Iterator[Finding | Site]:
    parts = list(origins_of(project).trace(value.node, scope, callers=True))
    found = False
    for node, home in parts:
        why = _weakness(node, home, project)
        if why:
            found = True
            sure = Confidence.MEDIUM if why.endswith("configured.") else Confidence.HIGH
            yield _find(home.module.place(node), why, sure)
    if not found and value.constant is not None and (len(parts) > 1 or not _is_parameter(value, scope)):
        yield RULE.site(value.place, "a constant" if value.known else "taken from the configuration")


def _is_parameter(value: Value, scope: Scope) -> bool:
    return isinstance(value.node, nodes.Name) and isinstance(scope.bindings.get(value.node.id), nodes.Parameter)


def _weakness(node: nodes.Node, scope: Scope, project: Project) -> str:
    """What is wrong with one part of a redirect URI."""
    if isinstance(node, nodes.Const):
        clear = isinstance(node.value, str) and _CLEAR.match(node.value) and len(node.value) > len("http://")
        own = names_development(scope.module.path)
        return f"`{node.value}` is sent in clear." if clear and not own else ""
    if not isinstance(node, nodes.Attribute | nodes.Call | nodes.Subscript):
        return ""
    text = scope.module.text_of(node)
    if _HOST.search(text) and _ABOUT.search(text):
        return f"`{text}` is what the request's Host header says."
    if _PARAMETER.match(text):
        return f"`{text}` is chosen by the caller."
    if isinstance(node, nodes.Call) and _follows_host(node, scope, project):
        return f"`{text}` follows the Host header, and no host is configured."
    return ""


def _follows_host(node: nodes.Call, scope: Scope, project: Project) -> bool:
    function = node.function
    word = function.name if isinstance(function, nodes.Attribute) else getattr(function, "id", "")
    if word not in {"url_for", "build_absolute_uri", "get_host"} or _is_host_known(project):
        return False
    if isinstance(function, nodes.Attribute) and _ABOUT.search(scope.module.text_of(function)):
        return True
    external = next((value for key, value in node.keywords if key == "_external"), None)
    return external is not None and fold(external, scope, project.facts.names) is True


@lru_cache(maxsize=2)
def _is_host_known(project: Project) -> bool:
    """Whether the project says by which names it is reached."""
    for setting in project.settings:
        if setting.key in _CONFIGURED and setting.constant not in (None, [], ["*"], "*"):
            return True
    return any(
        True for _ in project.calls("*.TrustedHostMiddleware", "vallum.guard.Guard", "vallum.guard.entry.Guard")
    ) or any(
        "TrustedHostMiddleware" in argument.name
        for call in project.calls("*.add_middleware", "*.Middleware")
        for argument in call.arguments
    )


def _judge_texts(project: Project) -> Iterator[Finding | Site]:
    """Addresses as text: what is put into them must be percent-encoded."""
    for start in starts_by_hand(project):
        given = start.parameters.values.get("redirect_uri")
        if given is None or (start.call is not None and start.call.method != "format"):
            continue
        node, scope = given
        if isinstance(node, nodes.Const):
            continue
        text = scope.module.text_of(node)
        if not re.search(r"quote|encode|escape", text):
            why = f"`{text}` is put into the address without percent-encoding."
            yield _find(start.place, why, Confidence.MEDIUM)
        else:
            yield RULE.site(start.place, "encoded")


def _judge_options(project: Project) -> Iterator[Finding | Site]:
    for setting in project.settings:
        if is_test(setting.place.path):
            continue
        if (
            setting.key in {"allow_insecure_http", "ALLOW_URI_WILDCARDS"}
            and setting.known
            and setting.form != "default"
        ):
            if setting.constant:
                yield _find(setting.place, f"{setting.key} is on.")
            else:
                yield RULE.site(setting.place, "exact addresses only")
        elif _URIS.search(setting.key) and isinstance(setting.constant, list | tuple | str):
            uris = setting.constant.split() if isinstance(setting.constant, str) else setting.constant
            wild = next((uri for uri in uris if isinstance(uri, str) and _WILD.match(uri)), None)
            if wild is not None:
                yield RULE.finding(setting.place, _ATTACK, f"`{wild}` has a wildcard.", fix=_SERVER_FIX)
            elif uris:
                yield RULE.site(setting.place, "whole addresses")


def _names_uri(value: Value) -> bool:
    return isinstance(value.node, nodes.Name | nodes.Attribute | nodes.Subscript) and (
        _NAME.match(value.words) is not None or value.words.lower() in {"redirecturi", "redirect"}
    )


def _judge_tests(project: Project) -> Iterator[Finding | Site]:
    """Calls that look at a part of the address."""
    for call in project.calls("*.startswith", "*.endswith"):
        wanted = call.argument(0)
        told = wanted is not None and isinstance(wanted.constant, str) and _SCHEMES.match(wanted.constant)
        if call.receiver is not None and _names_uri(call.receiver) and not told and not is_test(call.place.path):
            why = f"The address is compared by {call.method}."
            yield RULE.finding(call.place, _ATTACK, why, fix=_SERVER_FIX)
    for call in project.calls(*_PATTERNS):
        if not is_test(call.place.path) and any(_names_uri(argument) for argument in call.arguments):
            yield RULE.finding(call.place, _ATTACK, "The address is compared with a pattern.", fix=_SERVER_FIX)
    for call in project.calls(*_SOUND):
        if not is_test(call.place.path):
            yield RULE.site(call.place, "exact, by the guard")


def _judge_comparisons(project: Project) -> Iterator[Finding | Site]:
    for comparison in project.comparisons:
        if is_test(comparison.place.path):
            continue
        left, right = comparison.left, comparison.right
        if comparison.operator in {"==", "!="}:
            yield from _judge_equality(comparison)
        elif comparison.operator in {"in", "not in"} and _names_uri(left):
            yield RULE.site(comparison.place, "one of the registered")
        elif comparison.operator in {"in", "not in"} and _names_uri(right) and not left.known:
            yield RULE.finding(comparison.place, _ATTACK, "Any address with this text in it is taken.", fix=_SERVER_FIX)


def _judge_equality(comparison: Comparison) -> Iterator[Finding | Site]:
    for side, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if other.known and not isinstance(other.constant, str):
            continue
        part = isinstance(side.node, nodes.Attribute) and side.node.name in _PARTS
        if part and re.search(r"url(?:parse|split)\(\s*\w*(?:redirect|callback)_ur[il]\s*\)", side.text):
            if not (isinstance(other.constant, str) and other.constant in {"http", "https"}):
                yield RULE.finding(comparison.place, _ATTACK, "Only a part of it is compared.", fix=_SERVER_FIX)
        elif _names_uri(side) and not other.known:
            yield RULE.site(comparison.place, "compared whole")


def _judge_ends(project: Project) -> Iterator[Finding]:
    """The callback itself sends the browser where the request says."""
    for callback in callbacks(project):
        for call in callback.view.function.calls:
            if not re.search(r"(?:^|\.)(?:redirect|RedirectResponse|HttpResponseRedirect)$", call.name):
                continue
            sent = {known.name for known in callback.view.function.parameters} - {"request", "self"}
            if any(_PARAMETER.match(argument.text) or argument.text in sent for argument in call.arguments):
                why = "The callback redirects to an address from the request."
                yield RULE.finding(call.place, _ATTACK, why, fix="Redirect to a page of your own.")


RULE = Rule(
    slug="redirect-uri-inexact",
    control="oauth-redirect-uri-exact",
    languages=("python",),
    unit=("redirect URI", "redirect URIs"),
    sound="exact",
    examine=examine,
)
