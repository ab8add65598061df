"""Refresh tokens of a provider that are kept in clear, or used again after a new one came."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, last_word
from vallum.check.flow.scope import Scope
from vallum.check.judging import first_by_place
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.oauth import exchanges_by_hand, uses_oauth
from vallum.check.readings.oauth_answers import Use
from vallum.check.readings.origins import Origins, origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Finding, Remark, Silence, Site
from vallum.findings.place import Place

_IGNORED: Final = "The provider takes the next use of the old token for theft and ends everything."
_STORED: Final = "Whoever reads this, or a backup of it, acts at the provider with everybody's account for months."
_REPLACE: Final = "Save the refresh_token of the answer, sealed, in the same transaction: Grants of the guard."
_SEAL: Final = "Seal it before it is stored, on the server: Grants of the guard."
_SEALS: Final = re.compile(r"seal|encrypt|fernet|cipher|protect|vault|kms|digest|hash|sha256|hmac", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[\[(]\s*[\"']refresh_token[\"']")
_ACCESS: Final = re.compile(r"[\[(]\s*[\"']access_token[\"']|\.access_token\b")
_KEEPS: Final = re.compile(
    r"\b(?:replace|save|store|update|keep|renew|rotate|persist)\w*\(\s*[^)]*(?:token|answer|reply)"
)
_RESULTS: Final = frozenset({
    "authorize_access_token", "fetch_token", "refresh_token", "fetch_access_token", "acquire_token_by_auth_code_flow",
    "get_access_token", "run_local_server", "refresh", "acquire_token_by_authorization_code",
})  # fmt: skip
_WHOLE: Final = re.compile(r"^(?:\w+_)?(?:tokens|creds|credentials)$")
_ABOUT: Final = re.compile(r"refresh_token|offline_access")
_NEAR: Final = re.compile(r"refresh|oauth|fetch_token|access_token|offline_access", re.IGNORECASE)
_CLEAR: Final = frozenset({"dumps", "dict", "to_json", "str", "encode", "asdict", "model_dump_json"})
_SEALED: Final = re.compile(r"refresh|fetch_token|\btokens?\b|\bcreds\b|credentials|oauth_token")
_TOKENS: Final = re.compile(r"^(?:\w+_)?(?:tokens|creds|credentials|oauth_token)$|^token$")
_ANSWERS: Final = re.compile(
    r"Response$|Pair$|Out$|Schema$|Read$|^dict$|^JSONResponse$|^cast$|Refresh\w*$|Request$|Form$"
)
_STORES: Final = re.compile(r"(?:^|[._])(?:add|insert|create|save|execute|update|put|set|hset|append|insert_one)$")
_SESSION: Final = re.compile(r"(?:^|\.)session(?:\(\))?$|request\.session$")
_COLUMN: Final = re.compile(r"(?:^|\.)(?:Column|mapped_column|CharField|TextField|String|Text|JSONField)$")
_OWNER: Final = re.compile(r"Grant|Connection|OAuth|Social|Provider|Integration|External|Linked|Google|GitHub|Account")


def examine(project: Project) -> Iterator[Remark]:
    """Look at what refreshes, at where tokens are stored, and at servers that issue them."""
    speaks = uses_oauth(project) or _mentions(project)
    judges = (_judge_requests, _judge_sessions, _judge_calls, _judge_givings, _judge_columns, _judge_settings)
    remarks = [*first_by_place(remark for judge in judges for remark in judge(project))] if speaks else []
    yield from remarks
    if not remarks and not uses_oauth(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no provider gives refresh tokens")


def _mentions(project: Project) -> bool:
    words = ("refresh_token", "tokens", "ROTATE_REFRESH", "SOCIALACCOUNT_", "Grants")
    return any(word in module.source.text for module in project.modules for word in words)


def _judge_requests(project: Project) -> Iterator[Finding | Site]:
    """Refreshes by hand and by httpx-oauth."""
    for exchange in exchanges_by_hand(project):
        if exchange.parameters.constant("grant_type", project) == "refresh_token" and exchange.function:
            yield from _judge_refresh(exchange.place, exchange.call, exchange.function, project)
    if project.uses("httpx_oauth"):
        for call in project.calls("*.refresh_token"):
            if call.function and not is_test(call.place.path):
                yield from _judge_refresh(call.place, call, call.function, project)


def _judge_refresh(place: Place, call: Call | None, function: Function, project: Project) -> Iterator[Finding | Site]:
    if call is None:
        return
    use = Use(call.node, origins_of(project).scope_of(function))
    why = "Of the answer only the access token is used; a new refresh_token in it is thrown away."
    callers = [text for text in _callers(function, project) if _ACCESS.search(text)] if use.returned else []
    if use.kept or any(_TOKEN.search(text) or _KEEPS.search(text) for text in callers):
        yield RULE.site(place, "the new token is kept")
    elif use.read or callers:
        yield RULE.finding(place, _IGNORED, why, fix=_REPLACE)
    elif use.returned:
        yield RULE.site(place, "the whole answer is handed on")


def _callers(function: Function, project: Project) -> Iterator[str]:
    for _, scope in project.facts.call_nodes.get(function.name, ()):
        caller = project.facts.function_at(scope)
        if caller is not None and caller is not function:
            yield caller.text


def _judge_sessions(project: Project) -> Iterator[Finding | Site]:
    """Sessions of libraries that refresh by themselves, with or without a place to save to."""
    for name, asks, saves in (
        ("OAuth2Session", ("auto_refresh_url", "token_endpoint"), ("token_updater", "update_token")),
        ("OAuth2Client", ("token_endpoint",), ("update_token",)),
        ("AsyncOAuth2Client", ("token_endpoint",), ("update_token",)),
    ):
        for call in project.calls(f"*.{name}"):
            if call.expands or is_test(call.place.path) or call.argument(None, *asks) is None:
                continue
            if call.argument(None, *saves) is not None:
                yield RULE.site(call.place, "the library saves the new token")
            elif call.argument(None, "token") is not None:
                why = f"The session refreshes by itself, and no {saves[-1]} saves what comes back."
                yield RULE.finding(call.place, _IGNORED, why, fix=_REPLACE)


def _judge_calls(project: Project) -> Iterator[Finding | Site]:
    """Tokens that are handed to a table, a statement, a file or a cookie."""
    origins = origins_of(project)
    for call, function in _token_calls(project):
        writes = call.method in {"write_text", "dump", "write", "set_cookie"}
        scope = origins.scope_of(function)
        stores = writes or _STORES.search(call.method) is not None or call.method[:1].isupper()
        for argument in call.arguments if stores else ():
            kept = _holds(argument.node, scope, origins, whole=writes or "dumps(" in argument.text)
            if kept and _is_kept(call, argument.keyword):
                where = "a file or cookie" if writes else "a plain column"
                yield RULE.finding(call.place, _STORED, f"The token goes into {where} as it is.", fix=_SEAL)
        if _SEALS.search(call.words) and _SEALED.search(call.text.partition("(")[2]):
            yield RULE.site(call.place, "sealed before it is stored")


def _token_calls(project: Project) -> Iterator[tuple[Call, Function]]:
    """The calls of functions that speak of tokens."""
    for function in project.functions:
        speaks = _NEAR.search(function.module.source.text) and not is_test(function.place.path)
        if speaks and _SEALED.search(function.text):
            yield from ((call, function) for call in function.calls)


def _is_kept(call: Call, keyword: str) -> bool:
    """Whether this call stores what it is given; answers and requests to a provider do not."""
    name = call.name.rpartition(".")[2] or call.words
    if call.method in {"write_text", "dump", "write", "set_cookie"}:
        return True
    if name[:1].isupper():
        return "token" in keyword and not _ANSWERS.search(name)
    return _STORES.search(name) is not None


def _holds(node: nodes.Expression, scope: Scope, origins: Origins, *, whole: bool) -> bool:
    """Whether a value is a provider's refresh token, or with `whole` an answer with one, and nothing seals it."""
    found = False
    for inner, home in origins.trace(node, scope, _passes if whole else None, returns=False):
        match inner:
            case nodes.Call() if _SEALS.search(home.module.text_of(inner.function)):
                return False
            case nodes.Subscript(index=nodes.Const(value="refresh_token"), base=base):
                found = found or _is_answer(home.module.text_of(base))
            case nodes.Call(function=nodes.Attribute(name="get"), arguments=(nodes.Const(value="refresh_token"), *_)):
                found = True
            case nodes.Attribute(name="refresh_token", base=base):
                found = found or _is_answer(home.module.text_of(base))
            case nodes.Call(function=nodes.Attribute(name=name) | nodes.Name(id=name)) if whole and name in _RESULTS:
                found = True
            case nodes.Name(id=name) if whole and _WHOLE.search(name):
                found = found or _ABOUT.search(home.module.source.text) is not None
    return found


