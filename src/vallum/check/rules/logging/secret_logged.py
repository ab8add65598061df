"""Passwords, tokens, bodies, headers and whole users in a log, and filters that look at one level only."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import last_word
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.logs import LogCall, find_redaction, log_calls
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_ATTACK: Final = "Whoever reads the log, its backups or the service that collects it, gets the secret itself."
_FIX: Final = "Log the id of the thing, and let a filter before every sink redact the rest (the guard does)."
_BODIES: Final = re.compile(
    r"\brequest\.(?:form|json|data|headers|POST|META|cookies|body|values|get_json|get_data)\b(?!\.get\(|\[|\.keys|\.getlist|\.to_dict\(\)\[)"
    r"|\bdict\(request\.(?:headers|cookies|form)\)|\bheaders\.items\(\)|(?<![\w.])__dict__"
)
_WHOLE: Final = re.compile(
    r"\bvars\(\s*(?:\w+\.)*\w*(?:user|account|customer|member)\w*\s*\)|\b\w*(?:user|account|customer)\w*\.__dict__"
    r"|\b\w*(?:user|account|customer|credentials|form|login)\w*\.(?:model_dump|dict|to_dict|model_dump_json|json|asdict)\("
    r"|\basdict\(\s*\w*(?:user|account|customer)\w*"
)
_NAMES: Final = (
    {"password"}, {"passwd"}, {"pwd"}, {"passphrase"}, {"secret"}, {"ssn"}, {"cvv"}, {"cvc"}, {"authorization"},
    {"apikey"}, {"api", "key"}, {"private", "key"}, {"secret", "key"}, {"access", "key"}, {"encryption", "key"},
    {"credit", "card"}, {"card", "number"}, {"creditcard"}, {"token"}, {"cookie"}, {"cookies"}, {"jwt"}, {"otp"},
    {"iban"}, {"credentials"}, {"mnemonic"},
)  # fmt: skip
_NOT: Final = frozenset({
    "id", "ids", "count", "type", "name", "names", "expires", "expiry", "length", "size", "url", "uri", "path",
    "file", "policy", "field", "fields", "error", "errors", "status", "age", "kind", "version", "valid", "changed",
    "set", "at", "lifetime", "ttl", "prefix", "usage", "max", "min", "limit", "budget", "present", "missing",
    "expired", "fingerprint", "model", "class", "algorithm", "alg", "reset", "enabled", "strength", "failed", "ok",
    "exists", "provider", "manager", "service", "store", "backend", "required", "is", "has", "tokens", "num", "total",
    "format", "arn", "header", "event",
})  # fmt: skip
_KEEPS: Final = re.compile(
    r"redact|sanit|mask|scrub|censor|hash|finger|hmac|digest|^len$|^bool$|^type$|^id$|^sorted$|^list$", re.IGNORECASE
)
_FAILED: Final = re.compile(
    r"log_?in.{0,20}(?:fail|refus|denied|invalid)|(?:fail|invalid|bad|wrong).{0,20}(?:log_?in|credential|password)",
    re.IGNORECASE,
)
_TYPED: Final = re.compile(r"\b(?:form|request|data|body|credentials|payload|cleaned_data)\b", re.IGNORECASE)
_TYPED_NAMES: Final = frozenset({"username", "user_name", "email", "login", "name"})
_MASK: Final = re.compile(r"redact|\*{3,}|filtered|hidden|masked|x{4,}", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at what every log call is given, and at the functions that redact."""
    calls = log_calls(project)
    redacted = find_redaction(project)
    for found in calls:
        reason = _exposure(found, project)
        if not reason:
            yield RULE.site(found.call.place, "nothing secret in it")
        elif redacted and "typed" not in reason:
            yield RULE.site(found.call.place, redacted)
        else:
            yield RULE.finding(found.call.place, _ATTACK, reason, fix=_FIX)
    yield from _judge_redactors(project)
    if not calls:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is logged here")


