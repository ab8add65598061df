"""Secrets in logs, on the terminal, in traces, in URLs and in the arguments of processes."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.logs import find_redaction, log_calls
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_NAMES: Final = (
    {"password"}, {"passwd"}, {"pwd"}, {"passphrase"}, {"secret"}, {"authorization"}, {"apikey"}, {"api", "key"},
    {"private", "key"}, {"secret", "key"}, {"access", "key"}, {"signing", "key"}, {"encryption", "key"}, {"token"},
    {"cookie"}, {"cookies"}, {"jwt"}, {"otp"}, {"credentials"}, {"session", "id"}, {"sessionid"}, {"database", "url"},
    {"database", "uri"}, {"db", "url"}, {"dsn"}, {"connection", "string"}, {"conn", "str"}, {"redis", "url"},
    {"broker", "url"},
)  # fmt: skip
_NOT: Final = frozenset({
    "count", "type", "name", "names", "expires", "expiry", "length", "size", "path", "file", "policy", "field",
    "fields", "error", "errors", "status", "age", "kind", "version", "valid", "changed", "at", "lifetime", "ttl",
    "prefix", "usage", "max", "min", "limit", "present", "missing", "expired", "fingerprint", "model", "class",
    "algorithm", "reset", "enabled", "strength", "failed", "ok", "exists", "provider", "manager", "service", "store",
    "backend", "required", "is", "has", "tokens", "num", "total", "format", "arn", "header", "event", "hash", "hashed",
    "digest", "masked", "redacted", "csrf", "page", "next", "hint", "endpoint", "issuer", "host", "label", "prompt",
    "continuation", "ids",
})  # fmt: skip
_KEEPS: Final = re.compile(
    r"redact|sanit|mask|scrub|censor|hash|finger|hmac|digest|^len$|^bool$|^type$|^id$|^sorted$|^list$|^keys$"
    r"|^isinstance$|^hostname$|^urlsplit$|^urlparse$|^compare_digest$|^check\w*$|^verify\w*$",
    re.IGNORECASE,
)
_BODIES: Final = re.compile(
    r"\brequest\.(?:form|json|data|headers|POST|META|cookies|body|get_json\(\)|get_data\(\))(?![\w.\[(])|\bos\.environ(?![\w.\[(])"
    r"|\bheaders\.items\(\)|\bsettings\.(?:dict|model_dump)\("
)
_TRACES: Final = (
    "*.set_attribute", "*.set_attributes", "*.set_tag", "*.set_extra", "*.set_context", "*.capture_message",
    "*.add_breadcrumb", "*.add_event",
)  # fmt: skip
_PRINTS: Final = (
    "print",
    "pprint.pprint",
    "click.echo",
    "typer.echo",
    "sys.stdout.write",
    "sys.stderr.write",
    "rich.print",
)
_VERBS: Final = ("get", "post", "put", "delete", "patch", "request", "stream")
_CLIENT: Final = re.compile(r"^(?:requests|httpx)\.|client|session|http", re.IGNORECASE)
_PROCESSES: Final = ("subprocess.*", "os.system", "os.popen", "os.execv", "os.execvp", "asyncio.create_subprocess_*")
_ATTACK: Final = "Whoever reads the log, the trace, the proxy's record or the list of processes gets the secret itself."
_FIX: Final = "Write which key was used, not its value; carry it in a header or the environment, in a masked type."


def examine(project: Project) -> Iterator[Remark]:
    """Look at what is logged, printed, traced, put into URLs and passed to other processes."""
    redacted = find_redaction(project)
    seen = False
    for call, sink in _sinks(project):
        if is_test(call.place.path) or is_document(call.place.path):
            continue
        seen = True
        word = _exposed(call, sink)
        if not word:
            yield RULE.site(call.place)
        elif redacted and sink == "the log":
            yield RULE.site(call.place, redacted)
        else:
            confidence = Confidence.MEDIUM if sink == "the terminal" else Confidence.HIGH
            yield RULE.finding(call.place, _ATTACK, f"{word} goes to {sink}.", fix=_FIX, confidence=confidence)
    if not seen:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is logged, printed, fetched or started here")


def _sinks(project: Project) -> Iterator[tuple[Call, str]]:
    for found in log_calls(project):
        yield found.call, "the log"
    for call in project.calls(*_PRINTS):
        yield call, "the terminal"
    for call in project.calls(*_TRACES):
        yield call, "the trace"
    yield from ((call, "the URL") for call in _requests(project))
    for call in project.calls(*_PROCESSES):
        yield call, "the arguments of a process"


def _requests(project: Project) -> Iterator[Call]:
    """The requests whose address or parameters may hold something."""
    for verb in _VERBS:
        for node, scope in project.facts.call_nodes.get(verb, ()):
            given = any(name == "params" for name, _ in node.keywords)
            built = any(isinstance(part, nodes.Text | nodes.Binary) for part in node.arguments[:2])
            if given or built:
                call = project.facts.call(node, scope)
                if _CLIENT.search(f"{call.name} {call.receiver.text if call.receiver else ''}"):
                    yield call


def _exposed(call: Call, sink: str) -> str:
    """What secret a call gives away; empty when none."""
    for argument in _written(call, sink):
        named = sink in {"the log", "the trace"} and _names_secret(argument.keyword)
        if named and not isinstance(argument.node, nodes.Const) and not _is_kept(argument.node):
            return argument.keyword
        body = _BODIES.search(argument.text)
        if body and sink in {"the log", "the terminal", "the trace"} and not _is_kept(argument.node):
            return body[0]
        word = next(_secrets(argument.node), "")
        if word:
            return word
    return ""


def _written(call: Call, sink: str) -> Iterator[Argument]:
    for position, argument in enumerate(call.arguments):
        if sink == "the URL":
            if argument.keyword in {"params", "url"} or (not argument.keyword and position < 2):
                yield argument
        elif sink == "the arguments of a process":
            if argument.keyword in {"", "args"}:
                yield argument
        elif argument.keyword not in {"exc_info", "stack_info", "file", "end", "sep", "err"}:
            yield argument


def _secrets(node: nodes.Node) -> Iterator[str]:
    """The names of secrets whose values are in an expression."""
    parts: tuple[nodes.Node, ...] = ()
    match node:
        case nodes.Call():
            yield from _in_call(node)
        case nodes.Table():
            yield from _in_table(node)
        case nodes.Name() | nodes.Attribute() | nodes.Subscript():
            if _names_secret(last_word(node)):
                yield last_word(node)
        case nodes.Text(parts=within) | nodes.Items(elements=within):
            parts = within
        case nodes.Hole(value=inner) | nodes.Star(value=inner) | nodes.Await(value=inner):
            parts = (inner,)
        case nodes.Binary(left=left, right=right):
            parts = (left, right)
    for part in parts:
        yield from _secrets(part)


def _in_call(node: nodes.Call) -> Iterator[str]:
    function = node.function
    if _KEEPS.search(last_word(function)):
        return
    if isinstance(function, nodes.Attribute):
        if function.name in {"get_secret_value", "reveal"}:
            yield last_word(function.base) or "a secret"
            return
        if function.name == "get" and _names_secret(last_word(node)):
            yield last_word(node)
    for part in (*node.arguments, *(value for _, value in node.keywords)):
        yield from _secrets(part)


def _in_table(node: nodes.Table) -> Iterator[str]:
    for key, value in zip(node.keys, node.values, strict=True):
        name = key.value if isinstance(key, nodes.Const) and isinstance(key.value, str) else ""
        if name and _names_secret(name) and not isinstance(value, nodes.Const) and not _is_kept(value):
            yield name
        yield from _secrets(value)


def _names_secret(identifier: str) -> bool:
    words = set(split_words(identifier))
    if words & _NOT or (words & {"id"} and "session" not in words):
        return False
    return any(name <= words for name in _NAMES)


def _is_kept(node: nodes.Node) -> bool:
    """Whether a call around the value keeps what is secret in it."""
    calls = (inner for inner in iter_nodes(node) if isinstance(inner, nodes.Call))
    return any(_KEEPS.search(last_word(call.function)) for call in calls) or isinstance(
        node, nodes.Compare | nodes.Unary
    )


RULE = Rule(
    slug="secret-in-output",
    control="secrets-not-logged",
    languages=("python",),
    unit=("output", "outputs"),
    sound="nothing secret in it",
    examine=examine,
)