def _passes(node: nodes.Call, _scope: Scope) -> bool:
    """Whether a call gives back what goes into it, in another shape."""
    return last_word(node) in _CLEAR


def _is_answer(text: str) -> bool:
    return _TOKENS.search(text) is not None or "json()" in text


def _judge_givings(project: Project) -> Iterator[Finding | Site]:
    """`user.refresh_token = tokens["refresh_token"]`, `session["oauth_token"] = client.fetch_token(...)`."""
    origins = origins_of(project)
    for setting in project.settings:
        if is_test(setting.place.path) or setting.form not in {"attribute", "item"}:
            continue
        scope = origins.scope_at(setting)
        in_session = setting.form == "item" and _SESSION.search(setting.target.partition("[")[0]) is not None
        if setting.form == "item" and not in_session:
            continue
        if _holds(setting.node, scope, origins, whole=in_session) and "self." not in setting.target:
            where = "the browser's session cookie" if in_session else "a plain column"
            why = f"The token goes into {where} as it is."
            yield RULE.finding(setting.place, _STORED, why, fix=_SEAL, confidence=Confidence.MEDIUM)
        elif setting.key.endswith(("refresh_token", "sealed")) and _SEALS.search(setting.text):
            yield RULE.site(setting.place, "sealed before it is stored")