def _exposure(found: LogCall, project: Project) -> str:
    """Why a call writes something secret; empty when it does not seem to."""
    scope = _scope_of(found, project)
    for expression in _values(found):
        text = found.call.module.text_of(expression)
        if _BODIES.search(text) and not _is_kept(expression):
            return f"{_first_line(text)} holds whatever the client sent."
        if _WHOLE.search(text) and not _is_kept(expression):
            return f"{_first_line(text)} holds every field of it."
        word = last_word(expression)
        if word and _names_secret(word) and not isinstance(fold(expression, scope, project.facts.names), str | int):
            return f"{word} is written as it is."
        if _FAILED.search(found.text) and word in _TYPED_NAMES and _TYPED.search(text):
            return "What was typed as a name at a failed login is often a password."
    for key, value in _fields(found):
        if _names_secret(key) and not isinstance(value, nodes.Const) and not _is_kept(value):
            return f"{key} is written as it is."
    return ""


def _scope_of(found: LogCall, project: Project) -> Scope:
    line = found.call.node
    table = project.facts.call_nodes.get(found.call.method, ())
    return next(scope for node, scope in table if node is line)


def _values(found: LogCall) -> Iterator[nodes.Expression]:
    """Every expression whose value is written."""
    for argument in found.call.arguments:
        if argument.keyword not in {"exc_info", "stack_info", "stacklevel"}:
            yield from _leaves(argument.node)


def _leaves(node: nodes.Expression) -> Iterator[nodes.Expression]:
    match node:
        case nodes.Table(values=values) | nodes.Items(elements=values) | nodes.Text(parts=values):
            for value in values:
                yield from _leaves(value)
        case nodes.Hole(value=inner) | nodes.Star(value=inner):
            yield from _leaves(inner)
        case nodes.Binary(left=left, right=right):
            yield from _leaves(left)
            yield from _leaves(right)
        case nodes.Choice(then=then, otherwise=otherwise):
            yield from _leaves(then)
            yield from _leaves(otherwise)
        case nodes.Call(function=nodes.Name(id="str" | "repr" | "dict"), arguments=(inner, *_)):
            yield inner
        case nodes.Call(
            function=nodes.Attribute(base=nodes.Const() | nodes.Text(), name="format" | "join"), arguments=arguments
        ):
            for value in arguments:
                yield from _leaves(value)
        case nodes.Const():
            return
        case _:
            yield node


def _fields(found: LogCall) -> Iterator[tuple[str, nodes.Expression]]:
    for argument in found.call.arguments:
        if argument.keyword == "extra" and isinstance(argument.node, nodes.Table):
            for key, value in zip(argument.node.keys, argument.node.values, strict=True):
                if isinstance(key, nodes.Const) and isinstance(key.value, str):
                    yield key.value, value
        elif argument.keyword not in {"", "**", "extra", "exc_info"}:
            yield argument.keyword, argument.node


def _names_secret(identifier: str) -> bool:
    words = set(split_words(identifier))
    return not words & _NOT and any(name <= words for name in _NAMES) and identifier.upper() != identifier


def _is_kept(node: nodes.Expression) -> bool:
    """Whether a call around the value keeps what is secret in it."""
    for inner in iter_nodes(node):
        if isinstance(inner, nodes.Call) and _KEEPS.search(last_word(inner.function)):
            return True
    return isinstance(node, nodes.Compare | nodes.Unary)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _judge_redactors(project: Project) -> Iterator[Remark]:
    """Functions that replace the values of a table by a mask, and do not go below its first level."""
    modules = {module for module in project.modules if ".items()" in module.source.text and not is_test(module.path)}
    for function in project.functions:
        if function.module not in modules or ".items()" not in function.text or not _MASK.search(function.text):
            continue
        scope = project.facts.names.scope_of(function.module, function.module.by_node[function.node])
        for node in scope.nodes:
            if isinstance(node, nodes.Comprehension) and node.kind == "dict" and _masks(node, scope, project):
                place = function.module.place(node)
                if re.search(rf"\b{re.escape(function.name)}\(", function.module.text_of(node)):
                    yield RULE.site(place, "redacts at every depth")
                else:
                    why = "The function redacts one level; what lies deeper, or in a list, passes."
                    yield RULE.finding(place, _ATTACK, why, fix="Call the function again for each value.")


def _masks(node: nodes.Comprehension, scope: Scope, project: Project) -> bool:
    inside = iter_nodes(node.value) if node.value is not None else ()
    for part in inside:
        if isinstance(part, nodes.Const | nodes.Name):
            value = fold(part, scope, project.facts.names)
            if isinstance(value, str) and _MASK.search(value):
                return True
    return False


RULE = Rule(
    slug="secret-logged",
    control="log-redaction",
    languages=("python",),
    unit=("log call", "log calls"),
    sound="nothing secret in it",
    examine=examine,
)
