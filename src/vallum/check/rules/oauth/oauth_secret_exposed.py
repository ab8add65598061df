"""Client secrets in source, in addresses, in logs, in pages, and in bundles that every visitor loads."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.readings.logs import log_calls
from vallum.check.readings.oauth import exchanges_by_hand, starts_by_hand, uses_oauth
from vallum.check.readings.origins import origins_of
from vallum.check.readings.words import iter_identifiers
from vallum.check.rule import Rule
from vallum.check.secrets.code import CodeScan
from vallum.check.secrets.detection import Detection, place_masked
from vallum.check.secrets.entries import place_hidden
from vallum.check.secrets.scan import scan_source
from vallum.check.secrets.values import judge_value
from vallum.findings.finding import Finding, Remark, Silence, Site
from vallum.findings.place import Place

_ATTACK: Final = (
    "Whoever has the secret redeems stolen codes and refresh tokens and speaks with the application's name."
)
_FIX: Final = "Revoke it, and read the new one on the server, from the environment or a secret manager."
_ADDRESS_FIX: Final = "Send it in the Authorization header or the form: SecretBasic of the guard."
_BUNDLE_FIX: Final = "A browser has no secret: exchange the code on the server, or use PKCE alone."
_NAME: Final = re.compile(
    r"client_?secret(?:_?value)?$|^SOCIAL_AUTH_\w+_SECRET$|^client_credential$|(?:oauth|oidc)\w*_?secret$",
    re.IGNORECASE,
)
_WHAT: Final = re.compile(r"^the (?:value|default) of (?P<name>\S+)$")
_PUBLIC: Final = re.compile(
    r"\b(?:VITE|NEXT_PUBLIC|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|VUE_APP|GATSBY|PUBLIC)_\w*SECRET\w*"
)
_SECRET: Final = re.compile(r"client_?secret", re.IGNORECASE)
_SPEAKS: Final = re.compile(r"client_?(?:secret|credential)|oauth|oidc|SOCIALACCOUNT|grant_type", re.IGNORECASE)
_SHOWN: Final = re.compile(r"\{\{[^}]*client_?secret[^}]*\}\}", re.IGNORECASE)
_FRONT: Final = ("javascript", "typescript", "vue", "html", "jinja", "dotenv")
_CLIENT: Final = re.compile(r"client_?id", re.IGNORECASE)
_SENDS: Final = frozenset(
    {"get", "post", "put", "delete", "request", "urlopen", "Request", "redirect", "RedirectResponse"}
)
_RENDERS: Final = frozenset({"render_template", "render", "TemplateResponse", "render_to_response"})
_SOUND: Final = (
    "vallum.guard.oauth.client_secret.SecretBasic", "vallum.guard.oauth.client_secret.SecretPost",
    "vallum.guard.oauth.client_secret.PrivateKeyJwt",
)  # fmt: skip


def examine(project: Project) -> Iterator[Remark]:
    """Look at what the secret is given, where it is sent, written and shown, and at files of the front end."""
    looked, seen = False, set[tuple[str, int]]()
    for judge in (_judge_literals, _judge_positions, _judge_public, _judge_addresses, _judge_outlets, _judge_sources):
        for remark in judge(project):
            looked = True
            key = (remark.where.path, remark.where.line) if isinstance(remark.where, Place) else ("", 0)
            if key not in seen:
                seen.add(key)
                yield remark
    if not looked and not uses_oauth(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no OAuth client has a secret here")


def _judge_literals(project: Project) -> Iterator[Finding]:
    """Literals under the secret's name, told from placeholders as the scan for secrets tells them."""
    modules, code = {module.path: module for module in project.modules}, CodeScan(project.facts)
    for source in project.sources:
        if is_test(source.path) or not _SPEAKS.search(source.text):
            continue
        found = scan_source(source, modules.get(source.path), code)
        for detection in found:
            if _is_client_secret(detection, source, project):
                why = f"{detection.what[0].upper()}{detection.what[1:]} stands here as a literal."
                where = place_masked(source, detection, found)
                yield RULE.finding(where, _ATTACK, why, fix=_FIX, confidence=detection.confidence)


def _is_client_secret(detection: Detection, source: Source, project: Project) -> bool:
    named = _WHAT.match(detection.what)
    if named is not None and _NAME.search(named["name"]):
        return True
    if named is not None and named["name"] == "secret":
        near = "\n".join(source.lines[max(0, detection.line - 4) : detection.line + 3])
        return _CLIENT.search(near) is not None
    if _SECRET.search(source.line(detection.line)[max(0, detection.column - 24) : detection.column]):
        return True
    if detection.what != "the password of a login":
        return False
    calls = (exchange.call for exchange in exchanges_by_hand(project))
    return any(
        call is not None and call.place.path == source.path and call.node.line <= detection.line <= call.node.end_line
        for call in calls
    )


def _judge_positions(project: Project) -> Iterator[Finding]:
    """Constructors of httpx-oauth, requests and MSAL take it by position or under another name."""
    library = ("httpx_oauth.*",) if project.uses("httpx_oauth") else ()
    for call in project.calls(*library, "*.HTTPBasicAuth", "*.BasicAuth", "*.ConfidentialClientApplication"):
        if is_test(call.place.path):
            continue
        given = call.argument(1, "client_secret", "client_credential", "password")
        if given is None or not isinstance(given.constant, str):
            continue
        if judge_value("client_secret", "secret", given.constant, sure=True) is not None:
            source = given.module.source
            yield RULE.finding(
                place_hidden(source, given.node.line, given.constant), _ATTACK, "The secret is a literal.", fix=_FIX
            )