def _judge_columns(project: Project) -> Iterator[Finding | Site]:
    """Columns of models that hold a provider's refresh token."""
    for setting in project.settings:
        if not setting.key.endswith("refresh_token") or setting.form != "name" or is_test(setting.place.path):
            continue
        owner = setting.target.rpartition(".")[0].rpartition(".")[2]
        if not owner[:1].isupper() or not _OWNER.search(owner) or not isinstance(setting.node, nodes.Call):
            continue
        name = setting.name.removesuffix("()")
        if _SEALS.search(setting.text):
            yield RULE.site(setting.place, "an encrypted column")
        elif _COLUMN.search(name):
            why = f"`{owner}.{setting.key}` is a plain column."
            yield RULE.finding(setting.place, _STORED, why, fix=_SEAL, confidence=Confidence.MEDIUM)


def _judge_settings(project: Project) -> Iterator[Finding | Site]:
    for setting in project.settings:
        if not setting.known or is_test(setting.place.path):
            continue
        if setting.key == "SOCIALACCOUNT_STORE_TOKENS":
            if setting.constant:
                yield RULE.finding(setting.place, _STORED, "django-allauth stores the tokens as they are.", fix=_SEAL)
            else:
                yield RULE.site(setting.place, "no tokens are stored")
        elif setting.key == "ROTATE_REFRESH_TOKEN":
            if setting.constant:
                yield RULE.site(setting.place, "the server rotates")
            else:
                yield RULE.finding(setting.place, _IGNORED, "The server never replaces a token.", fix="Let it rotate.")
    yield from _judge_grants(project)


def _judge_grants(project: Project) -> Iterator[Finding | Site]:
    """Authlib's grant returns the old token unless it is told otherwise; the guard's class keeps all of this."""
    for known in project.classes:
        if is_test(known.place.path) or not any(base.endswith(".RefreshTokenGrant") for base in known.bases):
            continue
        if re.search(r"INCLUDE_NEW_REFRESH_TOKEN\s*=\s*True", known.module.text_of(known.node)):
            yield RULE.site(known.place, "the server rotates")
        else:
            why = "INCLUDE_NEW_REFRESH_TOKEN is not set."
            yield RULE.finding(known.place, _IGNORED, why, fix="Set INCLUDE_NEW_REFRESH_TOKEN = True.")
    for call in project.calls("vallum.guard.oauth.grants.Grants"):
        if not is_test(call.place.path):
            yield RULE.site(call.place, "sealed and replaced by the guard")


RULE = Rule(
    slug="oauth-refresh-mishandled",
    control="oauth-refresh-rotation",
    languages=("python",),
    unit=("use of a provider's refresh token", "uses of providers' refresh tokens"),
    sound="sealed and replaced",
    examine=examine,
)
