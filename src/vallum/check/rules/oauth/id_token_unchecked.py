"""ID tokens that are believed unread, and people who are found by an address that they chose themselves."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Comparison, Function, Setting, Value
from vallum.check.judging import first_by_place
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.oauth import uses_oauth
from vallum.check.readings.origins import origins_of
from vallum.check.readings.tokens import Reading, find_readings
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Finding, Remark, Silence, Site
from vallum.findings.place import Place

_ATTACK: Final = "A token that was forged, or made for another client or another sign-in, signs its bearer in."
_BY_MAIL: Final = "Who can write a victim's address into an account at the provider gets the victim's account here."
_FIX: Final = (
    "Verify the signature with the issuer's published keys, name algorithms, audience and issuer, and compare the "
    "nonce with the one that was sent: IdTokens of the guard."
)
_MAIL_FIX: Final = "Find the user by the pair of iss and sub; ask who signs in before an account is linked."
_ID_TOKEN: Final = re.compile(r"(?:^|[^a-z])id_?token(?:[^a-z]|$)", re.IGNORECASE)
_CLAIMS: Final = re.compile(
    r"^(?:\w*_)?(?:claims|user_?info|id_?info|id_token|oidc\w*|openid\w*|google_user|oauth_user|provider_user|sso_user)$"
)
_PROVIDERS: Final = frozenset({
    "authorize_access_token", "parse_id_token", "userinfo", "verify_oauth2_token", "verify_and_process",
    "verify_firebase_token", "get_id_email",
})  # fmt: skip
_FINDS: Final = re.compile(
    r"(?:by|with|from|for)_e?mail$|^(?:a?get|filter|filter_by|find|find_one|first|get_or_create|update_or_create|get_user"
    r"|aget_or_create|exists|one|find_user|lookup)$"
)
_MAIL: Final = re.compile(r"^e?mail(?:__iexact|__exact|_address)?$")
_SQL: Final = re.compile(r"\bwhere\b.*\be?mail\b", re.IGNORECASE | re.DOTALL)
_NONCE: Final = re.compile(
    r"[\[(]\s*[\"']nonce[\"']\s*[\]),]|\.nonce\b|nonce\w*\s*(?:=\s*\{|==|!=|\()|nonce[\"']\s*:|[\"']\]\s*[!=]=\s*\w*nonce"
)
_PAIR: Final = re.compile(
    r"\bwhere\b(?=.*\b(?:iss|issuer|provider)\b).*\b(?:sub|subject|uid)\b", re.IGNORECASE | re.DOTALL
)
_LINKING: Final = {
    "SOCIALACCOUNT_EMAIL_AUTHENTICATION": "an account of the provider opens the account with its address",
    "associate_by_email": "an account of the provider is joined to the account with its address",
}
_PIPELINE: Final = "social_core.pipeline.social_auth.associate_by_email"
_SOUND: Final = (
    "vallum.guard.oauth.id_token.IdTokens", "vallum.guard.oauth.client.OAuthClient", "*.authorize_access_token",
    "*.acquire_token_by_auth_code_flow",
)  # fmt: skip


def examine(project: Project) -> Iterator[Remark]:
    """Look at every reading of an ID token, every look-up by what it says, and the settings that link accounts."""
    judges = (_judge_readings, _judge_hand, _judge_calls, _judge_keys, _judge_look_ups, _judge_linking)
    remarks = [*first_by_place(remark for judge in judges for remark in judge(project))]
    yield from remarks
    if not remarks and not uses_oauth(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nobody signs in with another provider")


def _find(place: Place, why: str) -> Finding:
    return RULE.finding(place, _ATTACK, why, fix=_FIX)


def _judge_readings(project: Project) -> Iterator[Finding | Site]:
    for reading in find_readings(project):
        if not _reads_id_token(reading.call, project):
            continue
        missing = list(_list_missing(reading, project))
        if missing:
            yield _find(reading.call.place, f"{'; '.join(missing)}.")
        elif not reading.call.expands:
            yield RULE.site(reading.call.place, "signature, audience, issuer and nonce")


def _reads_id_token(call: Call, project: Project) -> bool:
    token = call.argument(0, "jwt", "token", "value", "s")
    if token is None or "hint" in token.text:
        return False
    origins = origins_of(project)
    if _ID_TOKEN.search(token.text) or (call.function and _ID_TOKEN.search(call.function.name)):
        return True
    return any(
        _ID_TOKEN.search(scope.module.text_of(node)) is not None
        for node, scope in origins.trace(token.node, origins.scope_at(call), callers=True, returns=False)
        if isinstance(node, nodes.Subscript | nodes.Attribute | nodes.Name | nodes.Call)
    )


def _list_missing(reading: Reading, project: Project) -> Iterator[str]:
    call = reading.call
    if call.expands:
        return
    if reading.unverified:
        yield "the signature is not verified"
        return
    around = "\n".join(function.text for function in _around(call.function, project))
    registered = reading.library in {"joserfc", "authlib"} and re.search(r"\.validate\w*\(", around) is not None
    for keyword, claim in (("audience", "aud"), ("issuer", "iss")):
        given = call.argument(None, keyword)
        if reading.options.get(f"verify_{claim}") is False:
            yield f"`verify_{claim}` is off"
        elif (given is None or given.constant is None) and not (registered or _compares(claim, around)):
            yield f"no {keyword} is named"
    if not _NONCE.search(around):
        yield "no nonce is compared"


def _compares(claim: str, text: str) -> bool:
    """Whether a claim is compared, or named to a registry of claims, beside the reading."""
    return re.search(rf"[\"']{claim}[\"']\s*\)?\]?\s*(?:!=|==|:|not in|in)\s|\b{claim}\s*=\s*\{{", text) is not None


def _around(function: Function | None, project: Project) -> Iterator[Function]:
    """A function and those of the project that call it: the claims are often compared by the caller."""
    if function is None:
        return
    yield function
    for node, scope in project.facts.call_nodes.get(function.name, ()):
        caller = project.facts.function_at(scope)
        if caller is not None and caller is not function and isinstance(node, nodes.Call):
            yield caller


def _judge_hand(project: Project) -> Iterator[Finding | Site]:
    """The payload split off and decoded, or taken by what a library calls unverified."""
    for call in project.calls("*.urlsafe_b64decode", "*.b64decode", "*.base64url_decode"):
        function = call.function
        if function is None or is_test(call.place.path) or not _ID_TOKEN.search(function.text):
            continue
        splits = re.search(r"id_?token\w*[\"']?\]?\.(?:r?split|partition)\(", function.text, re.IGNORECASE)
        reads = "loads" in function.text and not re.search(r"verify|signature", function.text)
        if splits and reads:
            yield _find(call.place, "The payload is decoded by hand and its signature is not verified.")
    for call in project.calls("*.get_unverified_claims", "*.decode_unverified"):
        if not is_test(call.place.path) and _reads_id_token(call, project):
            yield _find(call.place, f"`{call.method}` does not verify the signature.")


def _judge_calls(project: Project) -> Iterator[Finding | Site]:
    """Libraries that verify, and what they are not given."""
    for call in project.calls("*.parse_id_token", "*.verify_oauth2_token", "*.verify_token"):
        google = call.name.startswith("google.oauth2.id_token.")
        if is_test(call.place.path) or call.expands or (call.method != "parse_id_token" and not google):
            continue
        name = "audience" if google else "nonce"
        given = call.argument(2 if google else 1, name)
        if given is None or given.constant is None:
            yield _find(call.place, f"`{call.method}` is given no {name}.")
        else:
            yield RULE.site(call.place, f"verified with its {name}")
    for call in project.calls(*_SOUND):
        if not is_test(call.place.path):
            yield RULE.site(call.place, "verified by the library")


def _judge_keys(project: Project) -> Iterator[Finding | Site]:
    """Keys that are fetched from where the token says."""
    origins = origins_of(project)
    for call in project.calls("*.PyJWKClient", "httpx.get", "requests.get", "*.urlopen", "*.import_jwks_from_url"):
        address = call.argument(0, "uri", "url")
        if address is None or is_test(call.place.path):
            continue
        for node, _ in origins.trace(address.node, origins.scope_at(call)):
            if isinstance(node, nodes.Const) and node.value in {"jku", "x5u"}:
                yield _find(call.place, f"The keys are fetched from the token's own `{node.value}`.")
                break


def _judge_look_ups(project: Project) -> Iterator[Finding | Site]:
    for call in project.calls():
        if is_test(call.place.path):
            continue
        mail = _mail_argument(call)
        if mail is not None and _says_provider(mail, call.function, project):
            yield _find_by_mail(call, mail)
        elif _names_pair(call):
            yield RULE.site(call.place, "found by issuer and subject")
    for comparison in project.comparisons:
        if comparison.operator == "==" and not is_test(comparison.place.path):
            yield from _judge_comparison(comparison, comparison.left, comparison.right, project)
            yield from _judge_comparison(comparison, comparison.right, comparison.left, project)


def _judge_comparison(
    comparison: Comparison, column: Value, value: Value, project: Project
) -> Iterator[Finding | Site]:
    """`User.email == claims["email"]` in a query."""
    if not isinstance(column.node, nodes.Attribute) or not column.text[0].isupper():
        return
    if _MAIL.match(column.node.name) and _says_provider(value, comparison.function, project):
        yield _find_by_mail(comparison, value)
    elif column.node.name in {"sub", "subject"} and value.words in {"sub", "subject"}:
        yield RULE.site(comparison.place, "found by the subject")


def _find_by_mail(place: Value, mail: Value) -> Finding:
    why = f"The user is looked up by `{mail.text}`."
    return RULE.finding(place.place, _BY_MAIL, why, fix=_MAIL_FIX, confidence=Confidence.MEDIUM)


def _mail_argument(call: Call) -> Value | None:
    """The address by which a call looks somebody up."""
    text = call.argument(0)
    if text is not None and isinstance(text.constant, str) and _SQL.search(text.constant):
        return next((argument for argument in call.arguments[1:] if "mail" in argument.text), None)
    word = call.name.rpartition(".")[2].strip("()") if call.name != "?" else call.words
    if not _FINDS.search(call.words or word):
        return None
    named = next((argument for argument in call.arguments if _MAIL.match(argument.keyword)), None)
    if named is None and text is not None and isinstance(text.node, nodes.Table):
        keys = [getattr(key, "value", None) for key in text.node.keys]
        named = text if any(isinstance(key, str) and _MAIL.match(key) for key in keys) else None
    if named is not None or not re.search(r"_e?mail$", call.words or word):
        return named
    return call.argument(0)


def _says_provider(value: Value, function: Function | None, project: Project) -> bool:
    """Whether the address was read out of what a provider says of its account."""
    origins = origins_of(project)
    scope = origins.scope_of(function) if function else origins.scope_at(value)
    has_mail, has_claims = False, False
    for node, home in origins.trace(value.node, scope):
        match node:
            case nodes.Const(value="email") | nodes.Attribute(name="email"):
                has_mail = True
            case nodes.Name(id=name) | nodes.Attribute(name=name) if _CLAIMS.match(name.lower()):
                has_claims = True
            case nodes.Const(value="userinfo" | "id_token"):
                has_claims = True
            case nodes.Call():
                has_claims = has_claims or project.facts.call(node, home).method in _PROVIDERS
    return has_mail and has_claims


def _names_pair(call: Call) -> bool:
    text = call.argument(0)
    if text is not None and isinstance(text.constant, str) and _PAIR.search(text.constant):
        return True
    if call.method not in {"get", "filter_by", "filter", "get_or_create"}:
        return False
    words = {word for argument in call.arguments for word in split_words(argument.keyword)}
    return bool(words & {"sub", "subject", "uid"}) and bool(words & {"iss", "issuer", "provider"})


def _judge_linking(project: Project) -> Iterator[Finding | Site]:
    for setting in project.settings:
        if setting.key in _LINKING and not is_test(setting.place.path) and setting.form != "default":
            if setting.constant is True:
                why = f"With {setting.key} {_LINKING[setting.key]}."
                yield RULE.finding(setting.place, _BY_MAIL, why, fix=_MAIL_FIX)
            elif setting.constant is False:
                yield RULE.site(setting.place, "accounts are not joined by address")
        elif setting.key.startswith("SOCIAL_AUTH_") and setting.key.endswith("PIPELINE"):
            yield from _judge_pipeline(setting)


def _judge_pipeline(setting: Setting) -> Iterator[Finding | Site]:
    """The steps of python-social-auth."""
    steps = setting.node.elements if isinstance(setting.node, nodes.Items) else ()
    joins = [step for step in steps if isinstance(step, nodes.Const) and step.value == _PIPELINE]
    for step in joins:
        why = "The pipeline joins accounts by address."
        yield RULE.finding(setting.module.place(step), _BY_MAIL, why, fix=_MAIL_FIX)
    if steps and not joins:
        yield RULE.site(setting.place, "accounts are not joined by address")


RULE = Rule(
    slug="id-token-unchecked",
    control="oidc-id-token-validated",
    languages=("python",),
    unit=("use of an ID token", "uses of ID tokens"),
    sound="validated",
    examine=examine,
)