def _judge_public(project: Project) -> Iterator[Finding | Site]:
    """Names with a prefix that build tools publish, and templates that show the secret."""
    for source in project.configs(*_FRONT):
        if is_test(source.path):
            continue
        found = False
        for number, line in enumerate(source.lines, 1):
            name = _PUBLIC.search(line) or (_SHOWN.search(line) if source.kind in {"html", "jinja"} else None)
            if name and not line.lstrip().startswith(("#", "//")):
                found = True
                value = line.partition("=")[2].strip() if source.kind == "dotenv" else ""
                why = f"`{name[0]}` is sent to every visitor."
                yield RULE.finding(place_hidden(source, number, value), _ATTACK, why, fix=_BUNDLE_FIX)
        if not found and _CLIENT.search(source.text):
            yield RULE.site(Place(path=source.path, line=1), "searched, and without a secret")


def _judge_addresses(project: Project) -> Iterator[Finding | Site]:
    """Requests whose address or query has the secret in it."""
    for start in starts_by_hand(project):
        if "client_secret" in start.parameters.values:
            why = "The authorization address has the secret in it."
            yield RULE.finding(start.place, _ATTACK, why, fix=_ADDRESS_FIX)
    for call in project.calls(*(f"*.{name}" for name in sorted(_SENDS))):
        if is_test(call.place.path) or call.method not in _SENDS:
            continue
        query = (call.argument(1 if call.method == "request" else 0, "url"), call.argument(None, "params"))
        if any(_carries(argument.node, call, project) for argument in query if argument is not None):
            yield RULE.finding(call.place, _ATTACK, "The address has the secret in it.", fix=_ADDRESS_FIX)
            continue
        sent = (call.argument(None, keyword) for keyword in ("auth", "data", "json", "content"))
        if any(part is not None and _SECRET.search(part.text) for part in sent):
            yield RULE.site(call.place, "in the header or the form")


def _carries(node: nodes.Expression, call: Call, project: Project) -> bool:
    if "client_secret" not in call.module.source.text and not isinstance(node, nodes.Call):
        return False
    origins = origins_of(project)
    scope = origins.scope_of(call.function) if call.function else origins.scope_at(call)
    for inner, _ in origins.trace(node, scope):
        match inner:
            case nodes.Const(value=str(text)) if re.search(r"(?:^|[?&])client_secret=", text):
                return True
            case nodes.Table(keys=keys) if any(getattr(key, "value", None) == "client_secret" for key in keys):
                return True
            case nodes.Call(function=nodes.Name(id="dict"), keywords=words) if "client_secret" in dict(words):
                return True
    return False


def _judge_outlets(project: Project) -> Iterator[Finding]:
    """Logs, standard output and pages."""
    logged = [log.call for log in log_calls(project)]
    printed = [call for call in project.calls("print") if not is_test(call.place.path)]
    rendered = [call for call in project.calls(*(f"*.{name}" for name in sorted(_RENDERS))) if call.method in _RENDERS]
    for calls, where in ((logged, "a log"), (printed, "the output"), (rendered, "a page")):
        for call in calls:
            words = (word for argument in call.arguments for word in _identifiers(argument.node, argument.keyword))
            told = any(_NAME.search(word) for word in words) or _tells_form(call, project)
            if told and not is_test(call.place.path):
                yield RULE.finding(call.place, _ATTACK, f"The secret is written to {where}.", fix="Leave it out.")


def _tells_form(call: Call, project: Project) -> bool:
    """Whether an argument is a whole form with the secret in it."""
    if not _SECRET.search(call.module.source.text):
        return False
    origins = origins_of(project)
    scope = origins.scope_of(call.function) if call.function else origins.scope_at(call)
    return any(
        isinstance(node, nodes.Table) and any(getattr(key, "value", None) == "client_secret" for key in node.keys)
        for argument in call.arguments
        for node, _ in origins.trace(argument.node, scope, lambda *_: False)
    )


def _identifiers(node: nodes.Node, keyword: str) -> Iterator[str]:
    """The identifiers in an argument; a length, a type or a test of presence tells no secret."""
    if isinstance(node, nodes.Call) and getattr(node.function, "id", "") in {"len", "bool", "type"}:
        return
    if isinstance(node, nodes.Compare | nodes.Unary):
        return
    yield keyword
    yield from iter_identifiers(node)


def _judge_sources(project: Project) -> Iterator[Site]:
    """Where the secret is read from elsewhere, or proved by what keeps it."""
    for setting in project.settings:
        beside = setting.key == "secret" and "SOCIALACCOUNT" in setting.module.source.text
        read = not setting.known and setting.form != "default" and not is_test(setting.place.path)
        if read and (_NAME.search(setting.key) or beside):
            yield RULE.site(setting.place, "read from elsewhere")
    for exchange in exchanges_by_hand(project):
        if exchange.call is not None and exchange.call.argument(None, "auth") is not None:
            yield RULE.site(exchange.place, "in the Authorization header")
        elif "client_secret" in exchange.parameters.values and exchange.call is not None:
            yield RULE.site(exchange.place, "in the form")
    library = ("httpx_oauth.*",) if project.uses("httpx_oauth") else ()
    for call in project.calls(*_SOUND, *library, "*.BasicAuth"):
        if not is_test(call.place.path):
            yield RULE.site(
                call.place, "masked by the guard" if call.name.startswith("vallum") else "read from elsewhere"
            )


RULE = Rule(
    slug="oauth-secret-exposed",
    control="oauth-client-secret",
    languages=("python", "dotenv", "javascript", "typescript", "vue", "html", "jinja"),
    unit=("place of a client secret", "places of client secrets"),
    sound="on the server",
    examine=examine,
)
