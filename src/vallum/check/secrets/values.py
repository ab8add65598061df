"""Whether a literal can be a secret, or is a placeholder, a name, a label or an address."""

import math
import re
from collections import Counter
from typing import Final

from vallum.check.secrets.names import split_words
from vallum.findings.finding import Confidence

_PLACEHOLDER: Final = re.compile(
    r"change[-_ ]?(?:me|this|it)|example|place[-_ ]?holder|replace|insert|your[-_ ]|\byour|dummy|fake|sample|redacted|"
    r"x{3,}|\*{2,}|\.{3}|todo|fixme|not[-_ ]?(?:a|set|real|used)|unused|insecure[-_ ]dev|generate|undefined|<[^>]*>",
    re.IGNORECASE,
)
_NOTHING: Final = frozenset({
    "", "none", "null", "nil", "true", "false", "test", "testing", "tests", "dev", "development", "string", "str",
    "default", "unknown", "empty", "optional", "required", "hidden", "env", "value", "foo", "bar", "baz", "spam", "abc",
    "text", "invalid", "wrong", "missing", "disabled", "enabled", "auto",
})  # fmt: skip
_MARKED: Final = re.compile(r"[{}<>\s]|\$[\w{(]|%[(s]|^[%@!&*|>~]|^\[|^/|^\.{1,2}/|://|^\\|\(\)|^--")
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(.*)?")
_CONSTANT: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_HASHED: Final = re.compile(r"\$(?:2[aby]|argon2|scrypt|pbkdf2|[156])|pbkdf2_sha|scrypt:|bcrypt|argon2")
_VOCABULARY: Final = frozenset({
    "password", "passwd", "pass", "pwd", "passphrase", "token", "secret", "key", "api", "auth", "access", "user",
    "username", "field", "header", "type", "x", "bearer", "basic", "csrf", "refresh", "client", "credential",
    "credentials", "authorization", "id", "name", "session", "private", "public", "reset", "new", "old", "current",
    "confirm", "login", "the", "my", "middleware", "input", "form", "cookie", "db", "database", "oauth", "jwt", "code",
    "grant", "sha", "hmac", "aes", "rsa", "app", "apikey", "and", "of", "is", "to", "in", "for", "email", "keys",
    "tokens", "secrets", "passwords", "request", "response", "authenticate", "authenticity", "verification", "signing",
})  # fmt: skip
_NOUNS: Final = frozenset({"password", "passwd", "secret", "token", "key", "credentials", "keys", "secrets", "tokens"})


def is_placeholder(value: str) -> bool:
    """Whether a text says that the secret is to be put in its place, or that there is none."""
    return value.strip().lower() in _NOTHING or _PLACEHOLDER.search(value) is not None or len(set(value)) < 3


def is_random(value: str) -> bool:
    """Whether a text looks drawn by lot: long, letters and digits mixed, no run of words."""
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    if len(value) < 16 or digits < 2 or letters < 4 or is_placeholder(value):
        return False
    longest = max((len(run) for run in re.findall(r"[a-z]+|[A-Z]+", value)), default=0)
    worded = all(part.isalpha() or part.isdigit() for part in re.split(r"[-_]", value) if part) and "-" in value
    return longest < 7 and not worded and _entropy(value) > 3.0


def judge_value(name: str, kind: str, value: str, *, sure: bool) -> Confidence | None:
    """How likely a literal under this name is a secret; `sure` where it can be nothing but a value, as in `.env`."""
    text = value.strip()
    if is_placeholder(text) or len(text) < 3 or _MARKED.search(text) or _HASHED.match(text) or _is_name(text):
        return None
    words = split_words(text)
    if "".join(words) == "".join(split_words(name)):
        return None
    strong = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    if kind == "token":
        return _judge_token(text, strong, sure)
    if sure:
        return Confidence.HIGH if strong or len(text) >= 8 else Confidence.MEDIUM
    if set(words) <= _VOCABULARY | set(split_words(name)) and len(words) > 0 and not re.search(r"\d{3}|[!@#^&]", text):
        return None
    if strong:
        return _judge_strong(kind, text)
    return _judge_words(kind, text, words)


def _judge_token(text: str, strong: bool, sure: bool) -> Confidence | None:
    if len(text) >= 16 and strong:
        return Confidence.HIGH if is_random(text) or sure else Confidence.MEDIUM
    return Confidence.MEDIUM if sure and len(text) >= 8 else None


def _judge_strong(kind: str, text: str) -> Confidence | None:
    if len(text) >= 8:
        return Confidence.HIGH
    return Confidence.MEDIUM if kind == "password" and len(text) >= 6 else None


def _judge_words(kind: str, text: str, words: tuple[str, ...]) -> Confidence | None:
    """Words without a digit: what ends in `-secret` is the name of one."""
    if not words:
        return Confidence.MEDIUM if kind == "password" and len(text) >= 4 and text.isdigit() else None
    joined = len(words) > 1 and re.search(r"[-!@#^&+=;,]", text) is not None
    return Confidence.MEDIUM if joined and len(text) >= 10 and words[-1] not in _NOUNS else None


def _is_name(text: str) -> bool:
    return _DOTTED.fullmatch(text) is not None or _CONSTANT.fullmatch(text) is not None


def _entropy(text: str) -> float:
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
