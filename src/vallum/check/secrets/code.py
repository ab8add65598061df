"""Secrets that only the syntax of Python tells: what is given to secret names, and to functions that take keys."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.defaults import reads_environment
from vallum.check.flow.facts import last_word
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.reader import FactReader
from vallum.check.flow.scope import Scope
from vallum.check.secrets.detection import Detection
from vallum.check.secrets.names import secret_kind
from vallum.check.secrets.values import is_placeholder, is_random, judge_value
from vallum.findings.finding import Confidence

_KEY_ARGUMENTS: Final = {
    "jwt.encode": 1, "jwt.decode": 1, "jose.jwt.encode": 1, "jose.jwt.decode": 1, "hmac.new": 0, "hmac.digest": 0,
    "cryptography.fernet.Fernet": 0, "itsdangerous.URLSafeTimedSerializer": 0, "itsdangerous.URLSafeSerializer": 0,
    "itsdangerous.Signer": 0, "itsdangerous.TimestampSigner": 0, "Crypto.Cipher.AES.new": 0,
    "Cryptodome.Cipher.AES.new": 0,
    "cryptography.hazmat.primitives.ciphers.aead.AESGCM": 0, "cryptography.hazmat.primitives.ciphers.algorithms.AES": 0,
    "cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305": 0, "django.core.signing.Signer": 0,
}  # fmt: skip
_KEY_WORDS: Final = frozenset(name.rpartition(".")[2] for name in _KEY_ARGUMENTS)
_PAIRS: Final = ("HTTPBasicAuth", "HTTPDigestAuth", "BasicAuth", "DigestAuth", "login")
_WRAPPERS: Final = frozenset(
    {"SecretStr", "SecretBytes", "Secret", "Field", "encode", "bytes", "str", "b64decode", "Some"}
)
_AUTHORIZATION: Final = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Digest)\s+(?P<token>\S{10,})$", re.IGNORECASE)


class CodeScan:
    """Looks through the scopes of one module after another."""

    def __init__(self, facts: FactReader) -> None:
        """Read names and scopes from these facts."""
        self._facts = facts

    def find(self, module: Module, *, mild: bool) -> Iterator[Detection]:
        """The secrets of a module; with `mild` only those that look drawn by lot."""
        for definition in (None, *module.definitions):
            scope = self._facts.names.scope_of(module, definition)
            for literal, what, confidence in self._scan(module, definition, scope):
                value = _text(literal)
                if value is not None and (not mild or is_random(value)):
                    yield _detect(module, literal, value, what, Confidence.LOW if mild else confidence)

    def _scan(
        self, module: Module, definition: Definition | None, scope: Scope
    ) -> Iterator[tuple[nodes.Const, str, Confidence]]:
        if definition is not None and isinstance(definition.node, nodes.Function):
            for parameter in definition.node.parameters:
                yield from self._judge_entry(parameter.name, parameter.default, scope)
        for node in self._facts.iter_body(module, definition):
            for key, value in _entries(node):
                yield from self._judge_entry(key, value, scope)
            if isinstance(node, nodes.Call):
                yield from self._judge_call(node, scope)
            elif isinstance(node, nodes.Compare):
                yield from _judge_comparison(node)
            elif isinstance(node, nodes.Logic) and node.operator == "or":
                yield from self._judge_fallback(node, scope)

    def _judge_entry(
        self, key: str, value: nodes.Expression | None, scope: Scope
    ) -> Iterator[tuple[nodes.Const, str, Confidence]]:
        kind = secret_kind(key)
        if value is None:
            return
        if kind:
            for literal, sure in self._literals(value, scope):
                yield from _judge(key, kind, literal, sure=sure)
        elif key.lower() == "authorization":
            yield from _judge_header(value)
        elif key == "auth":
            yield from _judge_pair(value)

    def _literals(self, node: nodes.Expression, scope: Scope) -> Iterator[tuple[nodes.Const, bool]]:
        """The literals that may become a value, and whether they can be nothing else."""
        match node:
            case nodes.Const():
                yield node, False
            case nodes.Items(elements=elements):
                for element in elements:
                    yield from self._literals(element, scope)
            case nodes.Choice(then=then, otherwise=otherwise):
                yield from self._literals(then, scope)
                yield from self._literals(otherwise, scope)
            case nodes.Logic(operator="or", values=values):
                yield from ((value, True) for value in values[1:] if isinstance(value, nodes.Const))
            case nodes.Call():
                yield from self._wrapped(node, scope)

    def _wrapped(self, node: nodes.Call, scope: Scope) -> Iterator[tuple[nodes.Const, bool]]:
        if reads_environment(node, scope, self._facts.names):
            fallback = node.arguments[1] if len(node.arguments) > 1 else dict(node.keywords).get("default")
            if isinstance(fallback, nodes.Const):
                yield fallback, True
            return
        word = last_word(node.function)
        if word not in _WRAPPERS:
            return
        inner = node.arguments[0] if node.arguments else dict(node.keywords).get("default")
        if word == "encode" and isinstance(node.function, nodes.Attribute):
            inner = node.function.base
        if inner is not None:
            yield from self._literals(inner, scope)

    def _judge_call(self, node: nodes.Call, scope: Scope) -> Iterator[tuple[nodes.Const, str, Confidence]]:
        variable = node.arguments[0] if node.arguments else None
        if isinstance(variable, nodes.Const) and isinstance(variable.value, str) and secret_kind(variable.value):
            if reads_environment(node, scope, self._facts.names):
                for literal, _ in self._wrapped(node, scope):
                    yield from _judge(variable.value, secret_kind(variable.value), literal, sure=True)
            return
        word = last_word(node.function)
        if word in _KEY_WORDS:
            called = self._facts.names.name_of(node.function, scope)
            position = _KEY_ARGUMENTS.get(called, len(node.arguments))
            for argument in node.arguments[position : position + 1]:
                for literal, _ in self._literals(argument, scope):
                    yield from _judge_key(literal, called)
        elif word in _PAIRS:
            yield from _judge_pair(nodes.Items(*_span(node), "tuple", node.arguments[:2]))

    def _judge_fallback(self, node: nodes.Logic, scope: Scope) -> Iterator[tuple[nodes.Const, str, Confidence]]:
        first = node.values[0]
        if isinstance(first, nodes.Call) and reads_environment(first, scope, self._facts.names) and first.arguments:
            name = first.arguments[0]
            if isinstance(name, nodes.Const) and isinstance(name.value, str):
                for literal, _ in self._literals(node, scope):
                    yield from _judge(name.value, secret_kind(name.value), literal, sure=True)


def _entries(node: nodes.Node) -> Iterator[tuple[str, nodes.Expression]]:
    """The names that a node gives values to."""
    match node:
        case nodes.Assign(value=nodes.Expression() as value, targets=targets):
            for target in targets:
                match target:
                    case nodes.Name(id=name) | nodes.Attribute(name=name):
                        yield name, value
                    case nodes.Subscript(index=nodes.Const(value=str(name))):
                        yield name, value
        case nodes.Call(keywords=keywords):
            yield from ((name, value) for name, value in keywords if name)
        case nodes.Table(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, nodes.Const) and isinstance(key.value, str):
                    yield key.value, value


def _judge(name: str, kind: str, node: nodes.Const, *, sure: bool) -> Iterator[tuple[nodes.Const, str, Confidence]]:
    value = _text(node)
    confidence = judge_value(name, kind, value, sure=sure) if kind and value is not None else None
    if confidence is not None:
        yield node, f"the default of {name}" if sure else f"the value of {name}", confidence


def _judge_key(node: nodes.Const, function: str) -> Iterator[tuple[nodes.Const, str, Confidence]]:
    value = _text(node)
    if value and len(value) >= 3 and not is_placeholder(value) and "-----BEGIN PUBLIC" not in value:
        yield node, f"the key of {function}", Confidence.HIGH if len(value) >= 8 else Confidence.MEDIUM


def _judge_header(node: nodes.Expression) -> Iterator[tuple[nodes.Const, str, Confidence]]:
    value = _text(node) if isinstance(node, nodes.Const) else None
    match = _AUTHORIZATION.match(value) if value else None
    token = match["token"] if match else ""
    drawn = any(map(str.isdigit, token)) or token.endswith("=")
    if isinstance(node, nodes.Const) and drawn and not is_placeholder(token) and "{" not in token:
        yield node, "the credential of an Authorization header", Confidence.HIGH


def _judge_pair(node: nodes.Expression) -> Iterator[tuple[nodes.Const, str, Confidence]]:
    """`auth=("name", "password")`."""
    match node:
        case nodes.Items(elements=(nodes.Const(value=str()), nodes.Const(value=str(password)) as second)):
            if len(password) >= 3 and not is_placeholder(password) and password.lower() not in {"password", "pass"}:
                strong = any(not character.isalpha() for character in password)
                yield second, "the password of a login", Confidence.HIGH if strong else Confidence.MEDIUM


def _judge_comparison(node: nodes.Compare) -> Iterator[tuple[nodes.Const, str, Confidence]]:
    """`password == "hunter2"`: whoever reads the code can log in."""
    if node.operators != ("==",):
        return
    for side, other in ((node.left, node.others[0]), (node.others[0], node.left)):
        if isinstance(side, nodes.Const) and isinstance(side.value, str) and not isinstance(other, nodes.Call):
            name = last_word(other)
            kind = secret_kind(name)
            value = side.value
            if kind and any(map(str.isdigit, value)) and judge_value(name, kind, value, sure=False):
                yield side, f"what {name} is compared with", Confidence.MEDIUM


def _text(node: nodes.Const) -> str | None:
    value = node.value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def _span(node: nodes.Node) -> tuple[int, int, int, int]:
    return node.line, node.column, node.end_line, node.end_column


def _detect(module: Module, node: nodes.Const, value: str, what: str, confidence: Confidence) -> Detection:
    place = module.place(node)
    return Detection(
        line=place.line,
        column=place.column - 1,
        end_line=place.end_line,
        end_column=place.end_column - 1,
        what=what,
        confidence=confidence,
        value=value,
    )
