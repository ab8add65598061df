"""Names that say that their value is a secret."""

import re
from functools import cache
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PASSWORDS: Final = frozenset({"password", "passwd", "pwd", "passphrase", "passcode"})
_SECRETS: Final = frozenset({"secret", "pepper", "secretkey"})
_TOKENS: Final = frozenset({"token", "apikey", "authtoken", "accesstoken", "credential"})
_KEYS: Final = frozenset({
    "api", "secret", "private", "signing", "sign", "encryption", "encrypt", "auth", "access", "master", "session",
    "jwt",
    "hmac", "fernet", "crypto", "cipher", "aes", "license", "service", "app", "application", "account", "storage",
    "shared", "webhook", "sync", "admin", "client", "server", "deploy", "subscription", "authentication",
})  # fmt: skip
_ENDS: Final = frozenset(
    {"prod", "production", "live", "staging", "default", "value", "fallback", "old", "new", "base"}
)


def split_words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: `DB_PASSWORD` and `dbPassword` are `db`, `password`."""
    return tuple(word.lower() for word in _WORD.findall(name))


@cache
def secret_kind(name: str) -> str:
    """`password`, `secret`, `key` or `token`; empty for a name that does not speak of a secret."""
    words = list(split_words(name))
    while len(words) > 1 and _single(words[-1]) in _ENDS:
        words.pop()
    if not words:
        return ""
    last, before = _single(words[-1]), words[-2] if len(words) > 1 else ""
    kind = ""
    if last in _PASSWORDS or (last in {"pass", "pw"} and before):
        kind = "password"
    elif last in _SECRETS:
        kind = "secret"
    elif last in _TOKENS:
        kind = "token"
    elif last == "key" and before in _KEYS:
        kind = "key"
    return kind


def _single(word: str) -> str:
    return word[:-1] if word.endswith("s") and word not in {"pass", "access"} else word
