"""Addresses and connections without TLS: http, ws, redis, mail, and servers that answer on plain HTTP."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Setting, Value
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.read.source import Source
from vallum.check.readings.gates import is_gated
from vallum.check.readings.servers import Directive, find_directives
from vallum.check.readings.words import split_words
from vallum.check.responses.apps import django_settings, find_guards, talisman_calls
from vallum.check.responses.text import UNKNOWN_PART, read_text
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Finding, Remark, Site
from vallum.findings.place import Place

_ATTACK: Final = "Each device on the way reads and changes what is sent, credentials included."
_FIX: Final = "Use the variant with TLS (https, wss, rediss, amqps), and verify the certificate."
_SCHEMES: Final = r"http|ws|redis|amqp|mqtt|ftp|smtp|ldap|nats"
_URL: Final = re.compile(rf"^(?P<scheme>{_SCHEMES})://(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_HOST: Final = re.compile(r"^(?:[^@/?#\s]*@)?(?P<host>\[[^\]]*\]|[^:/?#\s,]*)")
_LOOPBACK: Final = re.compile(
    r"(?:.*\.)?localhost|127(?:\.\d+){3}|\[::1?\]|0\.0\.0\.0|host\.docker\.internal|testserver|test|unix|169\.254\.169\.254"
    r"|metadata\.google\.internal|169\.254\.170\.2",
    re.IGNORECASE,
)
_NAMES_ONLY: Final = re.compile(
    r"(?:.*\.)?(?:w3\.org|xmlsoap\.org|purl\.org|opengis\.net|json-schema\.org|schema\.org|schemas\.microsoft\.com|openxmlformats\.org"
    r"|iptc\.org|adobe\.com|xmlns\.com|apache\.org|gnu\.org|oasis-open\.org|openid\.net|sitemaps\.org|creativecommons\.org|ietf\.org"
    r"|python\.org|docbook\.org|iana\.org|relaxng\.org|inkscape\.org|sodipodi\.sourceforge\.net|google\.com/schemas|ogp\.me|gmpg\.org)",
    re.IGNORECASE,
)
_ADDRESS: Final = frozenset({
    "url", "uri", "urls", "uris", "endpoint", "endpoints", "host", "hosts", "server", "servers", "broker",
    "location", "api", "service", "gateway", "upstream", "webhook", "dsn", "address", "backend", "storage", "target",
    "callback", "proxy", "connection", "origin", "site", "domain",
})  # fmt: skip
_NO_ADDRESS: Final = frozenset({
    "namespace", "ns", "xmlns", "schema", "schemas", "type", "doc", "docs", "documentation", "help", "homepage",
    "license", "prefix", "prefixes", "scheme", "example", "examples", "dtd", "namespaces", "format", "claim", "terms",
    "standard", "relation", "rel", "profile", "attribution",
})  # fmt: skip
_CLIENTS: Final = tuple(
    f"*.{word}"
    for word in (
        "get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "urlopen", "Request",
        "connect", "from_url", "Client", "AsyncClient", "ClientSession", "ws_connect", "Celery", "ServerProxy",
        "Connection", "create_connection", "urlretrieve",
    )
)  # fmt: skip
_CLIENT_NAMES: Final = re.compile(
    r"^(?:requests|httpx|aiohttp|urllib|urllib3|websockets?|redis|aioredis|celery|xmlrpc|kombu|pika|aio_pika)\b"
)
_RECEIVER: Final = re.compile(r"client|session|http|requests", re.IGNORECASE)
_MAIL: Final = (("EMAIL_USE_TLS", "EMAIL_USE_SSL", "EMAIL_HOST"), ("MAIL_USE_TLS", "MAIL_USE_SSL", "MAIL_SERVER"))
_FETCH: Final = re.compile(r"\b(?:curl|wget|ADD|pip3?\s+install|git\s+clone)\b.*?(?P<url>\bhttp://[^\s\"']+)")
_VARIABLE: Final = re.compile(rf"^\s*(?:export\s+)?(?P<name>\w+)\s*=\s*[\"']?(?P<url>(?:{_SCHEMES})://[^\s\"']+)")


def examine(project: Project) -> Iterator[Remark]:
    """Look at addresses in code, connections without TLS, redirects to HTTPS, and the ports of servers."""
    seen: set[tuple[str, int]] = set()
    for remark in (*_addresses(project), *_mail(project), *_redis(project)):
        if isinstance(remark, Finding | Site) and isinstance(remark.where, Place):
            spot = (remark.where.path, remark.where.line)
            if spot not in seen:
                seen.add(spot)
                yield remark
    yield from _redirects(project)
    for directive in find_directives(project, "listen"):
        yield from _judge_port(directive, project)
    for source in project.configs("dockerfile", "dotenv"):
        yield from _judge_lines(source, project)


def _addresses(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        if _is_address(setting) and not _is_aside(setting.place):
            for value, text in _texts(setting):
                yield from _judge_url(value, text, Confidence.HIGH, setting)
    for call in project.calls(*_CLIENTS):
        if call.arguments and not _is_aside(call.place) and _is_client(call):
            argument = call.arguments[1 if call.method == "request" and len(call.arguments) > 1 else 0]
            if isinstance(argument.node, nodes.Name | nodes.Attribute):
                continue
            text = argument.constant if isinstance(argument.constant, str) else _composed(argument, call, project)
            yield from _judge_url(argument, text, Confidence.MEDIUM if UNKNOWN_PART in text else Confidence.HIGH)


def _is_aside(place: Place) -> bool:
    return (
        is_test(place.path)
        or is_document(place.path)
        or names_development(place.path)
        or names_development(place.scope)
    )


def _is_address(setting: Setting) -> bool:
    if not isinstance(setting.constant, str | list | tuple) or isinstance(setting.node, nodes.Name | nodes.Attribute):
        return False
    words = set(split_words(setting.key))
    if words & _NO_ADDRESS or setting.target.endswith("TestClient"):
        return False
    return bool(words & _ADDRESS) or (setting.form == "name" and setting.key.isupper())


def _texts(setting: Setting) -> Iterator[tuple[Value, str]]:
    if isinstance(setting.constant, str):
        yield setting, setting.constant
    elif isinstance(setting.constant, list | tuple) and isinstance(setting.node, nodes.Items):
        for element in setting.node.elements:
            if isinstance(element, nodes.Const) and isinstance(element.value, str):
                yield Value(module=setting.module, node=element, constant=element.value), element.value


def _is_client(call: Call) -> bool:
    if _CLIENT_NAMES.match(call.name):
        return True
    return call.receiver is not None and _RECEIVER.search(call.receiver.words) is not None


def _composed(argument: Value, call: Call, project: Project) -> str:
    if not isinstance(argument.node, nodes.Text | nodes.Binary):
        return ""
    table = project.facts.call_nodes.get(call.method, ())
    scope = next((scope for node, scope in table if node is call.node), None)
    return read_text(argument.node, scope, project.facts.names) if scope is not None else ""


def _judge_url(value: Value, text: str, confidence: Confidence, setting: Setting | None = None) -> Iterator[Remark]:
    match = _URL.match(text.strip())
    if match is None:
        if setting is None and re.match(r"(?:https|wss|rediss|amqps)://", text):
            yield RULE.site(value.place, "over TLS")
        return
    host = _HOST.match(match["rest"])
    name = host["host"] if host else ""
    if _LOOPBACK.fullmatch(name):
        yield RULE.site(value.place, "to this machine only")
    elif _is_reached(name) and not _NAMES_ONLY.fullmatch(name) and not is_gated(value.module, value.node):
        shown = name.replace(UNKNOWN_PART, "...")
        yield RULE.finding(
            value.place, _ATTACK, f"{match['scheme']}://{shown} has no TLS.", fix=_FIX, confidence=confidence
        )


def _is_reached(name: str) -> bool:
    """Whether the text can be the name of a host; a lone placeholder of a template is none."""
    return name == UNKNOWN_PART or re.fullmatch(rf"[\w.{UNKNOWN_PART}-]+", name) is not None


def _mail(project: Project) -> Iterator[Remark]:
    settings: dict[str, Setting] = {}
    for setting in project.settings:
        if setting.key.startswith(("EMAIL_", "MAIL_")) and not _is_aside(setting.place):
            settings[setting.key] = setting
    for tls, ssl, host in _MAIL:
        on = [settings[key] for key in (tls, ssl) if key in settings and settings[key].constant is not False]
        off = settings.get(tls)
        server = settings.get(host)
        why = "Mail, with its password, goes to the server in clear."
        if on:
            yield RULE.site(on[0].place, "mail over TLS")
        elif off is not None:
            yield RULE.finding(off.place, _ATTACK, why, fix=f"Set {tls} = True.")
        elif server is not None and isinstance(server.constant, str) and not _LOOPBACK.fullmatch(server.constant):
            yield RULE.finding(server.place, _ATTACK, why, fix=f"Set {tls} = True.", confidence=Confidence.MEDIUM)
    for call in project.calls("smtplib.SMTP", "smtplib.SMTP_SSL", "aiosmtplib.SMTP", "aiosmtplib.send"):
        if not _is_aside(call.place):
            yield from _judge_smtp(call)


def _judge_smtp(call: Call) -> Iterator[Remark]:
    inside = call.function.text if call.function is not None else call.module.source.text
    host = call.constant_of(0, "host", "hostname", default="localhost")
    secured = call.method == "SMTP_SSL" or re.search(r"starttls|use_tls=True|start_tls=True", inside)
    if secured or (isinstance(host, str) and _LOOPBACK.fullmatch(host)):
        yield RULE.site(call.place, "mail over TLS" if secured else "to this machine only")
    elif not call.expands:
        yield RULE.finding(call.place, _ATTACK, "The connection to the mail server never starts TLS.", fix=_FIX)


def _redis(project: Project) -> Iterator[Remark]:
    for call in project.calls(
        "redis.Redis", "redis.StrictRedis", "redis.asyncio.Redis", "valkey.Valkey", "valkey.asyncio.Valkey"
    ):
        host = call.constant_of(0, "host", default="localhost")
        if call.expands or _is_aside(call.place) or not isinstance(host, str):
            continue
        if _LOOPBACK.fullmatch(host) or call.constant_of(None, "ssl", default=False) is not False:
            yield RULE.site(call.place, "over TLS, or to this machine only")
        else:
            yield RULE.finding(call.place, _ATTACK, f"The connection to {host} has no TLS.", fix="Pass ssl=True.")


def _redirects(project: Project) -> Iterator[Remark]:
    fix = "Redirect navigations with 308 and refuse API calls: the guard does both."
    for setting in django_settings(project).get("SECURE_SSL_REDIRECT", []):
        if setting.constant is False and not _is_aside(setting.place):
            yield RULE.finding(setting.place, _ATTACK, "Django answers on plain HTTP itself.", fix="Set it to True.")
        elif setting.constant is True:
            yield RULE.site(setting.place, "Django redirects to HTTPS")
    for call in talisman_calls(project):
        forced = call.argument(None, "force_https")
        if forced is not None and forced.constant is False:
            yield RULE.finding(forced.place, _ATTACK, "Talisman is told not to redirect to HTTPS.", fix=fix)
        elif not call.expands:
            yield RULE.site(call.place, "Talisman redirects to HTTPS")
    for call in project.calls("*.add_middleware", "*.Middleware"):
        if call.arguments and call.arguments[0].name.endswith("HTTPSRedirectMiddleware"):
            yield RULE.site(call.place, "redirects to HTTPS")
    for call in find_guards(project):
        yield RULE.site(call.place, "the guard is in front")


def _judge_port(directive: Directive, project: Project) -> Iterator[Remark]:
    block = directive.outer
    if block is None or not directive.arguments:
        return
    address = directive.arguments[0]
    local = address.startswith(("127.", "localhost", "unix:", "[::1]"))
    if local or "ssl" in directive.arguments or "quic" in directive.arguments or address.rpartition(":")[2] != "80":
        yield RULE.site(directive.place(project), "TLS, or not reached from outside")
        return
    inner = [found for found in block.every() if found.name in {"return", "rewrite"}]
    sends = any("https://" in part for found in inner for part in found.arguments)
    serves = any(
        found.name in {"proxy_pass", "root", "fastcgi_pass", "uwsgi_pass", "alias"} and found.find("ssl") is None
        for found in block.every()
    )
    if sends and not _serves_at_root(block):
        yield RULE.site(directive.place(project), "redirects to HTTPS")
    elif serves:
        why = "Port 80 serves the site itself."
        yield RULE.finding(directive.place(project), _ATTACK, why, fix="return 308 https://your.name$request_uri;")


def _serves_at_root(block: Directive) -> bool:
    """Whether the site's own location is served, not only that of certificate challenges."""
    return any(
        found.name == "location"
        and found.arguments
        and found.arguments[-1] == "/"
        and any(inner.name.endswith("_pass") for inner in found.within)
        for found in block.within
    )


def _judge_lines(source: Source, project: Project) -> Iterator[Remark]:
    name = source.path.rpartition("/")[2].lower()
    if is_test(source.path) or names_development(source.path) or name.endswith((".example", ".sample", ".template")):
        return
    pattern = _FETCH if source.kind == "dockerfile" else _VARIABLE
    for number, line in enumerate(source.lines, 1):
        match = None if line.lstrip().startswith("#") else pattern.search(line)
        address = _URL.match(match["url"]) if match else None
        host = _HOST.match(address["rest"]) if address else None
        if address is None or host is None or "$" in host["host"]:
            continue
        place = project.place_in(source, number)
        if _LOOPBACK.fullmatch(host["host"]):
            yield RULE.site(place, "to this machine only")
        else:
            yield RULE.finding(place, _ATTACK, f"{address['scheme']}://{host['host']} has no TLS.", fix=_FIX)


RULE = Rule(
    slug="plaintext-transport",
    control="https-only",
    languages=("python", "nginx", "dockerfile", "dotenv"),
    unit=("address or connection", "addresses and connections"),
    sound="over TLS",
    examine=examine,
)
