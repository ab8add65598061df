"""Authorization requests without a state that is their own, and callbacks that do not ask for it."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Comparison, Function
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.endpoints import list_views
from vallum.check.readings.handlers import walk_called
from vallum.check.readings.logs import is_log
from vallum.check.readings.oauth import Callback, Message, callbacks, starts_by_hand, uses_oauth
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Finding, Remark, Silence
from vallum.findings.place import Place

_STATE: Final = re.compile(r"(?:^|[^a-z])state(?:[^a-z]|$)", re.IGNORECASE)
_GUESSED: Final = re.compile(r"^(?:random\.(?!SystemRandom)|time\.|datetime\.|uuid\.uuid1|os\.getpid)")
_REQUEST: Final = re.compile(r"\brequest\.(?:args|GET|query_params|values|form|POST|json)\b|\bquery_params\b")
_TAKEN_OUT: Final = re.compile(r"\bpop\w*\(|getdel|\bdel\s|delete|consume|remove|redeem|expire|clear\(|\btake|spend")
_LIBRARY: Final = re.compile(
    r"authorize_access_token|acquire_token_by_auth_code_flow|verify_and_process|authorization_response\s*=|"
    r"process_callback|handle_redirect|prepare_token_request"
)
_EMPTY: Final = re.compile(r"\bnot\s+\w*state|state\w*\s+is\s+None|len\(\w*state|if\s+\w*state\w*\s+and|all\(")
_PLAIN: Final = frozenset(
    {"str", "print", "repr", "len", "isinstance", "bool", "redirect", "get", "getlist", "encode", "dumps"}
)
_OUTPUT: Final = re.compile(r"render\w*$|redirect\w*$|Response\w*$|url_for$|urlencode$|jsonify$", re.IGNORECASE)
_EXACT: Final = frozenset({"compare_digest", "constant_time_compare", "secret_equal"})
_ATTACK: Final = "A stranger begins a sign-in of his own and lets the victim's browser finish it, in his account."
_TIMING: Final = "The time of the comparison tells how much of a state was right."
_AGAIN: Final = "A callback that was seen once can be sent again."
_FIX: Final = (
    "Make 32 random bytes for each request, keep them with the browser's session for ten minutes, take them out at the "
    "callback, and compare with hmac.compare_digest before the code is used: Transactions of the guard."
)
_SOUND: Final = (
    "vallum.guard.oauth.client.OAuthClient", "vallum.guard.oauth.state.Transactions", "*.authorize_redirect",
    "*.authorize_access_token", "*.initiate_auth_code_flow", "*.acquire_token_by_auth_code_flow",
)  # fmt: skip


def examine(project: Project) -> Iterator[Remark]:
    """Look at what begins a sign-in, and at the callbacks."""
    looked = False
    for remark in (*_judge_starts(project), *_judge_libraries(project), *_judge_callbacks(project)):
        looked = True
        yield remark
    if not looked and not uses_oauth(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nobody signs in with another provider")


def _judge_starts(project: Project) -> Iterator[Remark]:
    for start in starts_by_hand(project):
        if "state" in start.parameters.values:
            why = _weakness(start, project)
            yield _find(start.place, why) if why else RULE.site(start.place, "carries a state")
        elif not start.parameters.open:
            yield _find(start.place, "The authorization request has no state.")


def _find(place: Place, why: str) -> Finding:
    return RULE.finding(place, _ATTACK, why, fix=_FIX)


def _weakness(start: Message, project: Project) -> str:
    if isinstance(start.parameters.constant("state", project), str | int):
        return "Its state is the same every time."
    node, scope = start.parameters.values["state"]
    origins = origins_of(project)
    for inner, home in origins.trace(node, scope):
        if isinstance(inner, nodes.Call) and _GUESSED.match(project.facts.call(inner, home).name):
            return f"Its state comes from `{home.module.text_of(inner)}`, which can be guessed."
        if isinstance(inner, nodes.Const) and inner is node:
            return "Its state is the same every time."
    text = start.parameters.text("state")
    if _REQUEST.search(text) and not isinstance(node, nodes.Text | nodes.Binary):
        return f"Its state is `{text}`: the caller chooses it."
    if _is_sent(node, start, project):
        return f"Its state is the parameter `{text}`: the caller chooses it."
    return ""


def _is_sent(node: nodes.Expression, start: Message, project: Project) -> bool:
    """Whether the value is a parameter that the view takes from its address."""
    view = next((view for view in list_views(project) if view.function is start.function), None)
    if view is None or not isinstance(node, nodes.Name):
        return False
    parameter = next((known for known in view.function.parameters if known.name == node.id), None)
    default = parameter.default.text if parameter and parameter.default else ""
    return parameter is not None and "Depends" not in default and f"<{node.id}>" not in view.path


def _judge_libraries(project: Project) -> Iterator[Remark]:
    if project.uses("httpx_oauth"):
        yield from _judge_urls(project, "*.get_authorization_url", 1)
    if project.uses("msal"):
        yield from _judge_urls(project, "*.get_authorization_request_url", None)
    if project.uses("oauthlib"):
        yield from _judge_urls(project, "*.prepare_request_uri", None)
    if project.uses("requests_oauthlib", "google_auth_oauthlib", "authlib", "oauthlib"):
        for call in project.calls("*.fetch_token", "*.prepare_token_request"):
            yield from _judge_fetch(call, project)
    yield from _judge_settings(project)
    for call in project.calls(*_SOUND):
        if not is_test(call.place.path):
            yield RULE.site(call.place, "kept and compared by the library")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        if setting.key not in {"STATE_PARAMETER", "use_state"} or is_test(setting.place.path):
            continue
        if setting.constant is False:
            yield _find(setting.place, f"{setting.key} is off.")
        elif setting.constant is True:
            yield RULE.site(setting.place, "the library keeps the state")


def _judge_urls(project: Project, name: str, position: int | None) -> Iterator[Remark]:
    for call in project.calls(name):
        given = call.argument(position, "state")
        if is_test(call.place.path) or call.expands:
            continue
        if given is None or given.constant is None:
            yield _find(call.place, "The authorization request has no state.")
        elif given.known:
            yield _find(call.place, "Its state is the same every time.")
        else:
            yield RULE.site(call.place, "carries a state")


def _judge_fetch(call: Call, project: Project) -> Iterator[Remark]:
    """The library compares the state of `authorization_response` with the one that its session was given."""
    if call.argument(None, "authorization_response") is None or is_test(call.place.path) or call.receiver is None:
        return
    origins = origins_of(project)
    for node, scope in origins.trace(call.receiver.node, origins.scope_at(call), lambda *_: False):
        if isinstance(node, nodes.Call):
            made = project.facts.call(node, scope)
            if call.argument(None, "state") or made.argument(None, "state"):
                yield RULE.site(call.place, "compared by the library")
            elif not made.expands and made.name.rpartition(".")[2] in {
                "OAuth2Session", "from_client_secrets_file", "from_client_config", "OAuth2Client", "AsyncOAuth2Client",
                "WebApplicationClient",
            }:  # fmt: skip
                yield _find(call.place, "The session was given no state to compare with.")
            return


def _judge_callbacks(project: Project) -> Iterator[Remark]:
    for callback in callbacks(project):
        function = callback.view.function
        if _LIBRARY.search(callback.text):
            continue
        found, compared = list(_judge_comparisons(callback, project)), _is_compared(callback, project)
        yield from found
        if not found and compared:
            yield RULE.site(function.place, "asks for its state")
        elif not found:
            yield _find(function.place, f"{function.name} takes a code and compares no state.")


def _is_compared(callback: Callback, project: Project) -> bool:
    """Whether the state is compared, looked up, or handed to what can do so."""
    if _STATE.search(callback.view.before):
        return True
    functions = (known for known in walk_called(callback.view.function, project) if _may_compare(known, callback))
    return any(_hands_over(call) for function in functions for call in function.calls)


def _may_compare(function: Function, callback: Callback) -> bool:
    """Whether the state of the callback can reach a function: not one that draws a page of some other state."""
    if function is callback.view.function:
        return True
    takes = any(_STATE.search(known.name) or known.name in {"request", "self"} for known in function.parameters)
    reads = re.search(r"[\"']state[\"']", function.text) is not None
    return _OUTPUT.search(function.name) is None and (takes or reads)


def _hands_over(call: Call) -> bool:
    if call.method in _PLAIN or _OUTPUT.search(call.name) or is_log(call):
        return False
    return any(_STATE.search(argument.text) for argument in call.arguments if argument.keyword != "detail")


def _judge_comparisons(callback: Callback, project: Project) -> Iterator[Finding]:
    functions = list(walk_called(callback.view.function, project))
    names = {function.qualified for function in functions}
    taken_out = _TAKEN_OUT.search(callback.text) is not None
    for comparison in project.comparisons:
        function = comparison.function
        if (
            function
            and function.qualified in names
            and comparison.operator in {"==", "!="}
            and _is_of_state(comparison)
        ):
            yield _judge_comparison(comparison, function)
    for call in (call for function in functions for call in function.calls):
        if call.method in _EXACT and _hands_over(call) and not taken_out:
            why = "The state stays valid after its use."
            yield RULE.finding(call.place, _AGAIN, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _is_of_state(comparison: Comparison) -> bool:
    sides = (comparison.left, comparison.right)
    return any(_STATE.search(side.text) for side in sides) and not any(side.known for side in sides)


def _judge_comparison(comparison: Comparison, function: Function) -> Finding:
    left, right = comparison.left.text, comparison.right.text
    if _REQUEST.search(left) and _REQUEST.search(right):
        return _find(comparison.place, "Both sides come with the same request.")
    if _may_lack(left) and _may_lack(right) and not _EMPTY.search(function.text):
        return _find(comparison.place, "Without a state on either side, nothing equals nothing.")
    why = f"The state is compared by {comparison.operator}, not in constant time."
    return RULE.finding(comparison.place, _TIMING, why, fix=_FIX, confidence=Confidence.LOW)


def _may_lack(text: str) -> bool:
    """Whether an expression is None where there is nothing: `.get("state")`, `.pop("state", None)`."""
    return re.search(r"\.get\([^,()]+\)$|\.(?:get|pop)\([^,()]+,\s*None\)$", text) is not None


RULE = Rule(
    slug="oauth-state-unchecked",
    control="oauth-state",
    languages=("python",),
    unit=("authorization request or callback", "authorization requests and callbacks"),
    sound="bound by a state",
    examine=examine,
)
